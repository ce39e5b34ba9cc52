import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

/// A server that fails from 600 on, and a client whose breaker guards its tries to connect: five failures open it for
/// 30 s, one probe tries again.
@Suite struct BreakerExpectation {
    static func expect(_ more: [String: Value] = [:]) -> ExpectationPlan {
        var parameters: [String: Value] = [
            "open": .duration(.seconds(30)), "open-at-most": .duration(.seconds(40)), "failures": .count(5),
            "probes": .count(1), "of": .text("connections"), "timeout": .duration(.seconds(10)),
        ]
        parameters.merge(more) { $1 }
        return ExpectationPlan(
            index: 0, kind: "breaker", subject: .actor("subscriber"), parameters: parameters,
            position: "sample.yaml:1:1", text: "breaker: subscriber")
    }

    private var script: Script {
        var script = Script.healthy(expect: [Self.expect()])
        script.at(-7, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        script.at(-6.8, Script.wire(.firstResponse, Script.broker, Script.phone))
        return script
    }

    /// A try that is refused 50 ms later, or answered.
    static func attempt(_ script: inout Script, _ at: Double, succeeds: Bool = false) {
        let end = Endpoint(address: "10.77.1.1", port: 40_000 + Int(at * 10) % 20_000)
        script.at(at, Script.wire(.attempt, end, Script.broker))
        if succeeds {
            script.at(at + 0.05, Script.wire(.established, end, Script.broker))
            script.at(at + 0.1, Script.wire(.firstResponse, Script.broker, end))
        } else {
            script.at(at + 0.05, Script.wire(.reset, Script.broker, end))
        }
    }

    private func course(_ failures: [Double], _ successes: [Double] = [], _ more: [String: Value] = [:]) -> Script {
        var script = self.script
        script.scenario.expectations = [Self.expect(more)]
        for time in failures { Self.attempt(&script, time) }
        for time in successes { Self.attempt(&script, time, succeeds: true) }
        return script
    }

    private static let first: [Double] = [600, 601, 602, 603, 604]

    private func says(_ state: String) -> Event.Body { Script.says(.breaker, text: state) }

    @Test func `one that opens, probes, opens again and closes passes`() {
        let finding = course(Self.first + [634.1], [664.2]).finding
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.measured == 30.05)
        #expect(
            finding.summary
                == "subscriber's breaker opened 2 times, stayed open for 30.05 s, let 2 attempts through to try, and "
                + "closed once.")
    }

    @Test func `the bound itself passes, a little less does not`() {
        #expect(course(Self.first, [634.05]).finding.verdict == .pass)
        let finding = course(Self.first, [634.03]).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 1)
        #expect(finding.unit == "attempts")
    }

    @Test func `one that never opens`() {
        let finding = course(Self.first + [605, 606, 607, 608]).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 4)
        #expect(
            finding.summary.hasPrefix(
                "subscriber's breaker had to open after 5 failures, by 10m04.05s and owed 30 s without an attempt; 4 "
                    + "came, "
                    + "the first after 950 ms."), "\(finding.summary)")
        #expect(finding.evidence.count == 5)
    }

    @Test func `one that counts to six`() {
        #expect(course(Self.first + [605, 635.1, 666]).finding.verdict == .fail)
    }

    @Test func `one whose failed probe does not open it again`() {
        let finding = course(Self.first + [635, 636, 637, 638, 639, 670]).finding
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("had to open again when its probe failed"), "\(finding.summary)")
        #expect(finding.measured == 4)
    }

    @Test func `one that is stuck open`() {
        let late = course(Self.first + [645]).finding
        #expect(late.verdict == .fail)
        #expect(late.measured == 40.95)
        #expect(late.bound == 40)
        let never = course(Self.first).finding
        #expect(never.verdict == .fail)
        #expect(never.summary.contains("none came in the"), "\(never.summary)")
    }

    @Test func `two probes at once where one is allowed`() {
        var script = course(Self.first)
        for port in [50_001, 50_002] {
            let end = Endpoint(address: "10.77.1.1", port: port)
            script.at(635, Script.wire(.attempt, end, Script.broker))
            script.at(635.05, Script.wire(.established, end, Script.broker))
            script.at(635.1, Script.wire(.firstResponse, Script.broker, end))
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 2)
        #expect(script.finding.summary.contains("let 2 attempts through"), "\(script.finding.summary)")
        script.scenario.expectations = [Self.expect(["probes": .count(2)])]
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `a success in between counts from zero`() {
        let finding = course([600, 601, 602, 604, 605, 606], [603]).finding
        #expect(finding.verdict == .void)
        #expect(finding.summary.contains("had no reason to open"), "\(finding.summary)")
    }

    @Test func `before it can be seen to try again nothing is said`() {
        var script = Script.healthy(expect: [Self.expect()], end: 620)
        for time in Self.first { Self.attempt(&script, time) }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.hasPrefix("The run ended before"), "\(script.finding.summary)")
    }

    @Test func `without anything on the wire it is void`() {
        var script = Script.healthy(expect: [Self.expect()])
        #expect(script.finding.verdict == .void)
        script.scenario.actors.append(script.scenario.actors[2])
        script.scenario.actors[3].name = "other"
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("cannot be told from others"))
    }

    /// A server that does not answer at all: the client knows when its driver says so, or else by the timeout at last.
    @Test func `failures without an answer`() {
        func silent(next: Double, complains: Bool) -> Finding {
            var script = self.script
            for index in 0..<5 {
                let end = Endpoint(address: "10.77.1.1", port: 50_001 + index)
                let at = 600 + Double(index) * 6
                script.at(at, Script.wire(.attempt, end, Script.broker))
                if complains { script.at(at + 5, Script.says(.error)) }
            }
            Self.attempt(&script, next, succeeds: true)
            return script.finding
        }
        // The last began at 624; its driver gave it up at 629.
        #expect(silent(next: 659, complains: true).verdict == .pass)
        #expect(silent(next: 658.5, complains: true).verdict == .fail)
        // Without a word it may have given up at once, or ten seconds later.
        #expect(silent(next: 654, complains: false).verdict == .pass)
        #expect(silent(next: 653.9, complains: false).verdict == .fail)
        #expect(silent(next: 674, complains: false).verdict == .pass)
        #expect(silent(next: 674.1, complains: false).verdict == .fail)
    }

    @Test func `a rate opens it too`() {
        let more: [String: Value] = [
            "failure-rate": .fraction(0.5), "calls": .count(4), "window": .duration(.seconds(60)),
        ]
        #expect(course([600, 602, 633], [601, 603], more).finding.verdict == .fail)
        #expect(course([600, 602], [601], more).finding.verdict == .void)
        #expect(course([600, 602, 604], [601, 634.1], more).finding.verdict == .pass)
    }

    @Test func `it changes no more often than allowed`() {
        let times = Self.first + [634.1, 664.2, 694.3, 724.4]
        #expect(course(times, [754.5], ["changes": .count(11)]).finding.verdict == .pass)
        let failed = course(times, [754.5], ["changes": .count(10)]).finding
        #expect(failed.verdict == .fail)
        #expect(failed.measured == 11)
        #expect(failed.unit == "changes")
    }
}

