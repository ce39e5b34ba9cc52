import Kernel
import Labs
import Netlink
import Scenarios

/// A guest network that wants to see a login first.
package struct CaptivePortal: Fault {
    package static let definition = FaultDefinition(
        name: "captive-portal",
        summary:
            "A captive portal on the link answers every HTTP request with its login page, and lets nothing else by.",
        wire: """
            A connection to TCP port 80 of anybody comes up, and whatever is asked gets "302 Found" to the portal's \
            own login page (http://ADDRESS/login, which is there, with 200), as RFC 8910's predecessors do it: \
            clients that take any answer for a good one swallow HTML. All other TCP, connections that stand \
            included, is answered by RST with others: reset, or vanishes with others: drop. UDP vanishes, but names \
            are still resolved (port 53), and ICMP passes: the network looks alive.

            With a direction only packets of that host's side meet the portal.
            """,
        heals: """
            Somebody has logged in: everything passes. Connections that were reset are gone; those that were dropped \
            carry on.
            """,
        hit: "One for each HTTP request that was answered, and for each other packet that was reset or dropped.",
        mechanism: """
            nftables' redirect of port 80 to a small HTTP server in the wire, the router namespace in the middle of \
            the link, and rules for the rest. Connections on the wire are tracked while it lasts, and forgotten after.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "others", .choice(["reset", "drop"]), default: .text("reset"),
                "Whether TCP to other ports is answered by RST or vanishes.")
        ],
        example: "- { at: 5m, until: 8m, fault: captive-portal, between: [phone, home], others: drop }")

    private let link: (name: String, from: String?)
    private let index: Int
    private let resetsOthers: Bool

    package init(plan: FaultPlan) {
        link = plan.link
        index = plan.index
        resetsOthers = plan.text("others") != "drop"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link.name)
        let portal = try Self.attempt { try PortalServer(in: wire, index: index, field: field) }
        let id = "fault\(index)"
        do throws(FaultError) {
            let fault = try FilterFault(
                Self.self, id: id, [.init(namespace: wire.namespace, chains: chains(wire, port: portal.port))])
            wire.track(id)
            return Active(wire, id: id, fault, portal)
        } catch {
            portal.close()
            throw error
        }
    }

    private func chains(_ wire: Wire, port: Int) -> [PacketFilter.Chain] {
        let sides = wire.sides(from: link.from).map(\.side.index)
        let requests = sides.map { side -> [PacketFilter.Expression] in
            [.cameBy(side), .isTCP, .flags([.syn], of: [.syn, .ack]), .toPort(80), .redirect(port: port)]
        }
        let names: [[PacketFilter.Expression]] = [
            [.isUDP, .toPort(53), .accept], [.isUDP, .fromPort(53), .accept], [.isTCP, .toPort(53), .accept],
            [.isTCP, .fromPort(53), .accept],
        ]
        let others = sides.flatMap { side -> [[PacketFilter.Expression]] in
            [
                [.cameBy(side), .isTCP, .count(FilterFault.hits), resetsOthers ? .reset : .drop],
                [.cameBy(side), .isUDP, .count(FilterFault.hits), .drop],
            ]
        }
        return [
            .init("prerouting", .prerouting, isTranslation: true, rules: requests),
            .init("forward", .forward, priority: FilterFault.answering, rules: names + others),
        ]
    }

    private final class Active: ActiveFault {
        private let wire: Wire
        private let id: String
        private let fault: FilterFault
        private let portal: PortalServer
        private var isHealed = false

        init(_ wire: Wire, id: String, _ fault: FilterFault, _ portal: PortalServer) {
            self.wire = wire
            self.id = id
            self.fault = fault
            self.portal = portal
        }

        func hits() throws(FaultError) -> Int64 { try fault.hits() + portal.answered }

        func heal() throws(FaultError) {
            if isHealed { return }
            isHealed = true
            // First, so that what it still says leaves in the server's name.
            portal.close()
            try fault.heal()
            try CaptivePortal.attempt { try wire.endTracking(id) }
        }
    }
}
