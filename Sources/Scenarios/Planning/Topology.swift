/// Which addresses a host reaches, and through which of its links: the shortest way, the first in the file of equals.
///
/// Every host with several links forwards. A NAT router lets nobody from its outside in: from there only its outside
/// address is reached, whatever stands behind it.
struct Topology {
    private let hosts: [HostPlan]
    private let links: [LinkPlan]
    /// Indices of the links of each host, in the order of the file.
    private let linksOf: [String: [Int]]
    private let outsides: [String: String]

    init(hosts: [HostPlan], links: [LinkPlan]) {
        self.hosts = hosts
        self.links = links
        var linksOf: [String: [Int]] = [:]
        for (index, link) in links.enumerated() {
            linksOf[link.first.host, default: []].append(index)
            linksOf[link.second.host, default: []].append(index)
        }
        self.linksOf = linksOf
        outsides = Dictionary(
            uniqueKeysWithValues: hosts.compactMap { host in host.nat.map { (host.name, $0.outside) } })
    }

    /// The links with `reaches` of both ends filled in.
    var linksWithRoutes: [LinkPlan] {
        var result = links
        for host in hosts {
            for (address, link) in routes(from: host.name) {
                if result[link].first.host == host.name {
                    result[link].first.reaches.append(address)
                } else {
                    result[link].second.reaches.append(address)
                }
            }
        }
        return result
    }

    /// A way out of a host: where it arrives, by which link, and the first link of the way.
    private struct Arrival {
        var host: String
        var by: Int
        var first: Int
    }

    /// Every address that is reached from `start`, nearest first, with the index of the link to take.
    private func routes(from start: String) -> [(address: String, link: Int)] {
        var result: [(address: String, link: Int)] = []
        var known: Set<String> = []
        // A link is crossed at most once each way; what arrives twice has come by a longer way.
        var crossed: Set<[Int]> = []
        var queue = (linksOf[start] ?? []).map { Arrival(host: links[$0].other(than: start), by: $0, first: $0) }
        var next = 0
        while next < queue.count {
            let arrival = queue[next]
            next += 1
            if arrival.host == start { continue }
            let isOutside = outsides[arrival.host] == links[arrival.by].name
            let own = linksOf[arrival.host] ?? []
            for index in own where !isOutside || index == arrival.by {
                let address = address(of: arrival.host, on: index)
                // An address on a link of our own is reached over that link, whichever way is first.
                let link = links[index].joins(start) ? index : arrival.first
                if known.insert(address).inserted { result.append((address, link)) }
            }
            if isOutside { continue }
            for index in own where index != arrival.by {
                let direction = links[index].first.host == arrival.host ? 0 : 1
                guard crossed.insert([index, direction]).inserted else { continue }
                queue.append(
                    Arrival(host: links[index].other(than: arrival.host), by: index, first: arrival.first))
            }
        }
        return result
    }

    private func address(of host: String, on link: Int) -> String {
        links[link].first.host == host ? links[link].first.hostAddress : links[link].second.hostAddress
    }
}

extension LabPlan {
    /// The same lab without some of its links, with the ways that are left.
    package func without(_ names: [String]) -> LabPlan {
        var rest = self
        rest.links = links.filter { !names.contains($0.name) }.map { link in
            var link = link
            link.first.reaches = []
            link.second.reaches = []
            return link
        }
        rest.links = Topology(hosts: hosts, links: rest.links).linksWithRoutes
        return rest
    }

    /// True when a packet from `host` finds its way to this address of another host.
    package func reaches(_ address: String, from host: String) -> Bool {
        links.contains { link in
            [link.first, link.second].contains { $0.host == host && $0.reaches.contains(address) }
        }
    }
}
