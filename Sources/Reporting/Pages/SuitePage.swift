import Judging
import Recordings

/// Many runs as a matrix of scenarios against clients; each cell leads to its runs, and these to their pages. Where a
/// scenario stands is said by its tags, as in the table of clients.
package enum SuitePage {
    private struct Cell {
        var row: String
        var column: String
        var results: [RunResult]
    }

    package static func html(_ results: [RunResult]) -> String {
        var (rows, columns, cells): ([String], [String], [String: Cell]) = ([], [], [:])
        for result in results {
            let (column, row) = (ClientTable.label(result, "client:"), ClientTable.label(result, "theme:"))
            if !rows.contains(row) { rows.append(row) }
            if !columns.contains(column) { columns.append(column) }
            cells["\(row)\n\(column)", default: Cell(row: row, column: column, results: [])].results.append(result)
        }
        let placed = rows.flatMap { row in columns.compactMap { cells["\(row)\n\($0)"] } }
        let names = Dictionary(
            placed.enumerated().map { ("\($0.element.row)\n\($0.element.column)", "cell-\($0.offset)") }
        ) {
            first, _ in first
        }
        var body = "<main>\n\(head(results))"
        if !results.isEmpty {
            body +=
                "<h2>Scenario against client</h2>\n<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th></th>"
            body +=
                columns.map { "<th scope=\"col\">\(HTML.text($0, limit: 80))</th>" }.joined() + "</tr></thead><tbody>\n"
            for row in rows {
                body += "<tr><th scope=\"row\">\(HTML.text(row, limit: 80))</th>"
                for column in columns {
                    let key = "\(row)\n\(column)"
                    body += "<td>\(cells[key].map { cell($0, names[key] ?? "") } ?? "")</td>"
                }
                body += "</tr>\n"
            }
            body += "</tbody></table></div>\n<h2>Runs</h2>\n"
        }
        for cell in placed { body += section(cell, names["\(cell.row)\n\(cell.column)"] ?? "") }
        return HTML.page(title: "Halfopen: \(results.count) runs", body: body + "</main>")
    }

    private static func head(_ results: [RunResult]) -> String {
        let worst = Verdict.worst(results.map(\.judgement.verdict)) ?? .void
        let counts = Verdict.precedence.compactMap { verdict -> String? in
            let count = results.count { $0.judgement.verdict == verdict }
            return count == 0 ? nil : "<span class=\"\(verdict.rawValue)\">\(count) \(verdict.rawValue)</span>"
        }
        let played = Duration.seconds(results.reduce(0) { $0 + $1.virtualSeconds }).timelineText
        let verdicts = counts.joined(separator: ", ")
        let took = TimeText.rounded(results.reduce(0) { $0 + $1.wallSeconds }, digits: 1)
        return
            "<header><h1>\(HTML.badge(worst.rawValue)) \(results.count) \(results.count == 1 ? "run" : "runs")</h1>\n"
            + "<p>\(verdicts)</p>\n<p class=\"faint\">\(played) played in \(took) s.</p></header>\n"
    }

    private static func cell(_ cell: Cell, _ name: String) -> String {
        let verdict = Verdict.worst(cell.results.map(\.judgement.verdict)) ?? .void
        let like = cell.results.filter { $0.judgement.verdict == verdict }
        var html = "<a href=\"#\(name)\">\(HTML.badge(verdict.rawValue))"
        if cell.results.count > 1 { html += " \(like.count) of \(cell.results.count)" }
        let worst = like.compactMap(\.keyFinding).max { ($0.measured ?? 0) < ($1.measured ?? 0) }
        if let worst {
            html += "<br><span class=\"faint\">\(HTML.text(worst.measuredText))"
            if worst.bound != nil { html += " of \(HTML.text(worst.boundText))" }
            html += "</span>"
        }
        return html + "</a>"
    }

    private static func section(_ cell: Cell, _ name: String) -> String {
        var html =
            "<section id=\"\(name)\" tabindex=\"-1\">\n<h3>\(HTML.text(cell.row)): \(HTML.text(cell.column))</h3>\n"
        let failed = cell.results.contains { $0.judgement.verdict != .pass }
        html += "<details\(failed ? " open" : "")><summary>\(cell.results.count) "
        html += "\(cell.results.count == 1 ? "run" : "runs")</summary>\n"
        html += "<div class=\"scroll\"><table><thead><tr><th>run</th><th>verdict</th>"
        html += "<th>what decided</th></tr></thead><tbody>\n"
        for result in cell.results {
            let title = "\(HTML.text(result.scenario)), seed \(result.seed)"
            let link = result.page.map { "<a href=\"\(HTML.text(address($0)))\">\(title)</a>" } ?? title
            html += "<tr><td>\(link)<br><code class=\"faint\">\(HTML.text(result.command))</code></td>"
            html += "<td>\(HTML.badge(result.judgement.verdict.rawValue))</td><td>\(decided(result))</td></tr>\n"
        }
        return html + "</tbody></table></div></details></section>\n"
    }

    private static func decided(_ result: RunResult) -> String {
        let told = result.judgement.findings.filter { $0.verdict != .pass }
        let texts = told.map { finding -> String in
            let summary = HTML.text(finding.summary)
            return "<p>\(HTML.badge(finding.verdict.rawValue)) \(HTML.text(finding.expectation))<br>\(summary)</p>"
        }
        let summaries = Set(told.map(\.summary))
        let reasons = result.judgement.reasons.filter { !summaries.contains($0) }.map { "<p>\(HTML.text($0))</p>" }
        return (reasons + texts).joined()
    }

    /// A relative link to a file, whatever its name has in it.
    private static func address(_ path: String) -> String {
        path.utf8.reduce(into: "") { address, byte in
            let character = Character(Unicode.Scalar(byte))
            let isPlain = character.isASCII && (character.isLetter || character.isNumber) || "-_./".contains(character)
            address +=
                isPlain ? "\(character)" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
}
