import Labs
import Scenarios

/// The network swallows everything and says nothing.
package struct Blackhole: Fault {
    package static let definition = FaultDefinition(
        name: "blackhole",
        summary: "A link drops every packet, in one direction or both, and tells nobody.",
        wire: """
            Every packet that enters the link vanishes: data, acknowledgements, SYN, FIN, RST, ICMP. No error comes \
            back. Connections stay ESTABLISHED at both ends; unacknowledged data is retransmitted with growing pauses \
            (TCP gives up after about 15 minutes by default), connection attempts time out, idle \
            connections notice nothing at all.

            With a direction (direction: phone -> home) only packets from that host vanish: one side's data arrives \
            and its acknowledgements do not.
            """,
        heals: """
            Packets pass again. What was lost meanwhile is not made good by the link: TCP's next retransmission is, \
            which after a long silence may take up to two minutes to come. A NAT router on the way may have forgotten \
            the connection in the meantime.
            """,
        hit: "One for each packet dropped, from the kernel's counter.",
        mechanism: """
            One nftables rule with a counter in the wire, the router namespace in the middle of the link; both \
            directions are one rule and one kernel transaction. The endpoints' own devices are untouched, so no local \
            TCP learns of it. Packets that have passed the wire's middle and wait in its delay still arrive.
            """,
        target: .link, extent: .interval,
        example: "- { at: 10m, until: 15m, fault: blackhole, between: [phone, home], direction: both }")

    private let link: String
    private let from: String?
    private let id: String

    package init(plan: FaultPlan) {
        (link, from) = plan.link
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link)
        try Self.attempt { try wire.drop(id: id, from: from) }
        return Active(wire: wire, id: id)
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