// What a driver says of it, and requests.
extension BreakerExpectation {
    @Test func `its driver's words must fit`() {
        var script = course(Self.first, [635])
        script.at(604.05, says("open"))
        script.at(634.9, says("half-open"))
        script.at(635.2, says("closed"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        var early = script
        early.drop { _, body in body == says("open") }
        early.at(603.06, says("open"))
        #expect(early.finding.verdict == .fail)
        #expect(early.finding.measured == 4)
        #expect(early.finding.summary.contains("after 4 failures in a row"), "\(early.finding.summary)")
        var skipped = script
        skipped.drop { _, body in body == says("half-open") }
        #expect(skipped.finding.verdict == .fail)
        #expect(skipped.finding.summary.contains("from open to closed"), "\(skipped.finding.summary)")
        var stuck = script
        stuck.drop { _, body in body == says("closed") }
        #expect(stuck.finding.verdict == .fail)
        #expect(stuck.finding.summary.contains("its driver's last word was half-open"), "\(stuck.finding.summary)")
    }

    private static let broker = Instance("broker")

    private static func said(
        _ who: Instance, _ kind: DriverReport.Kind, _ id: Int, ok: Bool? = nil
    ) -> Event.Body {
        let extra = [JSON.Member("id", .integer(Int64(id)))] + (ok.map { [JSON.Member("ok", .bool($0))] } ?? [])
        return .driver(DriverReport(who, kind, extra: extra))
    }

    /// The application asks once a second; `arrive` says whether it gets through, `good` whether it is answered well.
    private func requests(arrive: (Int) -> Bool, good: (Int) -> Bool) -> Script {
        var script = Script.healthy(expect: [Self.expect(["of": .text("requests")])])
        for second in 0..<700 {
            script.at(Double(second), Self.said(Script.client, .request, second))
            if arrive(second) {
                script.at(Double(second) + 0.02, Self.said(Self.broker, .request, second))
                script.at(Double(second) + 0.04, Self.said(Script.client, .response, second, ok: good(second)))
            } else {
                script.at(Double(second), Self.said(Script.client, .response, second, ok: false))
            }
        }
        return script
    }

    @Test func `requests are counted at their server`() {
        let good = requests(arrive: { !(305..<335).contains($0) }, good: { !(300..<305).contains($0) }).finding
        #expect(good.verdict == .pass, "\(good.summary)")
        let none = requests(arrive: { _ in true }, good: { !(300..<320).contains($0) }).finding
        #expect(none.verdict == .fail)
        #expect(none.unit == "requests")
        #expect(none.measured == 29)
        let stuck = requests(arrive: { $0 < 305 }, good: { $0 < 300 }).finding
        #expect(stuck.verdict == .fail)
        #expect(stuck.summary.contains("had to try again within 40 s"), "\(stuck.summary)")
    }

    @Test func `nobody asks, so nobody is turned away`() {
        var script = requests(arrive: { $0 < 305 }, good: { $0 < 300 })
        script.drop { at, body in at > 340 && isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void, "\(script.finding.summary)")
    }

    @Test func `a server whose driver does not speak of requests is void`() {
        var script = requests(arrive: { _ in true }, good: { _ in false })
        script.drop { _, body in isDriver(body, "broker") }
        #expect(script.finding.verdict == .void)
    }
}
