import Judging
import Testing

@testable import Scenarios

@Suite struct NoPlainTextTests {
    private func finding(
        _ parameters: [String: Value] = [:], count: Int = 1, _ tell: (inout Script) -> Void
    ) -> Finding {
        var script = Script.recorded("no-plain-text", parameters, count: count)
        script.connection(40001, from: 10, to: 100)
        script.connection(40002, from: 20, to: 100)
        tell(&script)
        return script.finding
    }

    @Test func `encrypted connections`() {
        let found = finding {
            $0.handshake(10.2, 40001)
            $0.handshake(20.2, 40002)
        }
        #expect(found.verdict == .pass)
    }

    @Test func `one in plain text among them`() {
        let found = finding {
            $0.handshake(10.2, 40001)
            $0.tls(20.2, 40002, .plain(protocol: "mqtt"))
        }
        #expect(found.verdict == .fail)
        #expect(found.measured == 1)
        #expect(found.summary.contains("looks like mqtt"))
    }

    @Test func `one that goes over to TLS`() {
        let found = finding {
            $0.tls(10.2, 40001, .plain(protocol: "postgresql"))
            $0.handshake(10.3, 40001)
        }
        #expect(found.verdict == .pass)
    }

    @Test func `places that are excepted`() {
        for place in ["broker", "cloud:1883", "10.77.2.1", ":1883"] {
            let found = finding(["except": .texts([place])]) {
                $0.tls(10.2, 40001, .plain(protocol: nil))
            }
            #expect(found.verdict == .void, "\(place)")
        }
        #expect(
            finding(["except": .texts(["cloud:80"])]) { $0.tls(10.2, 40001, .plain(protocol: nil)) }.verdict == .fail)
    }

    @Test func `no payload, or connections of nobody known`() {
        #expect(finding { _ in }.verdict == .void)
        // Two instances, and no owner is told.
        #expect(finding(count: 2) { $0.tls(10.2, 40001, .plain(protocol: nil)) }.verdict == .void)
    }
}
