import Judging
import Recordings

extension ReportFormat {
    static let markdown = ReportFormat(
        name: "markdown", summary: "Markdown for a pull request or a job summary: a table, then each failure folded.",
        fileName: "report.md", suite: MarkdownReport.text)
}

/// For whoever reviews a change: what broke at a glance, what is behind it on a click. In the dialect of GitHub and
/// GitLab; of hostile texts nothing becomes markup, a link or a mention.
package enum MarkdownReport {
    /// Bytes. A comment on GitHub holds 65,536 characters; what does not fit is counted.
    static let longest = 60_000

    package static func text(_ results: [RunResult]) -> String {
        var text = head(results) + "\n"
        let groups = grouped(results)
        var rows = 0
        for group in groups {
            let row = row(group)
            guard text.utf8.count + row.utf8.count < longest - 10_000 else { break }
            text += row
            rows += 1
        }
        if rows < groups.count { text += "\n\(groups.count - rows) more scenarios are not shown.\n" }
        var untold = 0
        for result in results where result.judgement.verdict != .pass {
            let details = details(result)
            if text.utf8.count + details.utf8.count < longest {
                text += "\n" + details
            } else {
                untold += 1
            }
        }
        if untold > 0 {
            text += "\n\(untold) more \(untold == 1 ? "run" : "runs") did not pass; the other reports tell.\n"
        }
        return text
    }

    private static func head(_ results: [RunResult]) -> String {
        let counts = Verdict.precedence.compactMap { verdict -> String? in
            let count = results.count { $0.judgement.verdict == verdict }
            return count == 0 ? nil : "\(symbol(verdict)) \(count) \(verdict.rawValue)"
        }
        let verdict = Verdict.worst(results.map(\.judgement.verdict)) ?? .void
        var text = "## \(symbol(verdict)) Halfopen: \(results.count) \(results.count == 1 ? "run" : "runs")"
        if !counts.isEmpty { text += ", " + counts.joined(separator: ", ") }
        let played = Duration.seconds(results.reduce(0) { $0 + $1.virtualSeconds }).timelineText
        text +=
            "\n\n\(played) played in \(TimeText.rounded(results.reduce(0) { $0 + $1.wallSeconds }, digits: 1)) s.\n\n"
        guard !results.isEmpty else { return text }
        return text + "| verdict | scenario | client | runs that pass | figure | bound |\n|---|---|---|--:|--:|--:|"
    }

    /// Runs of one scenario in one lab, whatever their seeds, in the order of their first.
    private static func grouped(_ results: [RunResult]) -> [[RunResult]] {
        var places: [String: Int] = [:]
        var groups: [[RunResult]] = []
        for result in results {
            let key = "\(result.scenario) \(result.lab)"
            if let place = places[key] {
                groups[place].append(result)
            } else {
                places[key] = groups.count
                groups.append([result])
            }
        }
        return groups
    }

    private static func row(_ group: [RunResult]) -> String {
        let verdict = Verdict.worst(group.map(\.judgement.verdict)) ?? .void
        let passed = group.count { $0.judgement.verdict == .pass }
        let worst = group.filter { $0.judgement.verdict == verdict }.compactMap(\.keyFinding)
            .max { ($0.measured ?? 0) < ($1.measured ?? 0) }
        let lab = group[0].lab == "virtual" ? "" : " (\(escaped(group[0].lab)) lab)"
        return "| \(symbol(verdict)) \(verdict.rawValue) | \(escaped(group[0].scenario))\(lab) "
            + "| \(escaped(group[0].clients.joined(separator: ", "))) | \(passed) of \(group.count) "
            + "| \(escaped(worst?.measuredText ?? "")) | \(escaped(worst?.boundText ?? "")) |\n"
    }

    private static func details(_ result: RunResult) -> String {
        let judgement = result.judgement
        var text = "<details><summary>\(symbol(judgement.verdict)) <b>\(escaped(result.scenario))</b>, "
        text += "seed \(result.seed): \(judgement.verdict.rawValue)</summary>\n\n"
        for reason in judgement.reasons { text += "\(escaped(reason))\n\n" }
        let told = Set(judgement.reasons)
        for finding in judgement.findings where finding.verdict != .pass {
            text += "- **\(finding.verdict.rawValue)**: \(escaped(finding.expectation))\n"
            if !told.contains(finding.summary) { text += "  <br>\(escaped(finding.summary))\n" }
            for evidence in finding.evidence {
                let at =
                    evidence.at.magnitude < 9e9
                    ? Duration.seconds(evidence.at).timelineText : TimeText.rounded(evidence.at, digits: 3)
                text += "  - \(escaped(at)): \(escaped(evidence.text)) (line \(evidence.line))\n"
            }
        }
        return text + "\nAgain: \(code(result.command))\n\n</details>\n"
    }

    private static func symbol(_ verdict: Verdict) -> String {
        switch verdict {
        case .pass: "✅"
        case .fail: "❌"
        case .void: "⚪"
        case .unsupported: "➖"
        case .error: "💥"
        }
    }

    /// Longer texts are cut: one line of a megabyte would leave no room for the others.
    private static let longestText = 2000

    /// As text: on one line, every character that Markdown or HTML could take for its own escaped; mentions and bare
    /// links are broken by an empty comment, which shows as nothing.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        let scalars = Array(Terminal.cut(Terminal.clean(text), to: longestText).unicodeScalars)
        for (place, scalar) in scalars.enumerated() {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "@": escaped += "@<!-- -->"
            case ":" where place + 1 < scalars.count && scalars[place + 1] == "/": escaped += ":<!-- -->"
            case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "!", "$": escaped += "\\\(scalar)"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A code span whatever is in it.
    private static func code(_ text: String) -> String {
        let clean = Terminal.clean(text)
        var (longest, current) = (0, 0)
        for character in clean {
            current = character == "`" ? current + 1 : 0
            longest = max(longest, current)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return longest == 0 ? "`\(clean)`" : "\(fence) \(clean) \(fence)"
    }
}
