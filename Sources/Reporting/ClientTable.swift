import Judging

/// The closing table of a demo: a row for each client, a column for each theme, in the order of their first runs.
///
/// A scenario says where it belongs by its tags: `client:paho-mqtt` and `theme:nat-expiry`. Without them the names of
/// its client actors, and its own name, stand in.
package enum ClientTable {
    private struct Cell {
        var results: [RunResult] = []
    }

    private struct Part {
        var text: String
        var verdict: Verdict?
        var width: Int
    }

    /// Empty when there are no results.
    package static func text(_ results: [RunResult], color: Bool) -> String {
        var clients: [String] = []
        var themes: [String] = []
        var cells: [String: [String: Cell]] = [:]
        for result in results {
            let (client, theme) = (label(result, "client:"), label(result, "theme:"))
            if !clients.contains(client) { clients.append(client) }
            if !themes.contains(theme) { themes.append(theme) }
            cells[client, default: [:]][theme, default: Cell()].results.append(result)
        }
        guard !clients.isEmpty else { return "" }
        let first = min(24, clients.map(\.count).max() ?? 0)
        let widths = themes.map { theme in
            min(
                28, max(theme.count, clients.compactMap { cells[$0]?[theme].map { summary($0).text.count } }.max() ?? 0)
            )
        }
        var text = ""
        for columns in fitting(widths, beside: first) {
            if !text.isEmpty { text += "\n" }
            text += row("", columns.map { Part(text: themes[$0], width: widths[$0]) }, first, color: color)
            text += String(repeating: "─", count: first + columns.reduce(0) { $0 + widths[$1] + 3 }) + "\n"
            for client in clients {
                let parts = columns.map { column -> Part in
                    let figure = cells[client]?[themes[column]].map { summary($0) }
                    return Part(text: figure?.text ?? "·", verdict: figure?.verdict, width: widths[column])
                }
                text += row(client, parts, first, color: color)
            }
        }
        return text
    }

    static func label(_ result: RunResult, _ prefix: String) -> String {
        if let tag = result.tags.first(where: { $0.hasPrefix(prefix) && $0.count > prefix.count }) {
            return Terminal.clean(String(tag.dropFirst(prefix.count)))
        }
        if prefix == "client:", !result.clients.isEmpty {
            return Terminal.clean(result.clients.joined(separator: "+"))
        }
        return Terminal.clean(result.scenario)
    }

    /// The columns of each piece of the table, so that no piece is wider than a report.
    private static func fitting(_ widths: [Int], beside first: Int) -> [[Int]] {
        var pieces: [[Int]] = []
        var piece: [Int] = []
        var used = first
        for (column, width) in widths.enumerated() {
            if !piece.isEmpty, used + width + 3 > Terminal.width {
                pieces.append(piece)
                piece = []
                used = first
            }
            piece.append(column)
            used += width + 3
        }
        return pieces + [piece]
    }

    private static func row(
        _ name: String, _ parts: [Part], _ first: Int, color: Bool
    ) -> String {
        var line = Terminal.padded(Terminal.cut(name, to: first), to: first)
        for part in parts {
            let text = Terminal.padded(Terminal.cut(part.text, to: part.width), to: part.width)
            line += " │ " + (part.verdict.map { Terminal.styled(text, $0.style, color: color) } ?? text)
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }

    /// The verdict and the figure that says most: `FAIL 117 s > 30 s`, `pass 6.02 s`; of several runs the worst, and
    /// how many were like it: `FAIL 3/20 ...`.
    private static func summary(_ cell: Cell) -> (text: String, verdict: Verdict) {
        let verdict = Verdict.worst(cell.results.map(\.judgement.verdict)) ?? .void
        let like = cell.results.filter { $0.judgement.verdict == verdict }
        let worst = like.compactMap(\.keyFinding).max { ($0.measured ?? 0) < ($1.measured ?? 0) }
        var text = verdict == .pass ? "pass" : verdict.rawValue.uppercased()
        if cell.results.count > 1 { text += " \(like.count)/\(cell.results.count)" }
        if let worst {
            text += " \(worst.measuredText)"
            if verdict == .fail, worst.bound != nil, worst.unit == "s" { text += " > \(worst.boundText)" }
        }
        return (Terminal.clean(text), verdict)
    }
}
