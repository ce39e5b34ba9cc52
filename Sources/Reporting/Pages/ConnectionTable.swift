import Judging
import Recordings

/// Every TCP connection that a program opened: summed up by owner and destination above, each by itself below.
enum ConnectionTable {
    private static let mostRows = 300

    static func html(_ view: RunView) -> String {
        let all = view.inventory.connections
        guard !all.isEmpty else { return "<p class=\"faint\">No TCP connection was seen.</p>\n" }
        var html = "<details><summary>All \(all.count) connections"
        if all.count > mostRows { html += ", the first \(mostRows)" }
        html += "</summary>\n<div class=\"scroll\"><table><thead><tr><th>began</th><th>from</th><th>to</th>"
        html += "<th>encryption</th><th class=\"figure\">up after</th><th class=\"figure\">stood</th><th>ended</th>"
        html += "<th class=\"figure\">sent</th><th class=\"figure\">received</th>"
        html += "<th class=\"figure\">sent again</th></tr></thead><tbody>\n"
        for connection in all.prefix(mostRows) { html += row(connection, view) }
        return html + "</tbody></table></div></details>\n"
    }

    private static func row(_ connection: ConnectionInventory.Connection, _ view: RunView) -> String {
        let began = connection.began.time
        let up = connection.established.map { ($0.time - began).lengthText } ?? "never"
        let stood = connection.length(until: view.stop)?.lengthText ?? ""
        let ending = connection.endings.first
        let ended = ending.map { "\($0.isReset ? "reset" : "FIN") by \($0.byInitiator ? "client" : "server")" }
        let totals = connection.totals?.totals
        let owner = connection.owner.map { "\($0)" } ?? connection.host
        let session = connection.session.map { $0.isEmpty ? "" : " \($0)" } ?? ""
        let cells = [
            RunPage.go([view.microseconds(began)], view.at(began)),
            "\(HTML.text(owner + session)) <span class=\"faint\">\(HTML.text("\(connection.from)"))</span>",
            "\(HTML.text(connection.destination ?? "")) <span class=\"faint\">\(HTML.text("\(connection.to)"))</span>",
            HTML.text(encryption(connection)),
        ]
        let figures = [up, stood]
        let sums = [
            totals?.sent.bytes, totals?.received.bytes,
            totals.map { $0.sent.retransmitted + $0.received.retransmitted },
        ]
        var html = "<tr>" + cells.map { "<td>\($0)</td>" }.joined()
        html += figures.map { "<td class=\"figure\">\($0)</td>" }.joined()
        html += "<td>\(ended ?? (connection.established == nil ? "" : "open to the end"))</td>"
        html += sums.map { "<td class=\"figure\">\($0.map { "\($0)" } ?? "")</td>" }.joined()
        return html + "</tr>\n"
    }

    private static func encryption(_ connection: ConnectionInventory.Connection) -> String {
        if let choice = connection.choice { return "TLS \(choice.version)" }
        if connection.offer != nil { return "TLS, no answer" }
        if let plain = connection.plain { return "none" + (plain.guess.map { " (\($0))" } ?? "") }
        return ""
    }
}
