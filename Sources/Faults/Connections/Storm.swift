import Glibc
import Netlink
import Scenarios

/// Every session of a server is lost at one instant, and the server is away for a while.
package struct Storm: Fault {
    package static let definition = FaultDefinition(
        name: "storm",
        summary: "All sessions of a server lose their connection at one instant, and nobody gets in until it is back.",
        wire: """
            All established connections end at once: with ending fin each peer receives FIN behind whatever had been \
            sent before, with rst RST, with silence nothing (the server's sockets are gone, and its host does not \
            answer for them). From the same instant until the heal every attempt to connect is, with meanwhile \
            refused, answered by RST (ECONNREFUSED), as by a machine whose server is down; with unanswered it meets \
            silence, as a machine that is down. So all clients come back at one time, and what they do about it is \
            the question: backoff, jitter, and how the load spreads when the server is back.

            The server's process runs all the time; its reads return 0 (fin) or fail with ECONNABORTED (rst, silence).
            """,
        heals: """
            The server is back: attempts are let in. With ending silence the next packet of a lost connection gets \
            RST. The connections stay lost.
            """,
        hit: "One for each established connection that was lost, those waiting to be accepted included.",
        mechanism: """
            One table of nftables in each wire next to the server's host rejects or drops every SYN to the ports that \
            the server listens at. Then, one after the other, shutdown(2) on duplicates of the server's sockets (fin) \
            or SOCK_DESTROY (rst, silence); in the virtual lab that is one instant. Connections in the accept queues \
            belong to no process yet, and are reset (with silence: vanish) in all cases. Clients on the server's own \
            host do not cross a wire: they are left alone.
            """,
        target: .connections, extent: .interval,
        parameters: [
            Parameter(
                "ending", .choice(["fin", "rst", "silence"]), default: .text("rst"), "How the connections end."),
            Parameter(
                "meanwhile", .choice(["refused", "unanswered"]), default: .text("refused"),
                "What becomes of attempts to connect until the heal."),
        ],
        example: """
            - { at: 5m, until: 6m, fault: storm, of: broker, with: subscriber, port: 1883, ending: rst, \
            meanwhile: refused }
            """)

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try Self.attempt(missing: Destruction.missing) {
            let chosen = try ChosenConnections(plan.connections, crossing: true, in: field)
            let doors = try FilterFault(Self.self, id: "fault\(plan.index)", tables(chosen, in: field))
            return try EndedConnections(doors) { try end(chosen, in: field) }
        }
    }

    /// The doors, before anybody is thrown out.
    private func tables(_ chosen: ChosenConnections, in field: any FaultField) throws -> [FilterFault.Table] {
        let choice = plan.connections
        let closed = choice.port.map { port in chosen.ports.filter { $0 == port } } ?? chosen.ports
        let near = NearWires(of: chosen.host, in: field)
        let verdict: PacketFilter.Expression = plan.text("meanwhile") == "unanswered" ? .drop : .reset
        let isSilent = plan.text("ending") == "silence"
        let set = PacketFilter.FlowSet("connections", NearWires.flows(chosen.connections))
        return near.tables(at: .silence, sets: [set]) { wire in
            let device = near.device(wire)
            let silence: [PacketFilter.Expression] = [
                .cameBy(device), .isTCP, .inSet("connections", reversed: false), .drop,
            ]
            return (isSilent ? [silence] : [])
                + closed.map { port in
                    [.cameNotBy(device), .isTCP, .toPort(port), .flags(.syn, of: [.syn, .ack]), verdict]
                }
        }
    }

    private func end(_ chosen: ChosenConnections, in field: any FaultField) throws -> Int {
        if plan.text("ending") != "fin" { return try Destruction.each(chosen, in: field) }
        let waiting = chosen.filter { $0.holder == nil }
        return try Shutdown.each(chosen, SHUT_RDWR) + Destruction.each(waiting, in: field)
    }
}
