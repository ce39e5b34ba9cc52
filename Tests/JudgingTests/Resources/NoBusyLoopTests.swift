import Judging
import Testing

@testable import Scenarios

@Suite struct NoBusyLoopTests {
    private func finding(_ tell: (inout Script) -> Void) -> Finding {
        var script = Script.recorded(
            "no-busy-loop", ["attempts": .count(20), "wakeups": .count(200), "events": .count(50)])
        tell(&script)
        return script.finding
    }

    private func calm(_ script: inout Script) {
        script.sample(0.001, wakeups: 10)
        script.sample(60.001, wakeups: 70)
    }

    @Test func `a client that sleeps`() {
        let found = finding { calm(&$0) }
        #expect(found.verdict == .pass)
        #expect(found.measured == 1)
    }

    @Test(arguments: [(Int64(12_000), Verdict.pass), (12_060, .fail)])
    func `wake-ups`(count: Int64, verdict: Verdict) {
        let found = finding {
            calm(&$0)
            $0.sample(120.001, wakeups: 70 + count)
        }
        #expect(found.verdict == verdict)
    }

    @Test(arguments: [(20, Verdict.pass), (21, .fail)])
    func `attempts within a second`(count: Int, verdict: Verdict) {
        let found = finding {
            calm(&$0)
            for number in 0..<count {
                $0.at(300 + Double(number) * 0.04, Script.wire(.attempt, Script.port(40001 + number), Script.broker))
            }
        }
        #expect(found.verdict == verdict)
        #expect(found.unit == "/s")
    }

    @Test func `events within a second`() {
        let found = finding {
            calm(&$0)
            for number in 0..<51 { $0.at(300 + Double(number) * 0.01, Script.says(.note)) }
        }
        #expect(found.verdict == .fail)
        #expect(found.measured == 51)
    }

    @Test func `a process that was started again counts from zero`() {
        let found = finding {
            $0.sample(0.001, wakeups: 100_000)
            $0.sample(60, wakeups: 5)
        }
        #expect(found.verdict == .pass)
    }

    @Test func `no samples, no judgement`() {
        #expect(finding { _ in }.verdict == .void)
        #expect(finding { $0.sample(10, wakeups: 1) }.verdict == .void)
    }
}
