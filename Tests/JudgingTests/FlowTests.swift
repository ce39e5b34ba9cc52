import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct NoGapsExpectation {
    private func outage(lost: Range<Int>) -> Script {
        var script = Script.healthy(faults: [.blackhole(600, 900)], expect: [.noGaps])
        script.messages(-5, 1800, lost: lost)
        script.strike(0, "blackhole", from: 600, to: 900)
        return script
    }

    @Test func passesWhenAllArriveHoweverLate() {
        var script = outage(lost: 600..<950)
        for second in 600..<950 { script.at(951, Script.received(Int64(second))) }
        #expect(script.judgement().verdict == .pass)
        #expect(script.finding.measured == 0)
        #expect(script.finding.bound == 0)
        #expect(script.finding.unit == "messages")
    }

    @Test func failsWithTheRangesThatAreMissing() {
        var script = outage(lost: 600..<920)
        script.drop { _, body in isDriver(body, "subscriber") && sequence(body) == 1000 }
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 321)
        #expect(
            finding.summary.hasPrefix(
                "subscriber never received 321 of the 1804 messages that ticker sent while it was listening, in 2 "
                    + "ranges; first ticks 600...919 (320 messages), sent during blackhole at 10m on phone-home. It "
                    + "went on "
                    + "with later"
            ),
            "\(finding.summary)")
        #expect(
            finding.evidence.map(\.text) == [
                "ticks 600...919 (320 messages) sent from 10m to 15m19s, never received by subscriber; sent during "
                    + "blackhole at 10m on phone-home",
                "ticks 1000 sent from 16m40s, never received by subscriber; sent 100 s after the end of blackhole "
                    + "at 10m on phone-home",
            ])
        let line = finding.evidence[0].line
        #expect(script.recording.events[line - 2].body == Script.sent(600))
    }

    @Test func failsWhenItWasNotBack() {
        let finding = outage(lost: 600..<1800).finding
        #expect(finding.verdict == .fail)
        #expect(finding.summary.hasSuffix("it was not back when the run ended."), "\(finding.summary)")
    }

    /// What was sent before the client listened, or too late to arrive, is not owed.
    @Test func theEdgesAreNotOwed() {
        var script = outage(lost: 0..<0)
        script.drop { at, body in isDriver(body, "subscriber") && sequence(body).map { $0 < 10 } ?? false }
        script.at(1799.9, Script.sent(100_000))
        script.at(1805, Script.sent(100_001))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 1)
        #expect(script.finding.evidence[0].text.hasPrefix("ticks 100000 sent from 29m59.9s"))
        var short = Script.healthy(expect: [.noGaps], settle: 0)
        short.messages(-5, 1800, lost: 1799..<1800)
        #expect(short.finding.verdict == .pass)
    }

    /// A publisher that begins at 1 again sends other messages, whatever came before under their numbers.
    @Test func aNumberThatIsSentAgainIsOwedAgain() {
        var script = Script.healthy(expect: [.noGaps])
        script.messages(-5, 1000)
        for second in 1000..<1700 {
            script.at(Double(second), Script.sent(Int64(second - 1000)))
            if second != 1100 { script.at(Double(second) + 0.1, Script.received(Int64(second - 1000))) }
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 1)
        #expect(script.finding.evidence[0].text.hasPrefix("ticks 100 sent from 18m20s"), "\(script.finding.evidence)")
    }

    @Test func eachInstanceIsOwedAll() {
        var script = Script.healthy(expect: [.noGaps], count: 2)
        script.messages(-5, 1800)
        script.messages(-5, 1800, lost: 50..<52, client: Instance("subscriber", 1), sends: false)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasPrefix("subscriber#1 never received 2 of"))
    }

    @Test(arguments: ["ticker", "subscriber"])
    func voidWithoutTheTraffic(actor: String) {
        var script = outage(lost: 0..<0)
        script.drop { _, body in isDriver(body, actor) && sequence(body) != nil }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.hasPrefix("\(actor) reported nothing"))
        #expect(script.judgement().verdict == .void)
    }

    @Test(arguments: ["ticker", "subscriber"])
    func voidWithoutNumbers(actor: String) {
        let whole = outage(lost: 0..<0)
        var script = whole
        script.drop { _, body in isDriver(body, actor) && sequence(body) != nil }
        for (at, body) in whole.told {
            guard case .driver(var report) = body, report.instance.actor == actor, report.sequence != nil else {
                continue
            }
            report.sequence = nil
            script.at(at, .driver(report))
        }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.hasPrefix("\(actor) reports its messages without sequence numbers"))
    }

    @Test func manyRangesAreCutShort() {
        var script = outage(lost: 0..<0)
        script.drop { _, body in isDriver(body, "subscriber") && sequence(body).map { $0 % 2 == 1 && $0 > 0 } ?? false }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.evidence.count == 21)
        #expect(script.finding.evidence.last?.text == "and 880 more ranges from here on")
    }
}

