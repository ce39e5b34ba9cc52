import Judging
import Testing

@testable import Scenarios

@Suite struct CertificateCheckedTests {
    private func script(becomes: String = "expired", hits: Int64 = 1) -> Script {
        let fault = FaultPlan(
            index: 0, kind: "certificate", at: .seconds(100), until: .seconds(200), target: .actor("broker"),
            parameters: ["becomes": .text(becomes)], position: "sample.yaml:1:1")
        var script = Script.recorded("certificate-checked", faults: [fault])
        script.strike(0, "certificate", from: 100, to: 200, hits: hits)
        return script
    }

    @Test func `a client that gives up`() {
        var script = script()
        script.connection(40001, from: 110, to: 111)
        script.handshake(110.2, 40001, data: false)
        #expect(script.finding.verdict == .pass)
    }

    @Test func `a client that goes on`() {
        var script = script()
        script.connection(40001, from: 110, to: 150)
        script.handshake(110.2, 40001)
        let found = script.finding
        #expect(found.verdict == .fail)
        #expect(found.measured == 1)
        #expect(found.evidence.contains { $0.text.contains("went on") })
    }

    @Test func `the handshake that made the first hit is told before it`() {
        // The hit is told at 100.5.
        var script = script()
        script.connection(40001, from: 100.1, to: 150)
        script.handshake(100.39, 40001)
        #expect(script.finding.verdict == .fail)
        // One before that met the good certificate.
        var before = self.script()
        for (number, second) in [(40001, 100.1), (40002, 100.3)] {
            before.connection(number, from: second, to: second + 10)
            before.handshake(second + 0.05, number, data: number == 40001)
        }
        #expect(before.finding.verdict == .pass)
    }

    @Test func `a driver that says connected`() {
        var script = script()
        script.connection(40001, from: 110, to: 150)
        script.tls(110.2, 40001, .clientHello(version: "1.3", name: nil))
        script.tls(110.3, 40001, .serverHello(version: "1.3", cipher: "TLS_AES_256_GCM_SHA384"))
        script.at(111, Script.says(.connected))
        #expect(script.finding.verdict == .fail)
    }

    @Test func `before, after, and with a good certificate it may speak`() {
        var script = script()
        for second in [50.0, 210.0] {
            script.connection(40000 + Int(second), from: second, to: second + 10)
            script.handshake(second + 0.2, 40000 + Int(second))
        }
        #expect(script.finding.verdict == .void)
        var renewed = self.script(becomes: "renewed")
        renewed.connection(40001, from: 110, to: 150)
        renewed.handshake(110.2, 40001)
        #expect(renewed.finding.verdict == .void)
    }

    @Test func `what may have been resumed is not held against it`() {
        var script = script(hits: 1)
        for number in [40001, 40002] {
            script.connection(number, from: 110, to: 150)
            script.handshake(110.2, number)
        }
        #expect(script.finding.verdict == .void)
    }
}
