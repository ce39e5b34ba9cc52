import Reporting
import Running

/// How options name formats of reports.
enum Formats {
    static let onOutput =
        ReportFormat.ofVerdicts.map(\.name).joined(separator: ", ")
        + ": what standard output ends with\n(default text)"

    /// `--format`, one that is made of verdicts alone.
    static func chosen(_ arguments: Arguments) throws(UsageError) -> ReportFormat {
        let names = ReportFormat.ofVerdicts.map(\.name)
        return try named(try arguments.choice("--format", names, default: "text"))
    }

    static func named(_ name: String) throws(UsageError) -> ReportFormat {
        if let format = ReportFormat.named(name) { return format }
        let names = ReportFormat.all.map(\.name).joined(separator: ", ")
        throw UsageError("there is no format \"\(name)\"; known are \(names)")
    }

    /// Every `--report FORMAT` or `--report FORMAT=FILE`.
    static func orders(_ arguments: Arguments) throws(UsageError) -> [Reports.Order] {
        var orders: [Reports.Order] = []
        for text in arguments.texts("--report") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 1 || !parts[1].isEmpty else {
                throw UsageError("--report \(text) names no file: \(parts[0])=FILE, or \(parts[0]) alone")
            }
            orders.append(Reports.Order(try named(parts[0]), path: parts.count == 2 ? parts[1] : nil))
        }
        return orders
    }

    /// As standard output has it.
    static func text(_ format: ReportFormat, _ results: [RunResult]) -> String {
        if format.name == "text" { return TextReport.text(results, color: Output.hasColour) }
        return (format.lastLine ?? format.suite)?(results) ?? ""
    }
}
