import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct HeartbeatExpectation {
    private typealias Rig = DetectionExpectation

    /// The phone says something every five seconds up to `until`.
    private func script(
        _ more: [String: Value] = [:], of actor: String = "subscriber", every: Double = 5, until: Double = 1800,
        faults: [FaultPlan] = []
    ) -> Script {
        var script = Script.healthy(faults: faults, expect: [Rig.expect("heartbeat", of: actor, more)])
        script.records = [.payload]
        script.at(-7, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        var time = 0.0
        while time < until {
            script.at(time, Rig.data(Script.phone, Script.broker, quiet: every))
            time += every
        }
        return script
    }

    @Test func `the longest pause, and the bound itself`() {
        let finding = script(every: 10).finding
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.measured == 10)
        let failed = script(every: 10.5).finding
        #expect(failed.verdict == .fail)
        #expect(failed.measured == 10.5)
        #expect(failed.summary.contains("sent nothing to 10.77.2.1:1883 for 10.5 s"), "\(failed.summary)")
    }

    @Test func `silence to the end counts too`() {
        let finding = script(until: 1000).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 805)
    }

    @Test func `a side that only hears has no heartbeat`() {
        var script = script(until: 0)
        for second in 0..<1800 { script.at(Double(second), Rig.data(Script.broker, Script.phone, quiet: 1)) }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 1800)
    }

    @Test func `needlessly often`() {
        let finding = script(["at-least": .duration(.seconds(5))]).finding
        #expect(finding.verdict == .pass)
        let failed = script(["at-least": .duration(.seconds(6))]).finding
        #expect(failed.verdict == .fail)
        #expect(failed.measured == 5)
        #expect(failed.bound == 6)
    }

    @Test func `pauses of a fault do not count`() {
        var script = script(faults: [.blackhole(600, 900)])
        script.strike(0, "blackhole", from: 600, to: 900)
        script.drop { at, body in if case .wire = body { at > 600 && at < 905 } else { false } }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.drop { at, body in if case .wire = body { at > 1000 && at <= 1020 } else { false } }
        script.at(1020, Rig.data(Script.phone, Script.broker, quiet: 20))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 20)
    }

    @Test func `what was sent again is no beat`() {
        var script = script(until: 1000)
        for second in 200..<360 {
            script.at(Double(second) * 5, Rig.data(Script.phone, Script.broker, quiet: 5, repeated: true))
        }
        #expect(script.finding.verdict == .fail)
    }

    @Test func `nobody looked, or nothing stood, is void`() {
        var script = script()
        script.records = []
        #expect(script.finding.verdict == .void)
        script.records = [.payload]
        script.drop { _, body in if case .wire = body { true } else { false } }
        #expect(script.finding.verdict == .void)
        var short = Script.healthy(expect: [Rig.expect("heartbeat")])
        short.records = [.payload]
        short.at(5, Script.wire(.established, Script.phone, Script.broker))
        short.at(15, Script.wire(.fin, Script.phone, Script.broker))
        #expect(short.finding.verdict == .void)
        #expect(short.finding.summary.contains("no connection that stood for longer"), "\(short.finding.summary)")
    }

    @Test func `beats without an answer are counted`() {
        func finding(missed: Int64, givesUp: Double?) -> Finding {
            var script = script(
                ["missed": .count(missed), "after": .text("blackhole")], faults: [.blackhole(602, 900)])
            script.strike(0, "blackhole", from: 602, to: 900)
            script.drop { at, body in if case .wire = body { at > (givesUp ?? 900) } else { false } }
            if let givesUp {
                script.at(givesUp, Script.wire(.fin, Script.phone, Script.broker), Script.state("reconnecting"))
            }
            return script.finding
        }
        // At 605, 610 and 615.
        let passed = finding(missed: 3, givesUp: 617)
        #expect(passed.verdict == .pass, "\(passed.summary)")
        let failed = finding(missed: 2, givesUp: 617)
        #expect(failed.verdict == .fail)
        #expect(failed.measured == 3)
        #expect(failed.summary.contains("sent 3 beats into the silence"), "\(failed.summary)")
        let never = finding(missed: 3, givesUp: nil)
        #expect(never.verdict == .fail)
        #expect(never.summary.contains("and did not give up"), "\(never.summary)")
    }

    @Test func `a server's heartbeat is seen at its own host`() {
        var script = Script.healthy(expect: [Rig.expect("heartbeat", of: "broker")])
        script.records = [.payload]
        let outside = Endpoint(address: "10.77.2.5", port: 61_000)
        script.at(-7, Script.wire(.attempt, outside, Script.broker, link: "home-cloud"))
        script.at(-6.9, Script.wire(.established, outside, Script.broker, link: "home-cloud"))
        for second in stride(from: 0, to: 1800, by: 5) {
            script.at(Double(second), Rig.data(Script.broker, outside, quiet: 5, link: "home-cloud"))
        }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.drop { at, body in if case .wire = body { at > 300 && at <= 320 } else { false } }
        script.at(320, Rig.data(Script.broker, outside, quiet: 20, link: "home-cloud"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasPrefix("broker sent nothing to 10.77.2.5:61000 for 20 s"))
    }
}
