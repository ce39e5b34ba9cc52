import Judging
import Recordings
import Testing

@testable import Scenarios

/// The run stops at 1810.
@Suite struct GracefulCloseTests {
    private func finding(_ tell: (inout Script) -> Void) -> Finding {
        var script = Script.recorded("graceful-close", ["within": .duration(.seconds(5))])
        tell(&script)
        return script.finding
    }

    @Test(arguments: [(1815.0, Verdict.pass), (1815.1, .fail)])
    func `a FIN in time as the run stops`(end: Double, verdict: Verdict) {
        #expect(finding { $0.connection(40001, from: 10, to: end) }.verdict == verdict)
    }

    @Test func `a reset`() {
        let found = finding { $0.connection(40001, from: 10, to: 1810.5, reset: true) }
        #expect(found.verdict == .fail)
        #expect(found.summary.contains("RST"))
    }

    @Test func `a reset after its own FIN is none`() {
        let found = finding {
            $0.connection(40001, from: 10, to: 1810.5)
            $0.at(1810.6, Script.wire(.reset, Script.port(40001), Script.broker))
        }
        #expect(found.verdict == .pass)
    }

    @Test func `told to close, and not doing it`() {
        let found = finding {
            $0.connection(40001, from: 10, to: 1810.5)
            $0.at(500, .actor(ActorChange(Script.client, .told(command: "close"))))
        }
        #expect(found.verdict == .fail)
        #expect(found.measured == 1310.5)
    }

    @Test func `a command that was not delivered is none`() {
        let found = finding {
            $0.connection(40001, from: 10, to: 1810.5)
            $0.at(500, .actor(ActorChange(Script.client, .told(command: "close", refused: "it is not running"))))
        }
        #expect(found.verdict == .pass)
    }

    @Test func `killed because it did not end`() {
        let found = finding { script in
            script.drop { _, body in body == .actor(ActorChange(Script.client, .stopped(killed: false))) }
            script.connection(40001, from: 10, to: 1812)
            script.at(1815, .actor(ActorChange(Script.client, .stopped(killed: true))))
        }
        #expect(found.verdict == .fail)
    }

    @Test func `messages that it had taken on`() {
        func message(_ kind: DriverReport.Kind, _ number: Int64) -> Event.Body {
            .driver(DriverReport(Script.client, kind, stream: "orders", sequence: number))
        }
        let found = finding {
            $0.connection(40001, from: 10, to: 1810.5)
            $0.at(20, message(.sent, 1), message(.sent, 2))
            $0.at(21, message(.acked, 1))
        }
        #expect(found.verdict == .fail)
        #expect(found.summary.contains("orders 2"))
    }

    @Test func `nothing was open`() {
        #expect(finding { $0.connection(40001, from: 10, to: 1500) }.verdict == .void)
        #expect(finding { _ in }.verdict == .void)
    }
}