@Suite struct NoDuplicatesExpectation {
    private func run() -> Script {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.noDuplicates])
        script.messages(-5, 1800)
        script.strike(0, "hang-up", from: 600)
        return script
    }

    @Test func passes() {
        #expect(run().judgement().verdict == .pass)
        #expect(run().finding.measured == 0)
    }

    @Test func failsWithBothTimes() {
        var script = run()
        for sequence in 598..<601 { script.at(605, Script.received(Int64(sequence))) }
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 3)
        #expect(
            finding.summary.hasPrefix(
                "subscriber received 3 of 1808 messages again, in 1 range; first ticks 598...600 (3 messages) at "
                    + "10m05s, 5 s after hang-up at 10m of broker."), "\(finding.summary)")
        #expect(finding.evidence.count == 1)
        #expect(
            finding.evidence[0].text.hasPrefix(
                "ticks 598...600 (3 messages) received again by subscriber at 10m05s; first received at 9m58.02s (line "
            ),
            "\(finding.evidence[0].text)")
    }

    @Test func whatWasSentTwiceMayComeTwice() {
        var script = run()
        script.at(700.5, Script.sent(700))
        script.at(700.6, Script.received(700))
        #expect(script.finding.verdict == .pass)
        script.at(700.7, Script.received(700))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 1)
    }

    @Test func sessionsDoNotShareMessages() {
        var script = run()
        for second in 0..<1800 { script.at(Double(second) + 0.03, Script.received(Int64(second), session: "b")) }
        #expect(script.finding.verdict == .pass)
        script.at(100, Script.received(7, session: "b"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasPrefix("subscriber session b received 1 of 1801"))
    }

    @Test(arguments: ["ticker", "subscriber"])
    func voidWithoutTheTraffic(actor: String) {
        var script = run()
        script.drop { _, body in isDriver(body, actor) && sequence(body) != nil }
        #expect(script.finding.verdict == .void)
        #expect(script.judgement().verdict == .void)
    }
}

@Suite struct ConnectsExpectation {
    @Test func passesAndFailsByItsBound() {
        #expect(Script.healthy(expect: [.connects(.seconds(5))]).finding.verdict == .pass)
        var late = Script.healthy(expect: [.connects(.seconds(5))])
        late.drop { _, body in isDriver(body, "subscriber") }
        late.at(-3, Script.says(.attempt))
        late.at(-2.5, Script.says(.connected))
        #expect(late.finding.verdict == .fail)
        #expect(late.finding.measured == 5.5)
        #expect(late.finding.bound == 5)
        // The driver's word counts, not the wire's, which is earlier and means less.
        late.at(-7, Script.wire(.established, Script.phone, Script.broker))
        #expect(late.finding.summary == "subscriber was connected 5.5 s after its start; 5 s were allowed.")
    }

    @Test func theWireTellsWithoutADriver() {
        var script = Script.healthy(expect: [.connects(.seconds(5))])
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasSuffix("It never tried."))
        script.at(-7, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(-6, Script.wire(.established, Script.phone, Script.broker))
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 2)
    }

    @Test func voidWithoutAStartOrASign() {
        var script = Script.healthy(expect: [.connects(.seconds(5))], count: 2)
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
        script.drop { _, body in if case .actor = body { true } else { false } }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary == "subscriber was not started. (2 of 2 cases like this; this is the worst.)")
    }
}
