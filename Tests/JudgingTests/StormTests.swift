import Recordings
import Testing

@testable import Judging
@testable import Scenarios

@Suite struct ScanStatisticTests {
    @Test func `the most crowded window`() {
        #expect(ScanStatistic.most([0, 1, 2, 2.5, 2.9, 5], within: 1).count == 3)
        #expect(ScanStatistic.most([0, 1, 2, 2.5, 2.9, 5], within: 1).first == 2)
        #expect(ScanStatistic.most([0, 1], within: 1).count == 1, "a window does not hold its end")
        #expect(ScanStatistic.most([], within: 1).count == 0)
    }

    /// Against a count over simulated even spreads.
    @Test func `the chance of a crowd`() {
        var random = StormGenerator(state: 3)
        let (total, share, rounds) = (60, 0.1, 20_000)
        var atLeast = Array(repeating: 0, count: total + 1)
        for _ in 0..<rounds {
            let values = (0..<total).map { _ in Double.random(in: 0..<1, using: &random) }.sorted()
            for count in 0...ScanStatistic.most(values, within: share).count { atLeast[count] += 1 }
        }
        for count in 15...18 {
            let simulated = Double(atLeast[count]) / Double(rounds)
            let computed = ScanStatistic.probability(ofMost: count, of: total, share: share)
            #expect(abs(computed - simulated) < 0.2 * simulated + 0.002, "\(count): \(computed), \(simulated)")
        }
        #expect(ScanStatistic.probability(ofMost: 1, of: total, share: share) == 1)
        #expect(ScanStatistic.probability(ofMost: 61, of: total, share: share) == 0)
    }
}

private struct StormGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Seed.mixed(state)
    }
}

