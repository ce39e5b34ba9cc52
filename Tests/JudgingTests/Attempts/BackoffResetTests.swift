import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

/// A server that lets clients in and drops them again.
@Suite struct BackoffResetExpectation {
    /// Forty clients that lose ten connections each; every one stood for `stood` seconds.
    private func script(
        _ jitter: String, stood: Double, growing: Bool, losses: Int = 10, clients: Int = 60
    ) -> Script {
        let plan = ExpectationPlan.backoff(jitter, ["reset-after": .duration(.seconds(30))])
        var script = Script.healthy(expect: [plan], end: 100_000, count: clients)
        for index in 0..<clients {
            let client = Instance("subscriber", index)
            var random = SeededRandom(state: UInt64(index) &* 77)
            var now = 100.0
            script.at(-7.9, Script.says(.attempt, client))
            script.at(-7.8, Script.says(.connected, client))
            for step in 1...losses {
                script.at(now, Script.says(.error, client, text: "lost"))
                let ceiling = BackoffScript.ceiling(growing ? step : 1)
                now += jitter == "none" ? ceiling : Double.random(in: 0...ceiling, using: &random)
                script.at(now, Script.says(.attempt, client))
                script.at(now + 0.1, Script.says(.connected, client))
                now += 0.1 + stood
            }
        }
        return script
    }

    @Test func `a backoff that goes on passes`() {
        for jitter in ["none", "full"] {
            let finding = script(jitter, stood: 5, growing: true).finding
            #expect(finding.verdict == .pass, "\(finding.summary)")
        }
    }

    @Test func `a reset before the connection proved healthy`() {
        for jitter in ["none", "full"] {
            let finding = script(jitter, stood: 5, growing: false).finding
            #expect(finding.verdict == .fail)
            #expect(finding.summary.contains("resets before the connection proved healthy"), "\(finding.summary)")
        }
    }

    @Test func `connections that proved healthy cannot show it`() {
        let stable = script("none", stood: 40, growing: false).finding
        #expect(stable.verdict == .void)
        #expect(stable.summary.contains("no growth can show"), "\(stable.summary)")
    }

    @Test func `no reset at all`() {
        let finding = script("none", stood: 40, growing: true).finding
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("Its count of failures survives success"), "\(finding.summary)")
    }

    @Test func `void when no connection was lost early`() {
        var outage = BackoffScript(clients: 2, outages: 1, failures: 9)
        outage.seed = 5
        let reset: [String: Value] = ["reset-after": .duration(.seconds(30))]
        let finding = outage.play(.backoff("none", reset), BackoffScript.uniform(1)).finding
        #expect(finding.verdict == .void)
        #expect(finding.summary.contains("0 connections were lost before"), "\(finding.summary)")
        #expect(outage.play(.backoff("none"), BackoffScript.uniform(1)).finding.verdict == .pass)
    }
}

/// Where failures and waits are taken from.
@Suite struct AttemptSources {
    private func noJitter(_ tell: (inout Script, Double, Int) -> Void) -> Finding {
        var script = Script.healthy(expect: [.backoff("none")], end: 10_000)
        script.at(-7.9, Script.says(.attempt))
        script.at(-7.8, Script.says(.connected))
        script.at(100, Script.says(.error, text: "lost"))
        var now = 100.0
        for step in 1...14 {
            now += BackoffScript.ceiling(step)
            tell(&script, now, step)
            now += 4
        }
        return script.finding
    }

    @Test func `a state that names its delay is a failure`() {
        let finding = noJitter { script, now, step in
            script.at(now, Script.says(.attempt))
            let delay = JSON.Member("delay_ns", .integer(1_000_000_000))
            script.at(
                now + 4, .driver(DriverReport(Script.client, .state, text: "resting", extra: [delay])))
        }
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.evidence[1].text.contains("its driver had said 1 s"), "\(finding.evidence[1].text)")
    }

    @Test func `a word that means progress is none`() {
        let finding = noJitter { script, now, _ in
            script.at(now, Script.says(.attempt))
            script.at(now + 1, Script.state("authenticating"))
            script.at(now + 4, Script.says(.error, text: "closed"))
        }
        #expect(finding.verdict == .pass, "\(finding.summary)")
    }

    /// The driver says attempts only; that they failed, and when, is seen on the wire.
    @Test func `the wire tells what the driver does not`() {
        let finding = noJitter { script, now, step in
            script.at(now, Script.says(.attempt))
            script.refusedSYN(now, port: 40_000 + step, takes: 4 - 0.001)
        }
        #expect(finding.verdict == .pass, "\(finding.summary)")
    }

    @Test func `a failure that nobody saw does not count`() {
        let finding = noJitter { script, now, _ in script.at(now, Script.says(.attempt)) }
        #expect(finding.verdict == .void)
        #expect(finding.summary.contains("(13 do not count: nobody can know"), "\(finding.summary)")
    }

    @Test func `waits that a server asked for do not count`() {
        let finding = noJitter { script, now, step in
            script.at(now, Script.says(.attempt))
            script.at(now + 4, step == 5 ? Script.refused(retryAfter: 3) : Script.says(.error, text: "no"))
        }
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.summary.contains("13 waits"), "\(finding.summary)")
    }
}
