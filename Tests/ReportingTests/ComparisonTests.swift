import JSONLines
import Judging
import Reporting
import Testing

/// Builds of a client held against each other.
@Suite struct Comparisons {
    /// Repeats; its own, so that tests are the same everywhere.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static func run(
        _ seed: Int, _ measured: [(String, Double?)], verdict: Verdict = .pass, scenario: String = "s"
    ) -> RunResult {
        let findings = measured.map { name, value in
            Finding(expectation: name, verdict: .pass, measured: value, bound: 1000, unit: "s", summary: "")
        }
        return SampleResults.result(
            scenario, tags: [], verdict: verdict, findings: findings, seed: UInt64(seed))
    }

    /// Recoveries as a client with full jitter has them: the wait it was in when the path came back.
    private static func build(cap: Double, noise: UInt64, seeds: ClosedRange<Int> = 1...30) -> [RunResult] {
        seeds.map { seed in
            // What the seed decides is the same for both builds; a little is not.
            var shared = Dice(state: UInt64(seed))
            var own = Dice(state: noise &* 1_000_003 &+ UInt64(seed))
            let recovery =
                cap * Double.random(in: 0.1...1, using: &shared) * Double.random(in: 0.95...1.05, using: &own)
            let connect = Double.random(in: 0.1...0.2, using: &own)
            let detect = 10 + Double.random(in: 0...1, using: &own)
            return run(seed, [("recovery", recovery), ("connects", connect), ("detect", detect)])
        }
    }

    @Test func `a cap that is a fifth higher is called by name, and nothing else`() throws {
        let comparison = Comparison(Self.build(cap: 60, noise: 1), Self.build(cap: 72, noise: 2))
        #expect(comparison.hasRegressed)
        #expect(comparison.metrics.filter { $0.outcome == .worse }.map(\.expectation) == ["recovery"])
        let metric = try #require(comparison.metrics.first)
        let interval = try #require(metric.test.interval)
        // A fifth of a cap of 60 s, of which a wait is 55 % at the median.
        #expect(interval.contains(metric.test.shift) && interval.lowerBound > 0 && interval.upperBound < 12)
        #expect(metric.test.effect > 0.9 && metric.probability < 0.001 && metric.test.pairs == 30)
        #expect(comparison.metrics.dropFirst().allSatisfy { $0.outcome == .same })
        // The other way round it is better.
        let back = Comparison(Self.build(cap: 72, noise: 2), Self.build(cap: 60, noise: 1))
        #expect(!back.hasRegressed && back.metrics.first?.outcome == .better)
    }

    @Test func `a build held against itself is no regression, two hundred times`() {
        var regressions = 0
        for round in 0..<200 {
            let old = Self.build(cap: 60, noise: UInt64(2 * round + 10))
            let new = Self.build(cap: 60, noise: UInt64(2 * round + 11))
            if Comparison(old, new, tolerance: 0).hasRegressed { regressions += 1 }
        }
        #expect(regressions <= 2, "\(regressions) of 200")
        let same = Self.build(cap: 60, noise: 1)
        let comparison = Comparison(same, same, tolerance: 0)
        #expect(!comparison.hasRegressed && !comparison.isInconclusive)
        #expect(comparison.metrics.allSatisfy { $0.outcome == .same && $0.test.shift == 0 })
    }

    @Test func `what is within the tolerance is told and is no regression`() {
        let old = (1...20).map { Self.run($0, [("m", 10 + Double($0) / 100)]) }
        let new = (1...20).map { Self.run($0, [("m", 10.3 + Double($0) / 100)]) }
        #expect(Comparison(old, new).metrics.map(\.outcome) == [.tolerated])
        #expect(Comparison(old, new, tolerance: 0.02).metrics.map(\.outcome) == [.worse])
        #expect(
            Comparison(Array(old.prefix(7)), Array(new.prefix(7)), tolerance: 0).metrics.map(\.outcome) == [.untold])
    }

    @Test func `a share that must not fall is better when it is higher`() {
        func run(_ seed: Int, _ share: Double) -> RunResult {
            let finding = Finding(
                expectation: "availability", verdict: .pass, measured: share, bound: 0.9, unit: "", summary: "")
            return SampleResults.result("s", tags: [], verdict: .pass, findings: [finding], seed: UInt64(seed))
        }
        let (low, high) = ((1...12).map { run($0, 0.91) }, (1...12).map { run($0, 0.99) })
        #expect(Comparison(high, low).metrics.map(\.outcome) == [.worse])
        #expect(Comparison(low, high).metrics.map(\.outcome) == [.better])
    }

    @Test func `verdicts that changed come first, and decide`() {
        let old = [Self.run(1, []), Self.run(2, [], verdict: .fail), Self.run(3, []), Self.run(4, [])]
        let new = [Self.run(1, [], verdict: .fail), Self.run(2, []), Self.run(3, [], verdict: .void), Self.run(9, [])]
        let comparison = Comparison(old, new)
        #expect(comparison.changes.map(\.seed) == [1, 3, 2])
        #expect(comparison.changes.map(\.isWorse) == [true, true, false])
        #expect((comparison.pairs, comparison.onlyOld, comparison.onlyNew) == (3, 1, 1))
        // One got better for one that got worse: seeds fall as they fall.
        #expect(!comparison.hasRegressed && comparison.isInconclusive)
        #expect(Comparison([old[0]], [new[0]]).hasRegressed)
        #expect(Comparison([], []).isInconclusive)
    }

    @Test func `figures that nobody owed are compared, too`() {
        let runs = { (cap: Double) in
            (1...10).map { seed -> RunResult in
                var run = Self.run(seed, [])
                run.figures = [ShownFigure(name: "backoff cap of c", seconds: cap + Double(seed % 3) / 10)]
                return run
            }
        }
        let comparison = Comparison(runs(20), runs(24))
        #expect(comparison.metrics.map(\.outcome) == [.worse])
        #expect(comparison.metrics.map(\.expectation) == ["backoff cap of c"])
        #expect(abs((comparison.metrics.first?.test.shift ?? 0) - 4) < 1e-9)
    }

    @Test func `a run shows when its client noticed, and when it was back`() {
        let figures = SampleRun.material.view.figures
        let owed = ["detection by subscriber, median": 5.0, "recovery of subscriber, median": 1.02]
        #expect(Dictionary(figures.map { ($0.name, $0.seconds) }) { first, _ in first } == owed)
    }

    @Test func `baselines read as what they were made from`() throws {
        let runs = SampleResults.all
        for text in [JSONReport.baseline(runs), JSONReport.object(runs).pretty(), JSONReport.text(runs)] {
            let read = try JSONReport.results(from: text)
            #expect(read.map(\.scenario) == runs.map(\.scenario) && read.map(\.seed) == runs.map(\.seed))
            #expect(read.map(\.figures) == runs.map(\.figures))
            #expect(read.map(\.judgement.verdict) == runs.map(\.judgement.verdict))
            #expect(
                read.map { $0.judgement.findings.map(\.measured) } == runs.map { $0.judgement.findings.map(\.measured) }
            )
        }
        for text in ["", "{}", "[1]", "{\"format\":2,\"runs\":[]}", "{\"format\":1,\"runs\":[{}]}"] {
            #expect(throws: NoReport.self) { try JSONReport.results(from: text) }
        }
    }

    @Test(arguments: ["text", "markdown", "html", "json"])
    func `every format tells the same`(format: String) throws {
        var new = Self.build(cap: 72, noise: 2)
        new[3].judgement.verdict = .fail
        new[3].scenario = "s"
        let text = ComparisonReport.document(Comparison(Self.build(cap: 60, noise: 1), new), format: format)
        #expect(text.lowercased().contains("regressed"))
        if format == "json" {
            let json = try JSON(parsing: text)
            #expect(json["verdict"] == "regressed")
            #expect(json["metrics"]?.array?.first?["outcome"] == "worse")
            #expect(json["changes"]?.array?.first?["worse"] == true)
        } else {
            #expect(text.contains("recovery") && text.contains("worse") && text.contains("+"))
        }
    }
}

