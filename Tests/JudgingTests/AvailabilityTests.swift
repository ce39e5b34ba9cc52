import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct AvailabilityExpectation {
    private func expect(_ parameters: [String: Value]) -> ExpectationPlan {
        ExpectationPlan(
            index: 0, kind: "availability", subject: .actor("subscriber"), parameters: parameters,
            position: "sample.yaml:1:1", text: "availability: subscriber")
    }

    /// Down from 600 to 630 and from 900 to 960, of 1800.
    private func script(_ parameters: [String: Value], count: Int = 1) -> Script {
        var script = Script.healthy(expect: [expect(parameters)], count: count)
        script.at(600, Script.state("reconnecting"))
        script.at(610, Script.says(.attempt))
        script.at(630, Script.says(.connected))
        script.at(900, Script.says(.attempt))
        script.at(960, Script.state("connected"))
        return script
    }

    @Test func `the share of the time, and each bound itself passes`() {
        let passed = script(["at-least": .fraction(0.95)]).finding
        #expect(passed.verdict == .pass)
        #expect(passed.measured == 95)
        #expect(passed.unit == "%")
        #expect(
            passed.summary
                == "subscriber was connected for 95% of the time; it was down 2 times, for 90 s in all and 60 s at the "
                + "longest.")
        #expect(script(["at-least": .fraction(0.951)]).finding.verdict == .fail)
        #expect(script(["down-at-most": .duration(.seconds(90))]).finding.verdict == .pass)
        #expect(script(["longest": .duration(.seconds(60))]).finding.verdict == .pass)
    }

    @Test func `each bound fails by itself`() {
        let down = script(["down-at-most": .duration(.seconds(89))]).finding
        #expect(down.verdict == .fail)
        #expect(down.measured == 90)
        let longest = script(["longest": .duration(.seconds(59)), "at-least": .fraction(0.5)]).finding
        #expect(longest.verdict == .fail)
        #expect(longest.measured == 60)
        #expect(longest.bound == 59)
        #expect(longest.evidence.map(\.at) == [600, 900])
        #expect(longest.evidence[0].text.hasPrefix("down for 30 s: its driver said state (reconnecting)"))
        // Without any bound, 99 %.
        #expect(script([:]).finding.verdict == .fail)
    }

    @Test func `what is before play and after the timeline does not count`() {
        var script = Script.healthy(expect: [expect(["at-least": .fraction(1)])])
        script.at(-6, Script.state("reconnecting"))
        script.at(-5, Script.says(.connected))
        script.at(1800, Script.state("reconnecting"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.summary == "subscriber was connected all the time.")
    }

    @Test func `one that does not come back is down to the end`() {
        var script = Script.healthy(expect: [expect(["longest": .duration(.seconds(60))])])
        script.at(1700, Script.state("reconnecting"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 100)
    }

    @Test func `a connection that was ended is no connection, whatever the driver says`() {
        var script = Script.healthy(expect: [expect(["down-at-most": .duration(.seconds(60))])])
        script.at(-7, Script.wire(.established, Script.phone, Script.broker))
        #expect(script.finding.verdict == .pass)
        script.at(1000, Script.wire(.fin, Script.broker, Script.phone))
        script.at(1061, Script.wire(.established, Script.phoneAgain, Script.broker))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 61)
        #expect(script.finding.evidence[0].text.contains("its connection was ended on the wire"))
    }

    @Test func `without a driver the wire tells`() {
        var script = Script.healthy(expect: [expect(["down-at-most": .duration(.seconds(10))])])
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
        script.at(-7, Script.wire(.established, Script.phone, Script.broker))
        script.at(1000, Script.wire(.reset, Script.phone, Script.broker))
        script.at(1010, Script.wire(.established, Script.phoneAgain, Script.broker))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.measured == 10)
    }

    @Test func `the end of its process is an outage too`() {
        var script = Script.healthy(
            faults: [.kill(600, of: "subscriber")], expect: [expect(["longest": .duration(.zero)])])
        script.strike(0, "kill", from: 600)
        script.at(600.1, .actor(ActorChange(Script.client, .exited(status: nil, signal: 9))))
        script.at(605.1, Script.says(.connected))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 5)
    }

    @Test func `the worst instance decides`() {
        var script = script(["at-least": .fraction(0.9)], count: 3)
        #expect(script.finding.verdict == .pass)
        script.at(100, Script.state("reconnecting", Instance("subscriber", 2)))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasPrefix("subscriber#2 was connected"), "\(script.finding.summary)")
    }
}
