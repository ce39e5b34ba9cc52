import Labs
import Netlink
import Scenarios

/// A balancer that lets no connection live longer than so long.
package struct ConnectionLifetime: Fault {
    package static let definition = FaultDefinition(
        name: "connection-lifetime",
        summary: "A load balancer on the link ends each TCP connection a fixed time after it was established.",
        wire: """
            However busy it is, each connection is ended that long after its SYN-ACK crossed the link; those that \
            stand when it strikes, that long after. With ending: reset both ends get a RST at once, idle or not: their \
            next read fails with ECONNRESET. With ending: drop nothing is sent to anybody, and nothing that they send \
            arrives any more: half-open, on both sides. Whoever connects again gets another full lifetime.

            Clients that connected in one moment lose their connections in one moment: that is how fixed lifetimes \
            make storms.
            """,
        heals: "Nobody is ended any more. Connections that were dropped and stand at both ends still, carry on.",
        hit: "One for each connection that was ended: that sent something when its time was over, and was stopped.",
        mechanism: """
            nftables in the wire, the router namespace in the middle of the link: SYN-ACKs put connections into a set \
            with a timeout, and what is in it no more is dropped or rejected. To have idle ends reset at once, a \
            segment outside the window is sent to each, which TCP must answer, and the answer gets the RST. One that \
            stood before and says nothing for all that time meets it at its next packet. Time is exact to the \
            kernel's tick and 20 ms.
            """,
        target: .link, isDirected: false, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "lifetime", .duration(.seconds(1) ... .seconds(86_400)), required: true,
                "After this long a connection is ended."),
            Parameter(
                "ending", .choice(["reset", "drop"]), default: .text("reset"),
                "Whether both ends are told by RST, or nobody is."),
        ],
        example: """
            - { at: 5m, until: 30m, fault: connection-lifetime, between: [home, cloud], lifetime: 10m, ending: reset }
            """)

    private let link: String
    private let id: String
    private let lifetime: Duration
    private let ending: AgeLimit.Ending

    package init(plan: FaultPlan) {
        link = plan.link.name
        id = "fault\(plan.index)"
        lifetime = plan.duration("lifetime") ?? .seconds(1)
        ending = plan.text("ending") == "drop" ? .drop : .reset
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link)
        let limit = AgeLimit(wire: wire, time: lifetime, ending: ending)
        let chain = PacketFilter.Chain(
            "forward", .forward, priority: FilterFault.answering, rules: limit.firstRules)
        let fault = try FilterFault(
            Self.self, id: id,
            [
                .init(
                    namespace: wire.namespace, hits: [AgeLimit.connections], counters: [AgeLimit.packets],
                    sets: limit.sets, chains: [chain])
            ])
        return try AgedFault(Self.self, fault, limit, field: field)
    }
}

/// A table of rules with an age limit among them.
final class AgedFault: ActiveFault {
    private let fault: FilterFault
    private let keeper: AgeLimitKeeper

    /// Takes the table away again when the limit cannot be kept.
    init(
        _ kind: any Fault.Type, _ fault: FilterFault, _ limit: AgeLimit,
        otherRules: [[PacketFilter.Expression]] = [], field: any FaultField
    ) throws(FaultError) {
        self.fault = fault
        do throws(FaultError) {
            keeper = try kind.attempt {
                try AgeLimitKeeper(limit, in: fault.filter, chain: "forward", otherRules: otherRules, field: field)
            }
        } catch {
            try? fault.heal()
            throw error
        }
    }

    func hits() throws(FaultError) -> Int64 { try fault.hits() }

    func heal() throws(FaultError) {
        keeper.cancel()
        try fault.heal()
    }
}
