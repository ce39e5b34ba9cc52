import Judging

/// Two sets of runs held against each other, one run against the one of the same scenario, lab and seed: what changed
/// for the worse, by how much, and whether that can be chance. A pure function of their results.
package struct Comparison: Sendable {
    /// A pair whose verdict is another one now.
    package struct Change: Sendable {
        package var scenario: String
        package var lab: String
        package var seed: UInt64
        package var old: Verdict
        package var new: Verdict
        package var isWorse: Bool { Comparison.weight(new) > Comparison.weight(old) }
    }

    /// What one expectation measured in all pairs of a scenario.
    package struct Metric: Sendable {
        package enum Outcome: String, Sendable {
            /// Beyond chance and beyond the tolerance.
            case worse, better
            /// Beyond chance, and too little to matter.
            case tolerated
            case same
            /// A difference that so few pairs cannot tell from chance.
            case untold
        }
        package var scenario: String
        package var lab: String
        package var expectation: String
        package var unit: String
        package var oldMedian: Double
        package var newMedian: Double
        package var test: SignedRank
        /// As it counts when so many metrics were tested, after Holm.
        package var probability: Double
        package var moreIsBetter: Bool
        package var outcome: Outcome
    }

    package private(set) var changes: [Change] = []
    /// Worse ones first.
    package private(set) var metrics: [Metric] = []
    package private(set) var pairs = 0
    /// Runs without a partner.
    package private(set) var onlyOld = 0
    package private(set) var onlyNew = 0
    package let tolerance: Double

    /// Chance of calling anything a difference in a set of runs where there is none.
    package static let error = 0.01
    /// Fewer pairs cannot be told from chance at this error, however they differ.
    package static let fewestPairs = 8

    private struct Name: Hashable {
        var scenario: String
        var lab: String
        var seed: UInt64
    }

    /// - Parameter tolerance: a share of the old median; what changed by no more is no regression.
    package init(_ old: [RunResult], _ new: [RunResult], tolerance: Double = 0.05) {
        self.tolerance = tolerance
        let name = { (run: RunResult) in Name(scenario: run.scenario, lab: run.lab, seed: run.seed) }
        // Of runs that were given twice the last counts.
        let before = Dictionary(old.map { (name($0), $0) }) { _, last in last }
        let after = Dictionary(new.map { (name($0), $0) }) { _, last in last }
        let both = before.keys.filter { after[$0] != nil }
            .sorted { ($0.scenario, $0.lab, $0.seed) < ($1.scenario, $1.lab, $1.seed) }
        pairs = both.count
        (onlyOld, onlyNew) = (before.count - both.count, after.count - both.count)
        var gathered: [(scenario: String, lab: String, runs: [(RunResult, RunResult)])] = []
        for name in both {
            guard let one = before[name], let other = after[name] else { continue }
            if one.judgement.verdict != other.judgement.verdict {
                changes.append(
                    Change(
                        scenario: name.scenario, lab: name.lab, seed: name.seed, old: one.judgement.verdict,
                        new: other.judgement.verdict))
            }
            if gathered.last?.scenario == name.scenario, gathered.last?.lab == name.lab {
                gathered[gathered.count - 1].runs.append((one, other))
            } else {
                gathered.append((name.scenario, name.lab, [(one, other)]))
            }
        }
        changes.sort {
            ($0.isWorse ? 0 : 1, Comparison.weight($1.new)) < ($1.isWorse ? 0 : 1, Comparison.weight($0.new))
        }
        metrics = gathered.flatMap { Comparison.metrics($0.scenario, $0.lab, $0.runs) }
        correct()
    }

    /// How bad a verdict is.
    private static func weight(_ verdict: Verdict) -> Int {
        switch verdict {
        case .pass: 0
        case .unsupported, .void: 1
        case .fail: 2
        case .error: 3
        }
    }

    /// A verdict that is fail or error now and was not, in a scenario where as many did not get better; or a metric
    /// that is worse.
    package var hasRegressed: Bool {
        if metrics.contains(where: { $0.outcome == .worse }) { return true }
        return Set(changes.map { "\($0.scenario) \($0.lab)" }).contains { name in
            let own = changes.filter { "\($0.scenario) \($0.lab)" == name }
            let worse = own.count { $0.isWorse && ($0.new == .fail || $0.new == .error) }
            return worse > own.count { !$0.isWorse }
        }
    }

    /// Nothing got worse, and yet it proves less than before: no pairs, or runs that passed are void now.
    package var isInconclusive: Bool {
        pairs == 0 || changes.contains { $0.old == .pass && ($0.new == .void || $0.new == .unsupported) }
    }

    /// Every expectation that measured something in both runs of a pair.
    private static func metrics(_ scenario: String, _ lab: String, _ runs: [(RunResult, RunResult)]) -> [Metric] {
        struct Series {
            var name: String
            var unit: String
            var old: [Double] = []
            var new: [Double] = []
            var moreIsBetter = false
        }
        var series: [Series] = []
        var places: [String: Int] = [:]
        for (old, new) in runs {
            let (before, after) = (named(old), named(new))
            for (key, finding) in before {
                guard let partner = after.first(where: { $0.key == key })?.finding else { continue }
                guard let one = finding.measured, let other = partner.measured, one.isFinite, other.isFinite else {
                    continue
                }
                if places[key] == nil {
                    places[key] = series.count
                    series.append(Series(name: finding.expectation, unit: finding.unit))
                }
                guard let place = places[key] else { continue }
                series[place].old.append(one)
                series[place].new.append(other)
                if isLower(finding) || isLower(partner) { series[place].moreIsBetter = true }
            }
        }
        return series.compactMap { series in
            guard let test = SignedRank(zip(series.new, series.old).map(-)) else { return nil }
            return Metric(
                scenario: scenario, lab: lab, expectation: series.name, unit: series.unit,
                oldMedian: Quantiles.median(series.old) ?? 0, newMedian: Quantiles.median(series.new) ?? 0, test: test,
                probability: test.probability, moreIsBetter: series.moreIsBetter, outcome: .same)
        }
    }

    /// A scenario may owe the same twice. Figures that nobody owed are compared as findings without a bound.
    private static func named(_ run: RunResult) -> [(key: String, finding: Finding)] {
        var counts: [String: Int] = [:]
        let figures = run.figures.map {
            Finding(expectation: $0.name, verdict: .pass, measured: $0.seconds, unit: "s", summary: "")
        }
        return (run.judgement.findings + figures).map { finding in
            counts[finding.expectation, default: 0] += 1
            return ("\(counts[finding.expectation] ?? 1) \(finding.unit) \(finding.expectation)", finding)
        }
    }

    /// Its bound is one from below, as it was kept above it or broken below it.
    private static func isLower(_ finding: Finding) -> Bool {
        guard let measured = finding.measured, let bound = finding.bound else { return false }
        return finding.verdict == .pass ? measured > bound : finding.verdict == .fail && measured < bound
    }

    private mutating func correct() {
        let tested = metrics.indices.filter { metrics[$0].test.pairs >= Comparison.fewestPairs }
        let corrected = MultipleTests.corrected(tested.map { metrics[$0].test.probability })
        for (place, probability) in zip(tested, corrected) { metrics[place].probability = probability }
        let isTested = Set(tested)
        for place in metrics.indices {
            metrics[place].outcome = outcome(metrics[place], isTested: isTested.contains(place))
        }
        let order: [Metric.Outcome] = [.worse, .better, .tolerated, .untold, .same]
        metrics = order.flatMap { outcome in metrics.filter { $0.outcome == outcome } }
    }

    private func outcome(_ metric: Metric, isTested: Bool) -> Metric.Outcome {
        if metric.test.differing == 0 { return .same }
        guard isTested else { return .untold }
        guard metric.probability < Comparison.error else { return .same }
        guard metric.test.shift.magnitude > tolerance * metric.oldMedian.magnitude else { return .tolerated }
        return (metric.test.shift > 0) == metric.moreIsBetter ? .better : .worse
    }
}
