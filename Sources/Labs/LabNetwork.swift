import Kernel
import Netlink
import Scenarios

/// How hosts and wires of a lab find each other: addresses, routes and neighbours in every namespace, and what faults
/// change about them. What stands follows from what stood when the lab was built and from the changes that are laid
/// over it, whatever the order in which they come and go: so it all comes back exactly.
package final class LabNetwork {
    /// What a fault changes while it lasts.
    package enum Change {
        /// The host's interface on a link is set down, by the host itself.
        case down(host: String, link: String)
        /// The host has another address on a link, and everybody's routes know.
        case renumber(host: String, link: String, to: IPv4Address)
        /// The host leaves a link for its others: its interface there is down, and everybody finds another way.
        case leave(host: String, link: String)
        /// The first address of a host moves to another one, which has it beside its own; the first gets another.
        case move(from: String, to: String, leaving: IPv4Address)
    }

    /// One namespace.
    private struct Part {
        var routes: RouteSocket
        var base: Standing
        /// Interfaces that a change has set down.
        var down: Set<Int32> = []
    }

    private unowned let lab: Lab
    private let spares: [String: IPv4Address]
    /// By `Lab`'s own names: hosts and links may be called alike.
    private var hosts: [String: Part] = [:]
    private var wires: [String: Part] = [:]
    private var changes: [(id: String, change: Change)] = []
    /// Links whose wire's devices are down.
    private var brokenLinks: Set<String> = []

    /// The lab stands and nothing has changed yet.
    init(_ lab: Lab, spares: [String: IPv4Address]) {
        self.lab = lab
        self.spares = spares
        for host in lab.hosts { hosts[host.name] = Part(routes: host.routes, base: host.routes.standing) }
        for wire in lab.wires { wires[wire.name] = Part(routes: wire.routes, base: wire.routes.standing) }
    }

    /// Lays a change over those that stand. All of it, or nothing.
    package func lay(_ id: String, _ change: Change) throws(LabError) {
        changes.append((id, change))
        do throws(LabError) {
            try settle()
        } catch {
            changes.removeLast()
            // What could be made before can be made again; if not, the first refusal is the one to tell.
            try? settle()
            throw error
        }
    }

    /// Fine for one that is not there.
    package func remove(_ id: String) throws(LabError) {
        changes.removeAll { $0.id == id }
        try settle()
    }

    /// The wire's devices have gone down, or are up again: the kernel has removed their routes and neighbours.
    func linkChanged(_ link: String, isBroken: Bool) throws(LabError) {
        guard let wire = lab.wires.first(where: { $0.name == link }) else { return }
        if isBroken {
            brokenLinks.insert(link)
            for side in [wire.first, wire.second] { wire.routes.forget(side.index) }
        } else {
            brokenLinks.remove(link)
            try settle()
        }
    }

    // MARK: What should stand

    private func interface(of host: String, on link: String) -> LabHost.Interface {
        guard let interface = lab.host(host).interfaces.first(where: { $0.link == link }) else {
            preconditionFailure("host \(host) is not on link \(link)")
        }
        return interface
    }

    private static func address(_ text: String) -> IPv4Address {
        guard let address = IPv4Address(text) else { preconditionFailure("\(text) is no IPv4 address") }
        return address
    }

    /// Interfaces of a host that are to be down.
    private func downs(of host: String) -> Set<Int32> {
        Set(
            changes.compactMap { _, change in
                switch change {
                case .down(host, let link), .leave(host, let link): interface(of: host, on: link).index
                case .down, .leave, .renumber, .move: nil
                }
            })
    }

    /// Routes by the plan without the links that hosts have left; nil when none was left.
    private var detours: (hosts: [String: [Standing.Route]], wires: [String: [Standing.Route]])? {
        let left = changes.compactMap { if case .leave(_, let link) = $0.change { link } else { nil } }
        if left.isEmpty { return nil }
        var result: (hosts: [String: [Standing.Route]], wires: [String: [Standing.Route]]) = ([:], [:])
        for link in lab.plan.without(left).links {
            let wire = lab.link(link.name)
            for (end, other, side) in [(link.first, link.second, wire.first), (link.second, link.first, wire.second)] {
                let index = interface(of: end.host, on: link.name).index
                result.hosts[end.host, default: []] += routes(end.reaches, via: end.wireAddress, on: index)
                result.wires[link.name, default: []] += routes(other.reaches, via: end.hostAddress, on: side.index)
            }
        }
        return result
    }

    /// As `Lab` makes them.
    private func routes(_ destinations: [String], via gateway: String, on index: Int32) -> [Standing.Route] {
        destinations.flatMap { destination -> [Standing.Route] in
            let own = destination == gateway ? [] : [Self.address(destination)]
            return (own + (spares[destination].map { [$0] } ?? [])).map {
                Standing.Route(to: $0, via: Self.address(gateway), on: index)
            }
        }
    }

    /// What is to stand in every namespace.
    private func wanted() -> (hosts: [String: Standing], wires: [String: Standing]) {
        var result = (hosts: hosts.mapValues(\.base), wires: wires.mapValues(\.base))
        if let detours {
            // Routes to what is nobody's address are none of a detour's.
            let known = Set(lab.plan.hosts.flatMap(\.addresses).map(Self.address)).union(spares.values)
            for host in hosts.keys {
                result.hosts[host]!.routes.removeAll { known.contains($0.destination) }
                result.hosts[host]!.routes += detours.hosts[host] ?? []
            }
            for wire in wires.keys { result.wires[wire]!.routes = detours.wires[wire] ?? [] }
        }
        for (_, change) in changes {
            switch change {
            case .down: break
            case .leave(let host, let link):
                // As network managers do: what is not used has no address.
                let index = interface(of: host, on: link).index
                result.hosts[host]!.addresses.removeAll { $0.index == index }
            case .renumber(let host, let link, let fresh): renumber(host, on: link, to: fresh, in: &result)
            case .move(let from, let to, let fresh):
                renumber(from, on: lab.host(from).interfaces[0].link, to: fresh, in: &result)
                hand(Self.address(lab.host(from).interfaces[0].address), over: to, in: &result)
            }
        }
        for host in hosts.keys { downs(of: host).forEach { result.hosts[host]!.drop($0) } }
        for link in brokenLinks {
            let wire = lab.link(link)
            for side in [wire.first, wire.second] { result.wires[link]!.drop(side.index) }
        }
        return result
    }

    /// The host's own address on a link is another; whoever has a route to the first has one to it as well.
    private func renumber(
        _ host: String, on link: String, to fresh: IPv4Address,
        in state: inout (hosts: [String: Standing], wires: [String: Standing])
    ) {
        let interface = interface(of: host, on: link)
        let own = Self.address(interface.address)
        guard let end = lab.plan.links.first(where: { $0.name == link })?.end(of: host) else { return }
        state.hosts[host]!.addresses = state.hosts[host]!.addresses.map { address in
            // The one that it was built with, or what it became since; not what was handed to it.
            guard address.index == interface.index, address.prefix == 30 || address.peer != nil else { return address }
            return Standing.Address(
                fresh, prefix: 32, peer: Self.address(end.wireAddress), on: interface.index)
        }
        follow(own, with: fresh, in: &state)
        let side = lab.link(link).side(of: host)
        let known = state.wires[link]!.neighbours.first { $0.address == own }
        if let known {
            state.wires[link]!.routes.append(Standing.Route(to: fresh, via: nil, on: side.index))
            state.wires[link]!.neighbours.append(Standing.Neighbour(fresh, known.hardwareAddress, on: side.index))
        }
    }

    /// Every route to an address leads to another one too.
    private func follow(
        _ known: IPv4Address, with another: IPv4Address,
        in state: inout (hosts: [String: Standing], wires: [String: Standing])
    ) {
        func follow(_ standing: inout Standing) {
            guard let route = standing.routes.last(where: { $0.destination == known }) else { return }
            standing.routes.removeAll { $0.destination == another }
            standing.routes.append(Standing.Route(to: another, via: route.gateway, on: route.index))
        }
        for host in state.hosts.keys { follow(&state.hosts[host]!) }
        for wire in state.wires.keys { follow(&state.wires[wire]!) }
    }

    /// A host has an address beside its own first one, and is found by it.
    private func hand(
        _ address: IPv4Address, over host: String,
        in state: inout (hosts: [String: Standing], wires: [String: Standing])
    ) {
        let interface = lab.host(host).interfaces[0]
        let own = Self.address(interface.address)
        follow(own, with: address, in: &state)
        state.hosts[host]!.routes.removeAll { $0.destination == address }
        state.hosts[host]!.addresses.append(Standing.Address(address, prefix: 32, on: interface.index))
        // Where the host's own address is on the wire's subnet there is no route to follow.
        let side = lab.link(interface.link).side(of: host)
        state.wires[interface.link]!.routes.removeAll { $0.destination == address }
        state.wires[interface.link]!.routes.append(Standing.Route(to: address, via: own, on: side.index))
        // Other hosts and wires that have the address's former host on their own subnet need no route to follow either.
    }

    // MARK: The way there

    private func settle() throws(LabError) {
        let wanted = wanted()
        for host in lab.hosts {
            try LabError.of("host \(host.name)") {
                try turn(&hosts[host.name]!, down: downs(of: host.name))
            }
        }
        for host in lab.hosts {
            try LabError.of("host \(host.name)") { try bring(hosts[host.name]!.routes, to: wanted.hosts[host.name]!) }
        }
        for wire in lab.wires {
            try LabError.of("link \(wire.name)") { try bring(wires[wire.name]!.routes, to: wanted.wires[wire.name]!) }
        }
    }

    /// Sets interfaces of a host down and up.
    private func turn(_ part: inout Part, down: Set<Int32>) throws {
        for index in down.subtracting(part.down).sorted() {
            try part.routes.setUp(index, false)
            part.routes.forget(index)
            part.down.insert(index)
        }
        for index in part.down.subtracting(down).sorted() {
            try part.routes.setUp(index)
            try part.routes.restoreIPv6(index)
            part.down.remove(index)
        }
        for host in lab.hosts where host.routes === part.routes {
            for interface in host.interfaces {
                // Linux lets up to a second pass before it acts on a change of carrier, unless it is asked.
                let wire = lab.link(interface.link)
                _ = try wire.routes.hasCarrier(wire.side(of: host.name).device)
                _ = try host.routes.hasCarrier(interface.device)
            }
        }
    }

    /// New addresses before old ones go: an interface without any would lose its routes.
    private func bring(_ routes: RouteSocket, to wanted: Standing) throws {
        for address in wanted.addresses where !routes.standing.addresses.contains(address) { try routes.add(address) }
        for neighbour in wanted.neighbours where !routes.standing.neighbours.contains(neighbour) {
            try routes.add(neighbour)
        }
        for route in routes.standing.routes
        where !wanted.routes.contains(where: { $0.destination == route.destination }) {
            try routes.remove(route)
        }
        for address in routes.standing.addresses where !wanted.addresses.contains(address) {
            try routes.remove(address)
        }
        for route in wanted.routes where !routes.standing.routes.contains(route) {
            let isThere = routes.standing.routes.contains { $0.destination == route.destination }
            try routes.add(route, replacing: isThere)
        }
        for neighbour in routes.standing.neighbours where !wanted.neighbours.contains(neighbour) {
            try routes.remove(neighbour)
        }
    }
}

extension Standing {
    /// What goes with a device that is down.
    fileprivate mutating func drop(_ index: Int32) {
        routes.removeAll { $0.index == index }
        neighbours.removeAll { $0.index == index }
    }
}

extension LinkPlan {
    /// Nil for a host that is not on it.
    package func end(of host: String) -> LinkEnd? { [first, second].first { $0.host == host } }
}
