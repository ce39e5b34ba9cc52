import Labs
import Netlink
import Scenarios

/// The network falls into parts.
package struct Partition: Fault {
    package static let definition = FaultDefinition(
        name: "partition",
        summary: "Groups of hosts cannot reach each other, wherever their packets meet; within a group all is well.",
        wire: """
            Every packet from a host of one group to a host of another vanishes, on the first link that it crosses, \
            and nobody is told. Hosts that are in no group reach everybody and are reached by everybody. Across NAT \
            it holds as well: behind the router packets have the addresses of the hosts themselves. A router's own \
            addresses stand for the router and, outside, for all that it translates: put the hosts behind it into the \
            groups, and not the router, to part these hosts alone.
            """,
        heals: "Packets pass again; TCP's next retransmission makes good what was lost.",
        hit: "One for each packet dropped, from the kernel's counters on all links together.",
        mechanism: """
            nftables rules on source and destination address in every wire, the router namespaces in the middle of \
            the links; one kernel transaction for each, one after the other.
            """,
        target: .groups, extent: .interval,
        example: "- { at: 10m, until: 15m, fault: partition, groups: [[phone], [cloud]] }")

    private let groups: [[String]]
    private let id: String

    package init(plan: FaultPlan) {
        groups = plan.groups
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let lab = field.lab
        let addresses = groups.map { group in group.flatMap { lab.ownAddresses(of: $0) } }
        var chains: [PacketFilter.Chain] = []
        var rules: [[PacketFilter.Expression]] = []
        for (number, own) in addresses.enumerated() {
            let name = "from\(number)"
            let others = addresses.enumerated().filter { $0.offset != number }.flatMap(\.element)
            chains.append(.init(name, nil, rules: others.map { [.to($0), .count(FilterFault.hits), .drop] }))
            rules += own.map { [.from($0), .jump(name)] }
        }
        chains.append(.init("forward", .forward, rules: rules))
        return try FilterFault(Self.self, id: id, lab.wires.map { .init(namespace: $0.namespace, chains: chains) })
    }
}

extension Lab {
    /// Every address of a host, with a NAT router's spare one.
    fileprivate func ownAddresses(of name: String) -> [IPv4Address] {
        // They come from the plan, which made them.
        let addresses = host(name).addresses.map { IPv4Address($0)! }
        return addresses + routers.filter { $0.name == name }.map(\.spare)
    }
}