@Suite struct StormExpectation {
    /// All sessions are cut off at 600; each tries, and is back 100 ms later, at 600 and what `wait` says.
    private func run(
        _ parameters: [String: Value] = [:], sessions: Int = 200, end: Double = 1800, wait: (Int) -> Double
    ) -> Script {
        let all = ["after": Value.text("hang-up"), "over": .duration(.seconds(20))].merging(parameters) { $1 }
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.client("storm", all)], end: end)
        script.strike(0, "hang-up", from: 600)
        for number in 0..<sessions {
            let name = "s\(number)"
            script.at(-7, say(.connected, name))
            script.at(600.01, say(.state, name, "reconnecting"))
            script.at(600 + wait(number), say(.attempt, name))
            script.at(600.1 + wait(number), say(.connected, name))
        }
        return script
    }

    private func say(_ kind: DriverReport.Kind, _ session: String, _ text: String? = nil) -> Event.Body {
        .driver(DriverReport(Script.client, kind, session: session, text: text))
    }

    /// Spread over 0...20, without a pattern.
    private static func spread(_ number: Int) -> Double { Double(number * 7919 % 1000) / 1000 * 20 + 0.02 }

    @Test func `an even spread`() {
        let script = run(wait: Self.spread)
        #expect(script.judgement().verdict == .pass, "\(script.finding.summary)")
        #expect((10...16).contains(script.finding.measured ?? 0), "\(script.finding)")
        #expect(script.finding.bound == 35)
        #expect(script.finding.unit == "%")
    }

    /// Full jitter's leftover waits crowd at the beginning: twice the even share.
    @Test func `a spread that thins out`() {
        let script = run { number in
            let share = Self.spread(number) / 20
            return 20 * (1 - (1 - share).squareRoot()) + 0.02
        }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect((17...25).contains(script.finding.measured ?? 0), "\(script.finding)")
    }

    @Test(arguments: [0.5, 5, 60])
    func `a herd, whenever it comes`(wait: Double) {
        let finding = run { wait + Double($0) / 1000 }.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 100)
        #expect(finding.summary.hasPrefix("They came back as a herd: 200 sessions"), "\(finding.summary)")
        #expect(finding.evidence.last?.at == 600 + wait)
    }

    @Test func `half of them at one moment`() {
        #expect(run { $0 % 2 == 0 ? 7 : Self.spread($0) }.finding.verdict == .fail)
        #expect(run(["share": .fraction(0.7)]) { $0 % 2 == 0 ? 7 : Self.spread($0) }.finding.verdict == .pass)
    }

    /// Cut off from 600 to 602; every tenth has an attempt under way when that is over, which succeeds.
    @Test(arguments: [true, false])
    func `an attempt that was under way counts when it succeeds`(speaks: Bool) {
        let parameters: [String: Value] = [
            "after": .text("blackhole"), "over": .duration(.seconds(20)), "sessions": .count(200),
        ]
        var script = Script.healthy(faults: [.blackhole(600, 602)], expect: [.client("storm", parameters)], end: 1800)
        script.strike(0, "blackhole", from: 600, to: 602)
        for number in 0..<200 {
            let name = "s\(number)"
            let tries = 602 + (number % 10 == 0 ? -0.01 : Self.spread(number))
            let up = 602.1 + Self.spread(number)
            if speaks {
                script.at(-7, say(.connected, name))
                script.at(600.01, say(.state, name, "reconnecting"))
                script.at(tries, say(.attempt, name))
                script.at(up, say(.connected, name))
            } else {
                let (old, new) = (Script.port(30_000 + number), Script.port(40_000 + number))
                script.at(-7, Script.wire(.established, old, Script.broker))
                script.at(600.01, Script.wire(.reset, Script.broker, old))
                script.at(tries, Script.wire(.attempt, new, Script.broker))
                script.at(up, Script.wire(.established, new, Script.broker))
            }
        }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.summary.contains("200 sessions"), "\(script.finding.summary)")
    }

    @Test func `too few to tell`() {
        #expect(run(sessions: 49) { _ in 5 }.finding.verdict == .void)
        #expect(run(sessions: 50) { _ in 5 }.finding.verdict == .fail)
        #expect(run(["sessions": .count(10)], sessions: 10) { Self.spread($0) }.finding.verdict == .pass)
        // Four of ten in a tenth: chance does that too.
        let four = run(["sessions": .count(10)], sessions: 10) { $0 < 4 ? 7 : Double($0) * 2.2 }
        #expect(four.finding.verdict == .void, "\(four.finding.summary)")
    }

    @Test func `peaks`() {
        func finding(_ name: String, _ bound: Int64) -> Finding {
            run([name: .count(bound), "share": .fraction(1)]) { Double($0 / 20) * 0.5 + 0.02 }.finding
        }
        #expect(finding("peak", 40).verdict == .pass)
        #expect(finding("peak", 39).verdict == .fail)
        #expect(finding("peak", 39).measured == 40)
        #expect(finding("peak-100ms", 20).verdict == .pass)
        #expect(finding("peak-100ms", 19).measured == 20)
        #expect(finding("peak-100ms", 19).unit == "attempts")
    }

    @Test func `how soon they are back`() {
        func finding(_ name: String, _ bound: Double, end: Double = 1800) -> Finding {
            let back = Value.durations([.init(name: name, duration: .milliseconds(Int(bound * 1000)))])
            return run(["back": back, "share": .fraction(1)], end: end) { Double($0 + 1) / 10 }.finding
        }
        // Session n of 1...200 is back after n / 10 s and 100 ms.
        #expect(finding("half", 10.1).verdict == .pass)
        #expect(finding("half", 10).verdict == .fail)
        #expect(finding("half", 10).measured == 10.1)
        #expect(finding("most", 19.1).verdict == .pass)
        #expect(finding("most", 19).measured == 19.1)
        #expect(finding("all", 20.1).verdict == .pass)
        #expect(finding("all", 20).measured == 20.1)
        #expect(finding("all", 20, end: 605).verdict == .void)
    }

    @Test func `who never comes back`() {
        let back = Value.durations([.init(name: "all", duration: .seconds(60))])
        var script = run(["back": back], wait: Self.spread)
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.at(700, say(.state, "s7", "reconnecting"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("Of the 200 sessions of subscriber"), "\(script.finding.summary)")
        #expect(script.finding.summary.contains("199 were back for good"), "\(script.finding.summary)")
    }

    @Test func `an interval counts from its heal`() {
        var script = Script.healthy(
            faults: [.freeze(600, 700)],
            expect: [
                .client("storm", ["after": .text("freeze"), "over": .duration(.seconds(20))])
            ])
        script.strike(0, "freeze", from: 600, to: 700)
        for number in 0..<100 {
            script.at(-7, say(.connected, "s\(number)"))
            script.at(610, say(.attempt, "s\(number)"))
            script.at(700 + Self.spread(number), say(.attempt, "s\(number)"))
        }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `the wire tells where drivers do not`() {
        var script = Script.healthy(
            faults: [.hangUp(600)],
            expect: [.client("storm", ["after": .text("hang-up"), "over": .duration(.seconds(20))])], count: 100)
        script.drop { _, body in isDriver(body, "subscriber") }
        script.strike(0, "hang-up", from: 600)
        #expect(script.finding.verdict == .void)
        for number in 0..<100 {
            let (old, new) = (
                Endpoint(address: "10.77.1.1", port: 30_000 + number),
                Endpoint(address: "10.77.1.1", port: 40_000 + number)
            )
            script.at(-7, Script.wire(.established, old, Script.broker))
            script.at(600.01, Script.wire(.reset, Script.broker, old))
            script.at(605, Script.wire(.attempt, new, Script.broker))
            script.at(605.1, Script.wire(.established, new, Script.broker))
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("all were back after 5.1 s"), "\(script.finding.summary)")
    }

    @Test func `void without a loss`() {
        var script = run(wait: Self.spread)
        script.drop { at, body in at > 600 && isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
    }
}
