import Glibc
import Scenarios

/// A server hangs up on everybody: FIN on every live connection.
package struct HangUp: Fault {
    package static let definition = FaultDefinition(
        name: "hang-up",
        summary: "An actor hangs up on its live connections with a FIN, and goes on listening.",
        wire: """
            Every peer receives FIN after whatever had been sent before it: a read returns 0, an orderly end. Nothing \
            is said before it: no close frame, no DISCONNECT, no TLS close_notify. What a peer sends afterwards is \
            answered by RST as soon as the actor has closed its socket.

            The actor learns of it as of a peer that hung up: its reads return 0, its writes fail with EPIPE. It keeps \
            running, its listening sockets stay open, and a reconnecting client gets in at once. To have the FIN come \
            from the client's side, name the client.
            """,
        heals: "Nothing to heal: the connections are gone, and new ones work.",
        hit: "One for each established TCP connection that was shut down.",
        mechanism: """
            The engine takes a duplicate of every established TCP socket that the actor's processes hold (sock_diag \
            tells which, pidfd_getfd(2) duplicates) and calls shutdown(2) with SHUT_RDWR on it. So the FIN comes from \
            the real socket, with the right sequence number, behind the data that is queued. Connections that wait in \
            a listener's accept queue belong to no process yet, and are left alone.
            """,
        target: .connections, extent: .moment, parameters: ChosenConnections.Lot.parameters,
        example: "- { at: 5m, fault: hang-up, of: broker, with: subscriber, port: 1883, share: 50%, count: 10 }")

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        PastFault(
            hits: try Self.attempt(missing: ActorSockets.Holder.missing) {
                let lot = ChosenConnections.Lot(plan, in: field)
                return try Shutdown.each(ChosenConnections(plan.connections, lot, in: field), SHUT_RDWR)
            })
    }
}
