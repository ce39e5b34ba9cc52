import Glibc
import Scenarios

/// One side has said all that it will ever say, and still listens.
package struct HalfClose: Fault {
    package static let definition = FaultDefinition(
        name: "half-close",
        summary: "An actor's live connections are closed in one direction: it can read, and can write no more.",
        wire: """
            Every peer receives FIN after whatever had been sent before it: its reads return 0, and its writes still \
            arrive and are acknowledged. So a peer that takes the end of one direction for the end of the connection \
            closes, and one that does not may go on sending for ever and never be answered (RFC 9293 3.6: a \
            half-closed connection is legal and has no time limit).

            The actor learns of it when it writes: EPIPE, and SIGPIPE unless it is ignored. Its reads go on. \
            Its socket is in FIN_WAIT2, the peer's in CLOSE_WAIT.
            """,
        heals: "Nothing to heal: a direction that is closed stays closed. New connections work.",
        hit: "One for each established TCP connection of which this direction was closed.",
        mechanism: """
            The engine takes a duplicate of every established TCP socket that the actor's processes hold (sock_diag \
            tells which, pidfd_getfd(2) duplicates) and calls shutdown(2) with SHUT_WR on it: the real socket sends \
            its FIN behind the data that is queued. Connections that wait in a listener's accept queue are left alone.
            """,
        target: .connections, extent: .moment, parameters: ChosenConnections.Lot.parameters,
        example: "- { at: 5m, fault: half-close, of: subscriber, with: broker, port: 1883, share: 50%, count: 9 }")

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        PastFault(
            hits: try Self.attempt(missing: ActorSockets.Holder.missing) {
                let lot = ChosenConnections.Lot(plan, in: field)
                return try Shutdown.each(ChosenConnections(plan.connections, lot, in: field), SHUT_WR)
            })
    }
}
