import Glibc
import Kernel
import Netlink
import Scenarios

/// Every live connection is torn down by RST, as when a server crashes or a middlebox has had enough.
package struct Reset: Fault {
    package static let definition = FaultDefinition(
        name: "reset",
        summary: "All live connections of an actor are torn down at once, with a RST to every peer.",
        wire: """
            Every peer receives RST: its next read or write fails with ECONNRESET, and data that was on its way or \
            unread at the actor is lost. On the actor's side the same sockets fail with ECONNABORTED. The actor keeps \
            running, its listening sockets stay open, and a reconnecting client gets in at once.
            """,
        heals: "Nothing to heal: the connections are gone, and new ones work.",
        hit: "One for each established TCP connection that was destroyed, those waiting to be accepted included.",
        mechanism: """
            SOCK_DESTROY through sock_diag, for every established TCP socket that the actor's processes hold and for \
            every connection in the accept queues of their listeners. The kernel sends the RST itself, from \
            the real socket.
            """,
        target: .actor, extent: .moment,
        example: "- { at: 5m, fault: reset, of: broker }")

    private let actor: String

    package init(plan: FaultPlan) { actor = plan.actor }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let missing = (what: "SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY)", codes: [EOPNOTSUPP])
        return PastFault(
            hits: try Self.attempt(missing: missing) {
                let host = field.actors.host(of: actor)
                let sockets = try ActorSockets(of: actor, in: field)
                let diagnosis = try SocketDiagnosis(namespace: field.namespace(of: host), host: host)
                var count = 0
                for socket in sockets.held.map(\.socket) + sockets.waiting where try diagnosis.destroy(socket) {
                    count += 1
                }
                return count
            })
    }
}
