import Netlink
import Scenarios

/// One side's socket is gone, and the other side has not been told.
package struct HalfOpen: Fault {
    package static let definition = FaultDefinition(
        name: "half-open",
        summary: "An actor's sockets are gone without a word, and its peers still take the connections for open.",
        wire: """
            Nothing is sent to anybody. The actor's sockets fail with ECONNABORTED and are gone from its host; the \
            peers' stay ESTABLISHED, for as long as they say nothing for ever. What a peer sends is met with silence \
            while the fault lasts: it retransmits with growing pauses and gives up after about 15 minutes; keep-alive \
            probes find nobody, too. It is what is left of a connection after the other machine has lost its power.

            The actor keeps running and listening: new connections come up and work.
            """,
        heals: """
            The actor's host answers again: the next packet of such a connection gets RST, as from a machine that is \
            back and knows nothing of it, and the peer's program ECONNRESET. The connections stay lost.
            """,
        hit: "One for each established connection whose socket was destroyed, those waiting to be accepted included.",
        mechanism: """
            A rule of nftables in the wire next to the actor's host drops what comes from there and belongs to one of \
            these connections, by addresses and ports; behind it SOCK_DESTROY through sock_diag, whose RST is the \
            first packet that is lost there. All connections are one set and one kernel transaction. Connections \
            within the host do not cross a wire, and are left alone.
            """,
        target: .connections, extent: .interval, parameters: ChosenConnections.Lot.parameters,
        example: """
            - { at: 5m, until: 20m, fault: half-open, of: broker, with: subscriber, port: 1883, share: 50%, count: 10 }
            """)

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try Self.attempt(missing: Destruction.missing) {
            let lot = ChosenConnections.Lot(plan, in: field)
            let chosen = try ChosenConnections(plan.connections, lot, crossing: true, in: field)
            let near = NearWires(of: chosen.host, in: field)
            let set = PacketFilter.FlowSet("connections", NearWires.flows(chosen.connections))
            let silence = try FilterFault(
                Self.self, id: "fault\(plan.index)",
                near.tables(at: .silence, sets: [set]) { wire in
                    [[.cameBy(near.device(wire)), .isTCP, .inSet("connections", reversed: false), .drop]]
                })
            return try EndedConnections(silence) { try Destruction.each(chosen, in: field) }
        }
    }
}

/// All hits are made when it strikes; what lasts, and is healed, is what the packet filter does to the rest.
final class EndedConnections: ActiveFault {
    private let filter: FilterFault
    private let count: Int64

    /// - Parameter end: ends connections and says how many there were. When it fails nothing of the filter is left.
    init(_ filter: FilterFault, end: () throws -> Int) throws {
        self.filter = filter
        do {
            count = Int64(try end())
        } catch {
            try? filter.heal()
            throw error
        }
    }

    func hits() -> Int64 { count }
    func heal() throws(FaultError) { try filter.heal() }
}
