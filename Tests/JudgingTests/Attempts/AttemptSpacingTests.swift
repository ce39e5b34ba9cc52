import Judging
import Recordings
import Testing

@testable import Scenarios

/// SYNs of the one client's host, each answered by a RST of the server.
extension Script {
    mutating func refusedSYN(_ at: Double, port: Int, to server: Endpoint = broker, takes: Double = 0.002) {
        let client = Endpoint(address: "10.77.1.1", port: port)
        self.at(at, Script.wire(.attempt, client, server))
        self.at(at + takes, Script.wire(.reset, server, client))
    }

    /// A connection on which the server answers.
    mutating func connection(_ from: Double, _ to: Double, port: Int, server: Endpoint = broker) {
        let client = Endpoint(address: "10.77.1.1", port: port)
        at(from, Script.wire(.attempt, client, server))
        at(from + 0.01, Script.wire(.established, client, server))
        at(from + 0.02, Script.wire(.firstResponse, server, client))
        at(to, Script.wire(.fin, server, client))
    }
}

@Suite struct AttemptSpacingExpectation {
    private func script(_ parameters: [String: Value], tries: [Double], count: Int = 1) -> Script {
        var script = Script.healthy(expect: [.owed("attempt-spacing", parameters)], count: count)
        script.connection(-5, 100, port: 40_000)
        for (place, second) in tries.enumerated() { script.refusedSYN(second, port: 40_001 + place) }
        return script
    }

    private let least: [String: Value] = ["min": .duration(.seconds(2))]
    private let most: [String: Value] = ["max": .duration(.seconds(30))]

    @Test func `the bound itself is kept, less is not`() {
        let kept = script(least, tries: [101, 103, 110]).finding
        #expect(kept.verdict == .pass)
        #expect(kept.measured == 2)
        #expect(kept.bound == 2)
        #expect(kept.evidence.map(\.at) == [103])
        let close = script(least, tries: [101, 102.5, 110]).finding
        #expect(close.verdict == .fail)
        #expect(close.measured == 1.5)
        #expect(close.summary.contains("1 of 3 were too close"), "\(close.summary)")
        #expect(close.evidence.contains { $0.at == 102.5 })
    }

    @Test func `too long a wait, and one that never ended`() {
        let tries = stride(from: 110.0, to: 1800, by: 30).map { $0 }
        #expect(script(most, tries: tries).finding.verdict == .pass)
        let late = script(most, tries: tries.filter { $0 < 500 || $0 > 540 }).finding
        #expect(late.verdict == .fail)
        #expect((late.measured ?? 0) > 59)
        let ended = script(most, tries: [110, 120]).finding
        #expect(ended.verdict == .fail)
        #expect(ended.summary.contains("did not try again until the end"), "\(ended.summary)")
    }

    @Test func `retransmissions are no attempts`() {
        var script = script(least, tries: [101])
        script.at(
            102, Script.wire(.attempt, Endpoint(address: "10.77.1.1", port: 40_001), Script.broker, repeated: true))
        script.refusedSYN(106, port: 40_009)
        #expect(script.finding.measured == 5)
    }

    @Test func `nothing failed, or nobody can tell`() {
        var quiet = Script.healthy(expect: [.owed("attempt-spacing", least)])
        quiet.at(-7.5, Script.wire(.attempt, Script.phone, Script.broker))
        quiet.at(-7.4, Script.wire(.firstResponse, Script.broker, Script.phone))
        #expect(quiet.finding.verdict == .void)
        #expect(quiet.finding.summary.contains("nothing to space"))
        let several = script(least, tries: [101, 102], count: 2).finding
        #expect(several.verdict == .void)
        #expect(several.summary.contains("cannot be told from others"), "\(several.summary)")
    }

    @Test func `what happens after the stop does not count`() {
        #expect(script(least, tries: [101, 110, 1811, 1811.5]).finding.measured == 9)
    }

