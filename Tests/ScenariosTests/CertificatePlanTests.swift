import Testing

@testable import Scenarios

/// Actors with certificates, and faults that need one.
@Suite struct CertificatePlanTests {
    private static let plain = "broker:     { role: server,    on: cloud, run: [mosquitto, -p, \"1883\"]"

    private func text(certificate: String, words: String = "\"{broker}\"", fault: String = "") -> String {
        Fixture.changed(Self.plain, Self.plain + ", certificate: \(certificate)")
            .components(separatedBy: "[python3, ticker.py, \"{broker}\"]")
            .joined(separator: "[python3, ticker.py, \(words)]")
            .components(separatedBy: "  - { end: 40m }").joined(separator: "\(fault)  - { end: 40m }")
    }

    @Test func `nobody has one who does not ask`() throws {
        #expect(try Fixture.scenario().actors.allSatisfy { $0.certificate == nil })
    }

    @Test func `it may be good for more names, and for less time`() throws {
        let usual = try Fixture.scenario(text(certificate: "{}")).actors[0].certificate
        #expect(usual == CertificatePlan(names: [], validFor: .seconds(400 * 86_400)))
        let short = try Fixture.scenario(text(certificate: "{ names: [mqtt.example.net], valid-for: 30d }"))
        #expect(
            short.actors[0].certificate == CertificatePlan(names: ["mqtt.example.net"], validFor: .seconds(30 * 86_400))
        )
        #expect(Plan(short, seed: 1).description.contains("start broker (server) on cloud, with a certificate, ready "))
    }

    @Test func `its files have names`() throws {
        let words = "\"{broker.certificate}\", \"{broker.key}\", \"--ca={ca}\""
        let scenario = try Fixture.scenario(text(certificate: "{}", words: words))
        let command = scenario.actors[1].substituted(index: 0, seed: 1, folder: "", work: "", in: scenario)
        #expect(
            command.arguments.suffix(3) == [
                "/run/certificates/broker/certificate.pem", "/run/certificates/broker/key.pem",
                "--ca=/run/certificates/ca.pem",
            ])
    }

    @Test func `a fault that needs one is refused without`() throws {
        let fault = "  - { at: 1m, until: 2m, fault: bad-certificate, of: broker }\n"
        #expect(try Fixture.scenario(text(certificate: "{}", fault: fault)).faults.last?.target == .actor("broker"))
        let other = "  - { at: 1m, until: 2m, fault: bad-certificate, of: ticker }\n"
        let problems = Fixture.problems(text(certificate: "{}", fault: other))
        #expect(problems.count == 1)
        let reason = "\"ticker\" has no certificate that bad-certificate could change; give it one: certificate: {}"
        #expect(problems.first?.hasSuffix(reason) == true, "\(problems)")
    }
}
