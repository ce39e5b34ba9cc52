import JSONLines
import Judging
import Recordings

/// A comparison as people and programs read it: verdicts that changed first, then metrics, worse ones first.
package enum ComparisonReport {
    /// One of `text`, `markdown`, `html`, `json`.
    package static let formats = ["text", "markdown", "html", "json"]

    package static func document(_ comparison: Comparison, format: String) -> String {
        switch format {
        case "json": json(comparison).line + "\n"
        case "markdown": markdown(comparison)
        case "html": html(comparison)
        default: text(comparison)
        }
    }

    /// `regressed`, `inconclusive` or `no regression`.
    package static func verdict(_ comparison: Comparison) -> String {
        comparison.hasRegressed ? "regressed" : comparison.isInconclusive ? "inconclusive" : "no regression"
    }

    private static func head(_ comparison: Comparison) -> String {
        let alone = [(comparison.onlyOld, "only old"), (comparison.onlyNew, "only new")].filter { $0.0 > 0 }
        let rest = alone.map { ", \($0.0) \($0.1)" }.joined()
        let worse = comparison.metrics.count { $0.outcome == .worse }
        let better = comparison.metrics.count { $0.outcome == .better }
        return "\(comparison.pairs) pairs of runs\(rest): \(comparison.changes.count) verdicts changed, "
            + "\(comparison.changes.count(where: \.isWorse)) for the worse; of \(comparison.metrics.count) metrics "
            + "\(worse) are worse and \(better) better"
    }

    private static let method =
        "Pairs of one scenario, lab and seed. Shift: the Hodges-Lehmann estimate with its 95 % interval. Effect: "
        + "the rank-biserial correlation, -1 to 1. p: Wilcoxon's signed-rank test, after Holm for all. "
        + "Worse, better: p below \(TimeText.rounded(Comparison.error, digits: 3)) and a shift beyond the tolerance."

    /// Those that say something.
    private static func told(_ comparison: Comparison) -> [Comparison.Metric] {
        comparison.metrics.filter { $0.outcome != .same }
    }

    static func figure(_ value: Double, _ unit: String, signed: Bool = false) -> String {
        let sign = signed && value > 0 ? "+" : ""
        if unit == "s", value.magnitude < 9e9 { return sign + Duration.seconds(value).lengthText }
        return sign + TimeText.rounded(value, digits: 2) + (unit.isEmpty ? "" : " \(unit)")
    }

    private static func shift(_ metric: Comparison.Metric) -> String {
        let interval = metric.test.interval.map { interval in
            let ends = [interval.lowerBound, interval.upperBound]
            return " [\(ends.map { figure($0, metric.unit, signed: true) }.joined(separator: ", "))]"
        }
        return figure(metric.test.shift, metric.unit, signed: true) + (interval ?? "")
    }

    private static func percent(_ metric: Comparison.Metric) -> String {
        guard metric.oldMedian != 0 else { return "" }
        let percent = metric.test.shift / metric.oldMedian.magnitude * 100
        return "\(percent > 0 ? "+" : "")\(TimeText.rounded(percent, digits: 1)) %"
    }

    private static func probability(_ metric: Comparison.Metric) -> String {
        metric.probability < 0.0001 ? "< 0.0001" : TimeText.rounded(metric.probability, digits: 4)
    }

    private static func effect(_ metric: Comparison.Metric) -> String {
        (metric.test.effect > 0 ? "+" : "") + TimeText.rounded(metric.test.effect, digits: 2)
    }

    private static func text(_ comparison: Comparison) -> String {
        var text = "\(verdict(comparison).uppercased())  \(head(comparison))\n"
        for change in comparison.changes {
            text += "  \(change.isWorse ? "worse " : "better")  \(change.old.rawValue) -> \(change.new.rawValue)  "
            text += "\(Terminal.clean(change.scenario)) seed \(change.seed), \(Terminal.clean(change.lab)) lab\n"
        }
        for metric in told(comparison) {
            let more = percent(metric).isEmpty ? "" : " (\(percent(metric)))"
            text += "  \(Terminal.padded(metric.outcome.rawValue, to: 9))  \(Terminal.clean(metric.scenario)): "
            text += "\(Terminal.cut(Terminal.clean(metric.expectation), to: 70))\n"
            text += "             median \(figure(metric.oldMedian, metric.unit)) -> "
            text += "\(figure(metric.newMedian, metric.unit)), shift \(shift(metric))\(more), "
            text += "effect \(effect(metric)), p \(probability(metric)), \(metric.test.pairs) pairs\n"
        }
        return text
    }

    private static let columns = ["", "scenario", "metric", "old", "new", "shift", "%", "effect", "p", "pairs"]

    private static func cells(_ metric: Comparison.Metric) -> [String] {
        [
            metric.outcome.rawValue, metric.scenario, metric.expectation, figure(metric.oldMedian, metric.unit),
            figure(metric.newMedian, metric.unit), shift(metric), percent(metric), effect(metric), probability(metric),
            "\(metric.test.pairs)",
        ]
    }

    /// Rows that a comment or a page can hold.
    private static let mostRows = 100

    private static func markdown(_ comparison: Comparison) -> String {
        let sign = comparison.hasRegressed ? "❌" : comparison.isInconclusive ? "⚪" : "✅"
        var text = "## \(sign) Halfopen: \(verdict(comparison))\n\n\(head(comparison)).\n"
        if !comparison.changes.isEmpty {
            text += "\n| | verdict | scenario | seed |\n|---|---|---|--:|\n"
            for change in comparison.changes.prefix(mostRows) {
                text += "| \(change.isWorse ? "worse" : "better") | \(change.old.rawValue) → \(change.new.rawValue) "
                text += "| \(MarkdownReport.escaped(change.scenario)) | \(change.seed) |\n"
            }
        }
        let metrics = told(comparison)
        if !metrics.isEmpty {
            text += "\n| \(columns.joined(separator: " | ")) |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|\n"
            for metric in metrics.prefix(mostRows) {
                text += "| \(cells(metric).map { MarkdownReport.escaped($0) }.joined(separator: " | ")) |\n"
            }
        }
        let left = max(0, comparison.changes.count - mostRows) + max(0, metrics.count - mostRows)
        if left > 0 { text += "\n\(left) more rows are not shown.\n" }
        return text + "\n<sub>\(method)</sub>\n"
    }

    private static func html(_ comparison: Comparison) -> String {
        let word = comparison.hasRegressed ? "fail" : comparison.isInconclusive ? "void" : "pass"
        var body = "<main><header><h1><span class=\"badge \(word)\">\(verdict(comparison).uppercased())</span> "
        body += "Comparison</h1>\n<p>\(HTML.text(head(comparison))).</p></header>\n"
        if !comparison.changes.isEmpty {
            body += "<h2>Verdicts</h2>\n<div class=\"scroll\"><table><thead><tr><th>was</th><th>is</th>"
            body += "<th>scenario</th><th class=\"figure\">seed</th></tr></thead><tbody>\n"
            for change in comparison.changes {
                body += "<tr><td>\(HTML.badge(change.old.rawValue))</td><td>\(HTML.badge(change.new.rawValue))</td>"
                body += "<td>\(HTML.text(change.scenario))</td><td class=\"figure\">\(change.seed)</td></tr>\n"
            }
            body += "</tbody></table></div>\n"
        }
        if !comparison.metrics.isEmpty {
            body += "<h2>Metrics</h2>\n<div class=\"scroll\"><table><thead><tr>"
            body += columns.map { "<th>\($0)</th>" }.joined() + "</tr></thead><tbody>\n"
            for metric in comparison.metrics {
                body += "<tr>" + cells(metric).map { "<td>\(HTML.text($0))</td>" }.joined() + "</tr>\n"
            }
            body += "</tbody></table></div>\n"
        }
        return HTML.page(
            title: "Halfopen: \(verdict(comparison))", body: body + "<p class=\"faint\">\(method)</p></main>")
    }

    private static func json(_ comparison: Comparison) -> JSON {
        [
            "format": 1, "verdict": .string(verdict(comparison)), "pairs": .integer(Int64(comparison.pairs)),
            "only_old": .integer(Int64(comparison.onlyOld)), "only_new": .integer(Int64(comparison.onlyNew)),
            "tolerance": .number(comparison.tolerance),
            "changes": .array(
                comparison.changes.map { change in
                    [
                        "scenario": .string(change.scenario), "lab": .string(change.lab),
                        "seed": JSON(exact: change.seed),
                        "old": .string(change.old.rawValue), "new": .string(change.new.rawValue),
                        "worse": .bool(change.isWorse),
                    ]
                }),
            "metrics": .array(comparison.metrics.map(json)),
        ]
    }

    private static func json(_ metric: Comparison.Metric) -> JSON {
        let interval = metric.test.interval.map { [JSON.number($0.lowerBound), .number($0.upperBound)] }
        return [
            "scenario": .string(metric.scenario), "lab": .string(metric.lab),
            "expectation": .string(metric.expectation), "unit": .string(metric.unit),
            "outcome": .string(metric.outcome.rawValue), "pairs": .integer(Int64(metric.test.pairs)),
            "old_median": .number(metric.oldMedian), "new_median": .number(metric.newMedian),
            "shift": .number(metric.test.shift), "interval": interval.map { .array($0) } ?? .null,
            "effect": .number(metric.test.effect), "p": .number(metric.probability),
            "more_is_better": .bool(metric.moreIsBetter),
        ]
    }
}
