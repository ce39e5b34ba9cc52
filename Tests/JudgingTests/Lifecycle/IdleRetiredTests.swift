import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct IdleRetiredTests {
    private func finding(end: Double? = nil, _ tell: (inout Script) -> Void) -> Finding {
        var script = Script.recorded("idle-retired", ["within": .duration(.seconds(90))])
        script.connection(40001, from: 10, to: end)
        tell(&script)
        return script.finding
    }

    @Test(arguments: [(190.0, Verdict.pass), (190.1, .fail)])
    func `it is closed in time`(end: Double, verdict: Verdict) {
        let found = finding(end: end) {
            $0.data(20, 40001)
            $0.data(100, 40001, quiet: 80)
        }
        #expect(found.verdict == verdict)
    }

    @Test func `heartbeats keep it`() {
        let found = finding {
            for second in stride(from: 20.0, through: 1800, by: 30) { $0.data(second, 40001, quiet: 30) }
        }
        #expect(found.verdict == .void)
    }

    @Test func `a stream is no pause`() {
        // One burst from 20 to 1000: the FIN tells when the last payload was.
        let found = finding { script in
            script.data(20, 40001)
            script.at(
                1010,
                .wire(
                    WireChange(
                        link: "phone-home", .fin, from: Script.port(40001), to: Script.broker, quiet: 10_000_000_000)))
        }
        #expect(found.verdict == .pass)
        #expect(found.measured == 10)
    }

    @Test func `kept to the end`() {
        let found = finding { $0.data(20, 40001) }
        #expect(found.verdict == .fail)
        #expect(found.measured == 1780)
    }

    @Test func `nothing to judge`() {
        #expect(finding { $0.records = [] }.verdict == .void)
        var script = Script.recorded("idle-retired", ["within": .duration(.seconds(90))])
        #expect(script.finding.verdict == .void)
        script.connection(40001, from: 10, to: 10.5)
        #expect(script.finding.verdict == .void)
    }
}
