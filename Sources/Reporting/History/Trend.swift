import Judging

/// How runs of a history went from build to build, branch to branch, commit to commit or day to day: verdicts, and the
/// median of each metric. A pure function of the runs.
package struct Trend: Sendable {
    /// What makes runs one group.
    package enum Grouping: String, CaseIterable, Sendable { case build, branch, commit, day }

    /// The runs of one scenario in one lab.
    package struct Course: Sendable {
        package var scenario: String
        package var lab: String
        /// The group whose runs began first stands first.
        package var groups: [Group]
        package var metrics: [Metric]
    }

    /// The runs of one build, branch, commit or day.
    package struct Group: Sendable {
        package var name: String
        package var firstStored: Int64
        package var lastStored: Int64
        package var verdicts: [Verdict: Int] = [:]
        package var runs: Int { verdicts.values.reduce(0, +) }
    }

    /// What an expectation measured, or a figure of the clients.
    package struct Metric: Sendable {
        package var name: String
        package var unit: String
        /// One for each group that measured it, in their order.
        package var points: [Point]
    }

    /// One metric in one group.
    package struct Point: Sendable {
        package var group: String
        package var runs: Int
        package var median: Double
        package var lowest: Double
        package var highest: Double
        /// Of the median, against the group before it; nil of the first and where that one was zero.
        package var change: Double?
    }

    package let grouping: Grouping
    package private(set) var courses: [Course] = []

    /// - Parameters:
    ///   - runs: in the order in which they were stored.
    ///   - metric: only metrics whose names have this in them.
    package init(_ runs: [StoredRun], by grouping: Grouping, metric: String? = nil) {
        self.grouping = grouping
        var places: [String: Int] = [:]
        var gathered: [(scenario: String, lab: String, runs: [StoredRun])] = []
        for run in runs {
            let key = "\(run.result.lab) \(run.result.scenario)"
            if let place = places[key] {
                gathered[place].runs.append(run)
            } else {
                places[key] = gathered.count
                gathered.append((run.result.scenario, run.result.lab, [run]))
            }
        }
        gathered.sort { ($0.scenario, $0.lab) < ($1.scenario, $1.lab) }
        courses = gathered.map { item in
            let groups = Trend.groups(item.runs, by: grouping)
            let metrics = Trend.metrics(item.runs, by: grouping, groups.map(\.name), containing: metric)
            return Course(scenario: item.scenario, lab: item.lab, groups: groups, metrics: metrics)
        }
    }

    private static func name(_ run: StoredRun, by grouping: Grouping) -> String {
        let name: String? =
            switch grouping {
            case .build: run.result.build.text
            case .branch: run.origin.branch
            case .commit: run.origin.commit.map { String($0.prefix(12)) }
            case .day: UTCDate.dayText(run.storedAt)
            }
        return name.flatMap { $0.isEmpty ? nil : $0 } ?? "(untold)"
    }

    private static func groups(_ runs: [StoredRun], by grouping: Grouping) -> [Group] {
        var groups: [Group] = []
        for run in runs {
            let name = name(run, by: grouping)
            var place = groups.firstIndex { $0.name == name }
            if place == nil {
                place = groups.count
                groups.append(Group(name: name, firstStored: run.storedAt, lastStored: run.storedAt))
            }
            guard let place else { continue }
            groups[place].verdicts[run.result.judgement.verdict, default: 0] += 1
            groups[place].firstStored = min(groups[place].firstStored, run.storedAt)
            groups[place].lastStored = max(groups[place].lastStored, run.storedAt)
        }
        return groups
    }

    private static func metrics(
        _ runs: [StoredRun], by grouping: Grouping, _ groups: [String], containing wanted: String?
    ) -> [Metric] {
        struct Key: Hashable {
            var name: String
            var unit: String
        }
        var order: [Key] = []
        var values: [Key: [String: [Double]]] = [:]
        for run in runs {
            // What a run measured that proves nothing is no part of a trend.
            guard [.pass, .fail].contains(run.result.judgement.verdict) else { continue }
            let group = name(run, by: grouping)
            let findings = run.result.judgement.findings.compactMap { finding in
                finding.measured.map { (Key(name: finding.expectation, unit: finding.unit), $0) }
            }
            let figures = run.result.figures.map { (Key(name: $0.name, unit: "s"), $0.seconds) }
            for (key, value) in findings + figures where value.isFinite {
                if let wanted, !key.name.contains(wanted) { continue }
                if values[key] == nil { order.append(key) }
                values[key, default: [:]][group, default: []].append(value)
            }
        }
        return order.map { key in
            Metric(name: key.name, unit: key.unit, points: points(values[key] ?? [:], groups))
        }
    }

    private static func points(_ values: [String: [Double]], _ groups: [String]) -> [Point] {
        var points: [Point] = []
        for group in groups {
            guard let own = values[group]?.sorted(), let lowest = own.first, let highest = own.last,
                let median = Quantiles.median(own)
            else { continue }
            let before = points.last?.median
            let change = before.flatMap { $0 == 0 ? nil : (median - $0) / $0.magnitude }
            points.append(
                Point(
                    group: group, runs: own.count, median: median, lowest: lowest, highest: highest, change: change))
        }
        return points
    }
}
