import Judging
import Recordings
import Scenarios

/// The lab as a map: hosts with their actors, links between them, and who opened connections to whom.
enum HostMap {
    private static let (wide, tall, gapX, gapY) = (170.0, 26.0, 70.0, 26.0)

    static func html(_ view: RunView) -> String {
        let lab = view.scenario.lab
        guard !lab.hosts.isEmpty else { return "" }
        let columns = columns(lab, view.scenario.actors)
        var boxes: [String: (x: Double, y: Double, height: Double)] = [:]
        var lowest = 0.0
        for (number, column) in columns.enumerated() {
            var y = 10.0
            for host in column {
                let height = tall + 18 * Double(max(1, view.scenario.actors.count { $0.host == host })) + 8
                boxes[host] = (10 + Double(number) * (wide + gapX), y, height)
                y += height + gapY
            }
            lowest = max(lowest, y)
        }
        var svg = ""
        for link in lab.links {
            guard let from = boxes[link.first.host], let to = boxes[link.second.host] else { continue }
            let ends = [from, to].map { ($0.x + wide / 2, $0.y + $0.height / 2) }
            svg += "<line class=\"link\" x1=\"\(Chart.number(ends[0].0))\" y1=\"\(Chart.number(ends[0].1))\" "
            svg += "x2=\"\(Chart.number(ends[1].0))\" y2=\"\(Chart.number(ends[1].1))\"><title>\(HTML.text(link.name))"
            svg += "</title></line>"
        }
        for host in lab.hosts { svg += box(host, boxes[host.name], view) }
        let width = Double(columns.count) * (wide + gapX) - gapX + 20
        let talks = talks(view)
        let lines = talks.prefix(40).map { "<li>\(HTML.text($0))</li>" }.joined(separator: "\n")
        let more = talks.count > 40 ? "<li>and \(talks.count - 40) more pairs</li>" : ""
        return """
            <div class="charts"><section><h3>The lab</h3>
            <svg viewBox="0 0 \(Chart.number(width)) \(Chart.number(lowest))" \
            style="max-width:\(Chart.number(width * 1.1))px" role="img" \
            aria-label="\(HTML.text(told(lab)))">\(svg)</svg></section>
            <section><h3>Connections</h3><ul class="talks">
            \(lines)\(more)</ul></section></div>

            """
    }

    /// Hosts by how many links lie between them and the first client.
    private static func columns(_ lab: LabPlan, _ actors: [ActorPlan]) -> [[String]] {
        let first = actors.first { $0.role == .client }?.host ?? lab.hosts[0].name
        var depth: [String: Int] = [first: 0]
        var next = [first]
        while !next.isEmpty {
            var found: [String] = []
            for host in next {
                for link in lab.links {
                    for (one, other) in [(link.first.host, link.second.host), (link.second.host, link.first.host)]
                    where one == host && depth[other] == nil {
                        depth[other] = (depth[host] ?? 0) + 1
                        found.append(other)
                    }
                }
            }
            next = found
        }
        let deepest = depth.values.max() ?? 0
        return (0...deepest).map { level in lab.hosts.map(\.name).filter { (depth[$0] ?? 0) == level } }
    }

    private static func box(
        _ host: HostPlan, _ box: (x: Double, y: Double, height: Double)?, _ view: RunView
    ) -> String {
        guard let box else { return "" }
        let actors = view.scenario.actors.filter { $0.host == host.name }
        let addresses = host.addresses.joined(separator: ", ")
        var svg = "<rect class=\"box\" x=\"\(Chart.number(box.x))\" y=\"\(Chart.number(box.y))\" width=\"\(wide)\" "
        svg +=
            "height=\"\(Chart.number(box.height))\" rx=\"6\"><title>\(HTML.text(addresses))"
        svg += "</title></rect>"
        svg += Chart.text(box.x + 10, box.y + 18, Terminal.cut(host.name, to: 20) + (host.nat == nil ? "" : " (NAT)"))
        for (number, actor) in actors.enumerated() {
            let count = actor.count > 1 ? " × \(actor.count)" : ""
            let name = Terminal.cut(actor.name, to: 18)
            svg += Chart.text(
                box.x + 10, box.y + tall + 12 + 18 * Double(number), "\(name)\(count), \(actor.role.rawValue)",
                faint: true)
        }
        return svg
    }

    private static func told(_ lab: LabPlan) -> String {
        lab.links.prefix(40).map { "\($0.first.host) is linked to \($0.second.host)" }.joined(separator: "; ")
    }

    /// `subscriber to broker: 4 connections, 11 attempts without one`
    private static func talks(_ view: RunView) -> [String] {
        var pairs: [String] = []
        var counts: [String: (up: Int, failed: Int)] = [:]
        for connection in view.inventory.connections {
            let from = connection.owner?.actor ?? connection.host
            let pair = "\(from) to \(connection.destination ?? "\(connection.to)")"
            if counts[pair] == nil { pairs.append(pair) }
            var count = counts[pair] ?? (0, 0)
            if connection.established == nil { count.failed += 1 } else { count.up += 1 }
            counts[pair] = count
        }
        return pairs.map { pair in
            let count = counts[pair] ?? (0, 0)
            return "\(pair): \(count.up) \(count.up == 1 ? "connection" : "connections")"
                + (count.failed > 0 ? ", \(count.failed) attempts without one" : "")
        }
    }
}
