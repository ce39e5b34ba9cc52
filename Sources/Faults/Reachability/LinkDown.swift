import Labs
import Scenarios

/// The plug is pulled.
package struct LinkDown: Fault {
    package static let definition = FaultDefinition(
        name: "link-down",
        summary: "A link loses its carrier at both ends, as when a cable is pulled or an access point vanishes.",
        wire: """
            Nothing crosses the link, and what was on it is lost. Both hosts see it: their interfaces are still up and \
            keep their addresses and routes, but run no more (NO-CARRIER, no IFF_RUNNING; rtnetlink says so to whoever \
            listens), and what they send is dropped by their own kernel. Sockets notice nothing else: connections stay \
            ESTABLISHED and retransmit, attempts time out. Other links of the same hosts carry on.
            """,
        heals: """
            The carrier is back at both ends, with the addresses, routes, neighbours and queues that stood before. \
            What was lost is made good by TCP's next retransmission.
            """,
        hit: "One for each packet that either host could not send for want of a carrier, from its device's counter.",
        mechanism: """
            The two devices of the wire, the router namespace in the middle of the link, are set down; a veth has a \
            carrier while its other end is up. The wire's own routes and neighbours go with that and are added again.
            """,
        target: .link, isDirected: false, extent: .interval,
        example: "- { at: 10m, until: 11m, fault: link-down, between: [phone, home] }")

    private let link: String

    package init(plan: FaultPlan) { link = plan.link.name }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link)
        return try Self.attempt {
            let before = try wire.unsent()
            try wire.takeDown()
            return Active(wire: wire, before: before)
        }
    }

    private final class Active: ActiveFault {
        private let wire: Wire
        private let before: Int64
        /// What it came to, once healed.
        private var total: Int64?

        init(wire: Wire, before: Int64) {
            self.wire = wire
            self.before = before
        }

        func hits() throws(FaultError) -> Int64 {
            if let total { return total }
            return try LinkDown.attempt { try wire.unsent() - before }
        }

        func heal() throws(FaultError) {
            if total != nil { return }
            try LinkDown.attempt { try wire.bringUp() }
            total = try hits()
        }
    }
}
