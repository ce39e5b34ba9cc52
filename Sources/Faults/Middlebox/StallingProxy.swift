import Kernel
import Labs
import Netlink
import Scenarios

/// A proxy that takes every connection and does nothing with it.
package struct StallingProxy: Fault {
    package static let definition = FaultDefinition(
        name: "stalling-proxy",
        summary: "A transparent proxy on the link accepts every TCP connection in the server's name, and then stalls.",
        wire: """
            Each connection attempt is answered by SYN-ACK at once, whether the server lives or not: connect(2) \
            succeeds, and the client believes that it talks to the server. What it sends is acknowledged until the \
            proxy's buffer is full (some 64 KiB), then its window is closed for good. Nothing is ever answered: no \
            greeting, no TLS hello, no pong. The server never hears of it. Connections that stand when it strikes go \
            through as before.

            With a direction only attempts of that host's side are taken, with a port only those to that port. Some \
            4,096 connections find room; further attempts time out.
            """,
        heals: "Connections that were taken get a RST; new ones reach the server.",
        hit: "One for each connection attempt that was taken.",
        mechanism: """
            nftables' redirect to a listening socket in the wire, the router namespace in the middle of the link; the \
            kernel completes the handshakes and nobody accepts. Connections on the wire are tracked while it lasts, \
            and forgotten after.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter("port", .count(1...65535), "Take attempts to this TCP port only; any when left out.")
        ],
        example: "- { at: 5m, until: 8m, fault: stalling-proxy, between: [phone, home], port: 1883 }")

    private let link: (name: String, from: String?)
    private let index: Int
    private let port: Int64?

    package init(plan: FaultPlan) {
        link = plan.link
        index = plan.index
        port = plan.count("port")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link.name)
        let listener = try Self.attempt { try WireListener(in: wire, index: index) }
        let rules = wire.sides(from: link.from).map { side -> [PacketFilter.Expression] in
            let port: [PacketFilter.Expression] = port.map { [.toPort(Int($0))] } ?? []
            return [.cameBy(side.side.index), .isTCP, .flags([.syn], of: [.syn, .ack])] + port
                + [.count(FilterFault.hits), .redirect(port: listener.port)]
        }
        let chain = PacketFilter.Chain("prerouting", .prerouting, isTranslation: true, rules: rules)
        let id = "fault\(index)"
        let fault = try FilterFault(Self.self, id: id, [.init(namespace: wire.namespace, chains: [chain])])
        wire.track(id)
        return Active(wire, id: id, fault, listener)
    }

    private final class Active: ActiveFault {
        private let wire: Wire
        private let id: String
        private let fault: FilterFault
        private var listener: WireListener?

        init(_ wire: Wire, id: String, _ fault: FilterFault, _ listener: WireListener) {
            self.wire = wire
            self.id = id
            self.fault = fault
            self.listener = listener
        }

        func hits() throws(FaultError) -> Int64 { try fault.hits() }

        func heal() throws(FaultError) {
            guard listener != nil else { return }
            // First, so that the resets leave in the server's name.
            listener = nil
            try fault.heal()
            try StallingProxy.attempt { try wire.endTracking(id) }
        }
    }
}
