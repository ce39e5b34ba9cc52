import Labs
import Netlink
import Scenarios

/// The network swallows everything and says nothing.
package struct Blackhole: Fault {
    private enum Connections: String, CaseIterable { case all, new, established }

    package static let definition = FaultDefinition(
        name: "blackhole",
        summary: "A link drops packets, all of them or some connections', in one direction or both, and tells nobody.",
        wire: """
            Every packet that enters the link vanishes: data, acknowledgements, SYN, FIN, RST, ICMP. No error comes \
            back. Connections stay ESTABLISHED at both ends; unacknowledged data is retransmitted with growing pauses \
            (TCP gives up after about 15 minutes by default), connection attempts time out, idle \
            connections notice nothing at all.

            With a direction (direction: phone -> home) only packets from that host vanish: one side's data arrives \
            and its acknowledgements do not.

            With connections: new only attempts vanish (each TCP SYN that is no answer), and whoever is connected \
            stays so. With connections: established it is the other way about: TCP connections that stand when it \
            strikes are dead, and whoever connects anew gets through. Neither touches UDP, which has no attempts that \
            a link could tell from the rest.

            With a share only so many of the TCP and UDP connections are struck, always the same ones and in both \
            directions, chosen by a hash of their addresses and ports: what a broken path among equal ones does. A \
            client that connects again from another port draws again.
            """,
        heals: """
            Packets pass again. What was lost meanwhile is not made good by the link: TCP's next retransmission is, \
            which after a long silence may take up to two minutes to come. A NAT router on the way may have forgotten \
            the connection in the meantime.
            """,
        hit: "One for each packet dropped, from the kernel's counter.",
        mechanism: """
            One nftables rule with a counter in the wire, the router namespace in the middle of the link; both \
            directions are one kernel transaction. The endpoints' own devices are untouched, so no local TCP learns \
            of it. Packets that have passed the wire's middle and wait in its delay still arrive. New connections are \
            told by their SYN and remembered in a set of addresses and ports; the share is jhash over these, with a \
            seed from the run's.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "connections", .choice(Connections.allCases.map(\.rawValue)),
                default: .text(Connections.all.rawValue),
                "Whether everything vanishes, or attempts only, or TCP connections that stand when it strikes."),
            Parameter(
                "share", .fraction(0.0001...1), default: .fraction(1),
                "How many of the connections are struck, chosen by a hash of addresses and ports, to 0.01%."),
        ],
        example: """
            - { at: 10m, until: 15m, fault: blackhole, between: [phone, home], direction: both, connections: new, \
            share: 30% }
            """)

    private let link: String
    private let from: String?
    private let id: String
    private let connections: Connections
    private let share: Double

    package init(plan: FaultPlan) {
        (link, from) = plan.link
        id = "fault\(plan.index)"
        connections = plan.text("connections").flatMap(Connections.init) ?? .all
        share = plan.fraction("share") ?? 1
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link)
        if connections != .all || share < 1 {
            let seed = Seed.derived(from: field.seed, for: "blackhole \(id)")
            return try FilterFault(Self.self, id: id, [table(wire, seed: UInt32(truncatingIfNeeded: seed))])
        }
        try Self.attempt { try wire.drop(id: id, from: from) }
        return Active(wire: wire, id: id)
    }

    // MARK: Some connections

    private static let fresh = "fresh"
    private static let attempt: PacketFilter.Expression = .flags([.syn], of: [.syn, .ack])

    private func table(_ wire: Wire, seed: UInt32) -> FilterFault.Table {
        var rules: [[PacketFilter.Expression]] = []
        if connections == .established {
            // Attempts from either side, whichever is struck.
            for (side, reversed) in wire.sides(from: nil) {
                rules.append([
                    .cameBy(side.index), .isTCP, Self.attempt, .remember(in: Self.fresh, reversed: reversed),
                ])
            }
        }
        for (side, reversed) in wire.sides(from: from) {
            for matches in matches(reversed: reversed) {
                rules.append(
                    [.cameBy(side.index)] + matches + lot(seed, reversed: reversed)
                        + [.count(FilterFault.hits), .drop])
            }
        }
        return FilterFault.Table(
            namespace: wire.namespace,
            sets: connections == .established ? [PacketFilter.FlowSet(Self.fresh, isDynamic: true)] : [],
            chains: [.init("forward", .forward, rules: rules)])
    }

    private func matches(reversed: Bool) -> [[PacketFilter.Expression]] {
        switch connections {
        case .all: [[.isTCP], [.isUDP]]
        case .new: [[.isTCP, Self.attempt]]
        case .established: [[.isTCP, .notInSet(Self.fresh, reversed: reversed)]]
        }
    }

    private func lot(_ seed: UInt32, reversed: Bool) -> [PacketFilter.Expression] {
        if share >= 1 { return [] }
        return [.hash(seed: seed, below: UInt32(share * 10_000 + 0.5), of: 10_000, reversed: reversed)]
    }

    private final class Active: ActiveFault {
        private let wire: Wire
        private let id: String
        /// What it came to, once healed.
        private var total: Int64?

        init(wire: Wire, id: String) {
            self.wire = wire
            self.id = id
        }

        func hits() throws(FaultError) -> Int64 {
            if let total { return total }
            return try Blackhole.attempt { try wire.dropped(id) }
        }

        func heal() throws(FaultError) {
            if total != nil { return }
            total = try Blackhole.attempt { try wire.heal(id) }
        }
    }
}
