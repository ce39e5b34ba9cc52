import JSONLines
import Recordings
import Testing

@testable import Judging
@testable import Scenarios

@Suite struct NearestRankTests {
    @Test func `nearest rank`() {
        let values = Array(1...100)
        #expect(NearestRank.of(0.99, sorted: values) == 99)
        #expect(NearestRank.of(1, sorted: values) == 100)
        #expect(NearestRank.of(0.5, sorted: values) == 50)
        #expect(NearestRank.of(0.501, sorted: values) == 51)
        #expect(NearestRank.of(0.01, sorted: values) == 1)
        #expect(NearestRank.of(0.5, sorted: [7]) == 7)
        #expect(NearestRank.of(0.5, sorted: [Int]()) == nil)
        #expect([0.5, 0.9, 0.95, 0.99, 0.999, 1].map(NearestRank.leastCount) == [2, 10, 20, 100, 1000, 1])
    }
}

@Suite struct LatencyExpectation {
    /// 20 ms each, and 300 ms for those in `slow`.
    private func run(_ parameters: [String: Value], slow: Range<Int> = 0..<0) -> Script {
        var script = Script.healthy(faults: [.blackhole(600, 700)], expect: [.flow("latency", parameters)])
        for second in -5..<1000 {
            script.at(Double(second), Script.sent(Int64(second)))
            script.at(Double(second) + (slow.contains(second) ? 0.3 : 0.02), Script.received(Int64(second)))
        }
        script.strike(0, "blackhole", from: 600, to: 700)
        return script
    }
    private func within(_ milliseconds: Int, _ share: Double = 0.99) -> [String: Value] {
        ["within": .duration(.milliseconds(milliseconds)), "quantile": .fraction(share)]
    }

    @Test func `the bound itself passes`() {
        #expect(run(within(20)).finding.verdict == .pass)
        #expect(run(within(20)).finding.measured == 0.02)
        #expect(run(within(19)).finding.verdict == .fail)
    }

    @Test func `one in a hundred may be slow, two may not`() {
        #expect(run(within(20), slow: 0..<10).finding.verdict == .pass)
        let finding = run(within(20), slow: 0..<11).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 0.3)
        #expect(
            finding.summary.hasPrefix(
                "99% of the 1000 messages that subscriber received, sent, came within 300 ms (half within 20 ms, the "
                    + "slowest took 300 ms); 20 ms were allowed, and 11 took longer."), "\(finding.summary)")
        #expect(finding.evidence.count == 8)
    }

    @Test func `every one`() {
        #expect(run(within(20, 1), slow: 5..<6).finding.verdict == .fail)
        #expect(run(within(300, 1), slow: 5..<6).finding.verdict == .pass)
    }

    @Test func `during a fault and outside it`() {
        let slow = 598..<720
        let during = ["during": Value.text("blackhole")].merging(within(300)) { $1 }
        #expect(run(during, slow: slow).finding.verdict == .pass)
        #expect(run(during.merging(within(299)) { $1 }, slow: slow).finding.measured == 0.3)
        #expect(run(during, slow: slow).finding.summary.contains("of the 100 messages"))
        let outside = ["outside": Value.text("blackhole")].merging(within(20, 1)) { $1 }
        #expect(run(outside, slow: slow).finding.verdict == .fail)
        #expect(run(outside, slow: 599..<700).finding.verdict == .pass)
        let margin = outside.merging(["margin": .duration(.seconds(20))]) { $1 }
        #expect(run(margin, slow: 599..<720).finding.verdict == .pass)
        #expect(run(margin, slow: 599..<721).finding.verdict == .fail)
    }

    @Test func `a class of messages`() {
        var script = run(["class": Value.text("critical")].merging(within(50, 0.9)) { $1 })
        #expect(script.finding.verdict == .void)
        for number in 0..<10 {
            let stamps = [
                (1200 + Double(number), DriverReport.Kind.sent, Instance("ticker")),
                (1200.06 + Double(number), .received, Script.client),
            ]
            for (at, kind, instance) in stamps {
                script.at(
                    at,
                    .driver(
                        DriverReport(
                            instance, kind, stream: "orders", sequence: Int64(number),
                            extra: [JSON.Member("class", "critical")])))
            }
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 0.06)
    }

    @Test func `void with too few messages`() {
        var script = run(within(20))
        script.drop { at, body in at > 98.5 && sequence(body) != nil }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.hasPrefix("subscriber received 99 messages"), "\(script.finding.summary)")
        script.at(110, Script.sent(500))
        script.at(110.01, Script.received(500))
        #expect(script.finding.verdict == .pass)
    }
}

@Suite struct CatchUpExpectation {
    /// Back at 705, and the backlog arrives `taken` later.
    private func run(within: Int = 2, taken: Double = 1.5, lost: Range<Int> = 600..<705) -> Script {
        var script = Script.healthy(
            faults: [.blackhole(600, 700)],
            expect: [
                .flow("catch-up", ["after": .text("blackhole"), "within": .duration(.seconds(within))])
            ])
        script.messages(-5, 1800, lost: 600..<705)
        script.strike(0, "blackhole", from: 600, to: 700)
        script.at(620, Script.state("reconnecting"))
        script.at(704.9, Script.says(.attempt))
        script.at(705, Script.says(.connected))
        for second in lost { script.at(705 + taken, Script.received(Int64(second))) }
        return script
    }

    @Test func `the backlog in time`() {
        #expect(run().judgement().verdict == .pass)
        #expect(run().finding.measured == 1.5)
        #expect(run().finding.summary.contains("105 messages, from ticks 600 to ticks 704"), "\(run().finding.summary)")
        #expect(run(taken: 2).finding.verdict == .pass)
    }

    @Test func `too late`() {
        #expect(run(taken: 2.001).finding.verdict == .fail)
        #expect(run(taken: 10).finding.measured == 10)
    }

    @Test func `not all of it`() {
        let finding = run(lost: 610..<705).finding
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("never had 10 of the 105 messages"), "\(finding.summary)")
        #expect(finding.evidence.map(\.at) == [600, 600, 705])
    }

    @Test func `void without a backlog, without a return, and when the run ends`() {
        var script = run()
        script.drop { at, body in (590..<706).contains(at) && isDriver(body, "ticker") }
        #expect(script.finding.verdict == .void)
        var gone = run()
        gone.drop { at, body in at > 650 && isDriver(body, "subscriber") }
        #expect(gone.finding.verdict == .void)
        let long = run(within: 1200, lost: 610..<705)
        #expect(long.finding.verdict == .void)
        #expect(long.finding.summary.hasPrefix("The run ended 1105 s after"), "\(long.finding.summary)")
    }
}
