import Glibc
import Kernel
import Netlink
import Scenarios

/// Live connections are torn down by RST, as when a server crashes or a middlebox has had enough.
package struct Reset: Fault {
    package static let definition = FaultDefinition(
        name: "reset",
        summary: "Live connections of an actor are torn down at once, with a RST to every peer.",
        wire: """
            Every peer receives RST: its next read or write fails with ECONNRESET, and data that was on its way or \
            unread at the actor is lost. On the actor's side the same sockets fail with ECONNABORTED. The actor keeps \
            running, its listening sockets stay open, and a reconnecting client gets in at once. To have the RST come \
            from the client's side, name the client.
            """,
        heals: "Nothing to heal: the connections are gone, and new ones work.",
        hit: "One for each established TCP connection that was destroyed, those waiting to be accepted included.",
        mechanism: """
            SOCK_DESTROY through sock_diag, for every established TCP socket that the actor's processes hold and for \
            every connection in the accept queues of their listeners. The kernel sends the RST itself, from \
            the real socket.
            """,
        target: .connections, extent: .moment, parameters: ChosenConnections.Lot.parameters,
        example: "- { at: 5m, fault: reset, of: broker, with: subscriber, port: 1883, share: 50%, count: 10 }")

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        PastFault(
            hits: try Self.attempt(missing: Destruction.missing) {
                let lot = ChosenConnections.Lot(plan, in: field)
                return try Destruction.each(ChosenConnections(plan.connections, lot, in: field), in: field)
            })
    }
}

/// SOCK_DESTROY on live connections.
enum Destruction {
    static let missing = (what: "SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY)", codes: [EOPNOTSUPP])

    /// How many there were; what has gone meanwhile does not count.
    static func each(_ chosen: ChosenConnections, in field: any FaultField) throws -> Int {
        try SocketDiagnosis(namespace: field.namespace(of: chosen.host), host: chosen.host)
            .destroy(chosen.connections.map(\.socket))
    }
}