    @Test func `the session that is worst is named`() {
        var script = Script.healthy(expect: [.owed("attempt-spacing", least)], count: 2)
        for (index, gap) in [(0, 5.0), (1, 1.0)] {
            let client = Instance("subscriber", index)
            for place in 0..<4 { script.at(100 + gap * Double(place), Script.says(.attempt, client)) }
        }
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 1)
        #expect(finding.summary.contains("subscriber#1"), "\(finding.summary)")
    }

    /// The driver says two, the wire shows three.
    @Test func `the wire is believed, not the driver`() {
        var script = script(least, tries: [101, 101.5, 110])
        script.at(101, Script.says(.attempt))
        script.at(110, Script.says(.attempt))
        #expect(script.finding.verdict == .fail)
    }
}

@Suite struct RetryBudgetExpectation {
    private func script(_ parameters: [String: Value], tries: [Double]) -> Script {
        var script = Script.healthy(expect: [.owed("retry-budget", parameters)])
        script.connection(-5, 100, port: 40_000)
        for (place, second) in tries.enumerated() { script.refusedSYN(second, port: 40_001 + place) }
        return script
    }

    @Test func `in a stretch of time`() {
        let minute: [String: Value] = ["most": .count(3), "within": .duration(.seconds(60))]
        let kept = script(minute, tries: [101, 120, 140, 161, 180]).finding
        #expect(kept.verdict == .pass)
        #expect(kept.measured == 3)
        let spent = script(minute, tries: [101, 120, 140, 160.9, 220]).finding
        #expect(spent.verdict == .fail)
        #expect(spent.measured == 4)
        #expect(spent.bound == 3)
    }

    @Test func `in a series of failures, which success ends`() {
        var script = script(["most": .count(3)], tries: [101, 102])
        script.connection(103, 200, port: 41_000)
        script.refusedSYN(201, port: 41_001)
        script.refusedSYN(202, port: 41_002)
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 3)
        script.refusedSYN(203, port: 41_003)
        script.refusedSYN(204, port: 41_004)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 4)
    }

    @Test func `void without a failure, and when the run is too short`() {
        var quiet = Script.healthy(expect: [.owed("retry-budget", ["most": .count(3)])])
        quiet.at(-7.5, Script.wire(.attempt, Script.phone, Script.broker))
        quiet.at(-7.4, Script.wire(.firstResponse, Script.broker, Script.phone))
        #expect(quiet.finding.verdict == .void)
        let long = script(["most": .count(3), "within": .duration(.seconds(3600))], tries: [101]).finding
        #expect(long.verdict == .void)
    }
}

@Suite struct TriesAddressesExpectation {
    private let other = Endpoint(address: "10.77.2.5", port: 1883)

    private func script(_ places: [Int]) -> Script {
        let parameters: [String: Value] = ["servers": .texts(["broker", "home"]), "within": .count(3)]
        var script = Script.healthy(expect: [.owed("tries-addresses", parameters)])
        script.connection(-5, 100, port: 40_000)
        for (step, place) in places.enumerated() {
            script.refusedSYN(101 + Double(step), port: 40_001 + step, to: place == 0 ? Script.broker : other)
        }
        return script
    }

    @Test func `each within so many attempts`() {
        let kept = script([0, 0, 1, 0, 1, 1, 0]).finding
        #expect(kept.verdict == .pass)
        #expect(kept.measured == 3)
        let missed = script([1, 0, 0, 0, 1]).finding
        #expect(missed.verdict == .fail)
        #expect(missed.measured == 3)
        #expect(missed.summary.contains("an attempt at home"), "\(missed.summary)")
    }

    @Test func `two addresses at nearly the same time are one attempt`() {
        var script = script([])
        for step in 0..<3 {
            let second = 101 + Double(step) * 5
            let phone = Endpoint(address: "10.77.1.1", port: 42_000 + 2 * step)
            script.at(second, Script.wire(.attempt, phone, Script.broker))
            script.refusedSYN(second + 0.25, port: 42_001 + 2 * step, to: other)
        }
        let finding = script.finding
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.measured == 1)
    }

    @Test func `void when too few failed`() {
        #expect(script([0, 0]).finding.verdict == .void)
        var worked = script([0, 0])
        worked.connection(104, 1900, port: 43_000)
        #expect(worked.finding.verdict == .void)
    }
}