/// Against what can be counted by hand.
@Suite struct SignedRanks {
    @Test func `few differences have exact probabilities`() throws {
        // All of n above zero: 2 of 2^n.
        for count in 1...12 {
            let test = try #require(SignedRank((1...count).map(Double.init)))
            #expect(abs(test.probability - min(1, 2 / Double(1 << count))) < 1e-12)
            #expect(test.effect == 1)
        }
        // Ranks 1 and 2 of 6 below: sums of 3 or less are 5 of 64.
        let test = try #require(SignedRank([-1, -2, 3, 4, 5, 6]))
        #expect(abs(test.probability - 2 * 5.0 / 64) < 1e-12)
        #expect(SignedRank([]) == nil)
        #expect(SignedRank([0, 0])?.probability == 1)
    }

    @Test func `many differences come near to the exact ones`() throws {
        let few = (1...200).map { Double($0) * ($0 % 7 < 3 ? -1 : 1) }
        // One more of the least rank; from here on the distribution is the normal one.
        let many = few + [0.5]
        let (exact, normal) = (try #require(SignedRank(few)), try #require(SignedRank(many)))
        #expect(abs(exact.probability - normal.probability) / exact.probability < 0.05)
        #expect(try #require(SignedRank(few.map(-))).probability == exact.probability)
    }

    @Test func `the shift is in its interval, which is as wide as its distribution says`() throws {
        let test = try #require(SignedRank([1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(test.shift == 4.5)
        // Sums of ranks up to 3 are 5 of 256, up to 4 are 7: the fourth of 36 means from either end.
        #expect(test.interval == 2...7)
        #expect(SignedRank([1, 2, 3])?.interval == nil)
    }
}
