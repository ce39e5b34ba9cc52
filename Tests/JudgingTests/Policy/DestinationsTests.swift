import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct DestinationsTests {
    private func finding(_ only: [String], _ tell: (inout Script) -> Void) -> Finding {
        var script = Script.recorded("destinations", ["only": .texts(only)])
        tell(&script)
        return script.finding
    }

    @Test func `where it should go`() {
        let found = finding(["broker"]) { $0.connection(40001, from: 10, to: 20) }
        #expect(found.verdict == .pass)
    }

    @Test func `elsewhere, even when nobody answers`() {
        let stray = Endpoint(address: "192.0.2.7", port: 443)
        let found = finding(["broker"]) {
            $0.connection(40001, from: 10, to: 20)
            $0.at(30, Script.wire(.attempt, Script.port(40002), stray))
        }
        #expect(found.verdict == .fail)
        #expect(found.measured == 1)
        #expect(found.evidence.map(\.text).joined().contains("192.0.2.7:443, not answered"))
        let allowed = finding(["broker", "192.0.2.7:443"]) {
            $0.at(30, Script.wire(.attempt, Script.port(40002), stray))
        }
        #expect(allowed.verdict == .pass)
    }

    @Test func `an actor that is ready by a port is at that port only`() {
        var script = Script.recorded("destinations", ["only": .texts(["broker"])])
        script.scenario.actors[0].ready = .port(1884)
        script.connection(40001, from: 10, to: 20)
        #expect(script.finding.verdict == .fail)
        script.scenario.actors[0].ready = .port(1883)
        #expect(script.finding.verdict == .pass)
    }

    @Test func `no connection is void`() { #expect(finding(["broker"]) { _ in }.verdict == .void) }
}
