import JSONLines
import Judging

/// What a history holds, as people and programs read it.
package enum HistoryReport {
    /// Of `list`, `show` and `trend`.
    package static let formats = ["text", "json"]
    package static let format: Int64 = 1

    // MARK: list

    /// A run a line, the newest last: where a terminal is looked at.
    package static func list(_ runs: [StoredRun], color: Bool) -> String {
        let head = ["id", "stored", "verdict", "seed", "scenario", "build", "branch"]
        let rows = runs.map { run in
            [
                String(run.id), UTCDate.text(run.storedAt), run.result.judgement.verdict.rawValue,
                String(run.result.seed),
                run.result.scenario + (run.result.lab == "virtual" ? "" : " (\(run.result.lab))"),
                run.result.build.text, run.origin.branch ?? "",
            ].map { Terminal.cut(Terminal.clean($0), to: 48) }
        }
        let widths = head.indices.map { place in ([head] + rows).map { $0[place].count }.max() ?? 0 }
        let line = { (cells: [String]) -> [String] in
            cells.enumerated().map { Terminal.padded($1, to: widths[$0], left: ![0, 3].contains($0)) }
        }
        var text = Terminal.styled(trimmed(line(head)), .faint, color: color) + "\n"
        for (run, row) in zip(runs, rows) {
            var cells = line(row)
            cells[2] = Terminal.styled(cells[2], run.result.judgement.verdict.style, color: color)
            text += trimmed(cells) + "\n"
        }
        return text
    }

    private static func trimmed(_ cells: [String]) -> String {
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }

    package static func list(_ runs: [StoredRun]) -> JSON {
        ["format": .integer(format), "runs": .array(runs.map(run))]
    }

    // MARK: show

    package static func show(_ run: StoredRun, color: Bool) -> String {
        var rows = [("stored", "\(UTCDate.text(run.storedAt)) as run \(run.id)")]
        if !run.result.build.text.isEmpty { rows.append(("build", run.result.build.text)) }
        if let branch = run.origin.branch { rows.append(("branch", branch)) }
        if let commit = run.origin.commit { rows.append(("commit", commit)) }
        // Of a run that did not pass the report above says where it is, and how it is played again.
        if run.result.judgement.verdict == .pass {
            if let recording = run.result.recording { rows.append(("recording", recording)) }
            if !run.result.command.isEmpty { rows.append(("again", run.result.command)) }
        }
        if let sha256 = run.result.sha256 { rows.append(("sha256", sha256)) }
        rows += run.result.figures.map { ("figure", "\($0.name): \(ComparisonReport.figure($0.seconds, "s"))") }
        let width = rows.map(\.0.count).max() ?? 0
        return TextReport.run(run.result, color: color) + "\n"
            + rows.map { "\(Terminal.padded($0.0, to: width))  \(Terminal.clean($0.1))\n" }.joined()
    }

    /// As in a report, with what the history knows of it; findings without evidence.
    package static func run(_ run: StoredRun) -> JSON {
        guard case .object(let members) = JSONReport.run(run.result) else { return .null }
        return .object(
            [
                .init("id", .integer(run.id)), .init("stored", .string(UTCDate.text(run.storedAt))),
                .init("branch", text(run.origin.branch)), .init("commit", text(run.origin.commit)),
            ] + members)
    }

    private static func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

    // MARK: trend

    package static func trend(_ trend: Trend, color: Bool) -> String {
        trend.courses.map { course in
            let lab = course.lab == "virtual" ? "" : " (\(course.lab) lab)"
            var text = Terminal.styled(Terminal.clean(course.scenario) + lab, .bold, color: color) + "\n"
            let own = course.groups.map { Terminal.cut(Terminal.clean($0.name), to: 40) }
            let width = max(own.map(\.count).max() ?? 0, trend.grouping.rawValue.count)
            text += row(trend.grouping.rawValue, width, ["runs", "pass", "fail", "other", "first", "last"]) + "\n"
            for (group, name) in zip(course.groups, own) {
                let (pass, fail) = (group.verdicts[.pass] ?? 0, group.verdicts[.fail] ?? 0)
                let cells = [group.runs, pass, fail, group.runs - pass - fail].map(String.init)
                text += row(name, width, cells + [group.firstStored, group.lastStored].map(UTCDate.dayText)) + "\n"
            }
            return text + course.metrics.map { metric($0, width) }.joined()
        }.joined(separator: "\n")
    }

    private static func metric(_ metric: Trend.Metric, _ width: Int) -> String {
        let name = Terminal.cut(Terminal.clean(metric.name), to: Terminal.width - 4)
        let head = row("", width, ["runs", "median", "lowest", "highest", "change"])
        return "\n  \(name)\n\(head)\n"
            + metric.points.map { point in
                let figures = [point.median, point.lowest, point.highest].map {
                    ComparisonReport.figure($0, metric.unit)
                }
                let group = Terminal.cut(Terminal.clean(point.group), to: 40)
                return row(group, width, [String(point.runs)] + figures + [change(point)]) + "\n"
            }.joined()
    }

    private static func change(_ point: Trend.Point) -> String {
        guard let change = point.change else { return "" }
        return "\(change > 0 ? "+" : "")\(TimeText.rounded(change * 100, digits: 1)) %"
    }

    private static func row(_ name: String, _ width: Int, _ cells: [String]) -> String {
        trimmed(["   " + Terminal.padded(name, to: width)] + cells.map { Terminal.padded($0, to: 12, left: false) })
    }

    package static func trend(_ trend: Trend) -> JSON {
        [
            "format": .integer(format), "by": .string(trend.grouping.rawValue),
            "courses": .array(
                trend.courses.map { course in
                    [
                        "scenario": .string(course.scenario), "lab": .string(course.lab),
                        "groups": .array(course.groups.map(group)), "metrics": .array(course.metrics.map(metric)),
                    ]
                }),
        ]
    }

    private static func group(_ group: Trend.Group) -> JSON {
        let verdicts = Verdict.precedence.reversed().compactMap { verdict in
            group.verdicts[verdict].map { JSON.Member(verdict.rawValue, .integer(Int64($0))) }
        }
        return [
            "name": .string(group.name), "runs": .integer(Int64(group.runs)), "verdicts": .object(verdicts),
            "first": .string(UTCDate.text(group.firstStored)), "last": .string(UTCDate.text(group.lastStored)),
        ]
    }

    private static func metric(_ metric: Trend.Metric) -> JSON {
        let points = metric.points.map { point -> JSON in
            [
                "group": .string(point.group), "runs": .integer(Int64(point.runs)), "median": .number(point.median),
                "lowest": .number(point.lowest), "highest": .number(point.highest),
                "change": point.change.map { .number($0) } ?? .null,
            ]
        }
        return ["name": .string(metric.name), "unit": .string(metric.unit), "points": .array(points)]
    }
}
