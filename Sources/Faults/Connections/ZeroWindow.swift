import Netlink
import Scenarios

/// The receiver has no room, and never gets any.
package struct ZeroWindow: Fault {
    package static let definition = FaultDefinition(
        name: "zero-window",
        summary: "An actor's peers are told that it has no room: the window is 0 in every segment that it sends.",
        wire: """
            The window field of every segment that the actor sends on these connections is 0. Data that is under way \
            still arrives and is acknowledged; then the peer must not send any more. It keeps the connection open and \
            probes the window, with pauses that grow to two minutes, for as long as it lives: every probe is answered, \
            so nothing ever times out (RFC 9293 3.8.6.1). Its send buffer fills, its writes block or would block. What \
            the actor sends arrives as before.
            """,
        heals: """
            The true window stands in the next segment: at the latest in the answer to the peer's next probe, up to \
            two minutes later. Then everything flows; nothing was lost.
            """,
        hit: "One for each segment whose window was overwritten.",
        mechanism: """
            A rule of nftables in the wire next to the actor's host overwrites the field and corrects the checksum of \
            what comes from there and belongs to one of these connections. The actor's own kernel does not know.
            """,
        target: .connections, extent: .interval, parameters: ChosenConnections.Lot.parameters,
        example: """
            - { at: 5m, until: 20m, fault: zero-window, of: broker, with: subscriber, port: 1883, share: 50%, count: 9 }
            """)

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let tables = try Self.attempt {
            let lot = ChosenConnections.Lot(plan, in: field)
            let chosen = try ChosenConnections(plan.connections, lot, crossing: true, in: field)
            let near = NearWires(of: chosen.host, in: field)
            let set = PacketFilter.FlowSet("connections", NearWires.flows(chosen.connections))
            return near.tables(at: .rewrite, hits: [FilterFault.hits], sets: [set]) { wire in
                let matches: [PacketFilter.Expression] = [
                    .cameBy(near.device(wire)), .isTCP, .inSet("connections", reversed: false),
                ]
                return [matches + [.count(FilterFault.hits), .setWindow(0)]]
            }
        }
        return try FilterFault(Self.self, id: "fault\(plan.index)", tables)
    }
}
