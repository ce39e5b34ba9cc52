import Labs
import Netlink
import Scenarios

/// A firewall that has seen enough of a connection.
package struct FirewallCutoff: Fault {
    package static let definition = FaultDefinition(
        name: "firewall-cutoff",
        summary: "A firewall on the link silently drops all of a TCP connection after so many bytes or so much time.",
        wire: """
            Connections come up and work, until they have used up their bytes (all IP packets of both directions \
            together, headers included) or their time (from their SYN-ACK). From then on every packet of them \
            vanishes, in both directions, and nobody is told: both ends hold the connection for established, data is \
            retransmitted in vain. New connections work, until they have used up theirs. Those that stand when it \
            strikes begin with nothing used up.
            """,
        heals: "Packets pass again, and connections that both ends still hold carry on.",
        hit: "One for each packet dropped, from the kernel's counters.",
        mechanism: """
            nftables in the wire, the router namespace in the middle of the link: a set of connections with a quota \
            for each, and one with a timeout. The packet that would pass the quota is the first to be dropped, \
            so never more than so many bytes pass. No connection tracking.
            """,
        target: .link, isDirected: false, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "bytes", .size(1...(1 << 40)), "Drop after so many bytes; as many as it likes when left out."),
            Parameter(
                "time", .duration(.seconds(1) ... .seconds(86_400)), "Drop after this long; never when left out."),
        ], needsOne: ["bytes", "time"],
        example: """
            - { at: 5m, until: 30m, fault: firewall-cutoff, between: [home, cloud], bytes: 1 MiB, time: 10m }
            """)

    private let link: String
    private let id: String
    private let bytes: Int64?
    private let time: Duration?

    package init(plan: FaultPlan) {
        link = plan.link.name
        id = "fault\(plan.index)"
        bytes = plan.size("bytes")
        time = plan.duration("time")
    }

    private static let spent = "spent"
    private static let tooMany = "bytes"

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link)
        let limit = time.map { AgeLimit(wire: wire, time: $0, ending: .drop) }
        let quota = quotaRules(wire)
        let chain = PacketFilter.Chain(
            "forward", .forward, priority: FilterFault.answering, rules: quota + (limit?.firstRules ?? []))
        let fault = try FilterFault(
            Self.self, id: id,
            [
                .init(
                    namespace: wire.namespace, hits: [Self.tooMany, AgeLimit.packets],
                    counters: [AgeLimit.connections],
                    sets: [.init(Self.spent, isDynamic: true)] + (limit?.sets ?? []), chains: [chain])
            ])
        guard let limit else { return fault }
        return try AgedFault(Self.self, fault, limit, otherRules: quota, field: field)
    }

    private func quotaRules(_ wire: Wire) -> [[PacketFilter.Expression]] {
        guard let bytes else { return [] }
        return wire.sides(from: nil).flatMap { side, reversed -> [[PacketFilter.Expression]] in
            [
                [
                    .cameBy(side.index), .isTCP, .flags([.syn], of: [.syn, .ack]),
                    .forget(in: Self.spent, reversed: reversed),
                ],
                [
                    .cameBy(side.index), .isTCP,
                    .spend(in: Self.spent, bytes: UInt64(bytes), reversed: reversed),
                    .count(Self.tooMany), .drop,
                ],
            ]
        }
    }
}
