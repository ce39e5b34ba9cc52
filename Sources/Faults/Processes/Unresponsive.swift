import Glibc
import Kernel
import Netlink
import Scenarios

/// A server that takes every connection and answers none.
package struct Unresponsive: Fault {
    package static let definition = FaultDefinition(
        name: "unresponsive",
        summary: "A server goes on accepting every connection, and answers nothing on any of them.",
        wire: """
            Every handshake is completed and what is sent is acknowledged, until a receive buffer is full and its \
            window closes; not one byte comes back, on old connections and on new ones. TCP keep-alives are answered. \
            No error ever reaches the client: only a deadline of its own for an answer, or a heartbeat, notices.

            It differs from freeze in one thing: there the accept queue fills with those who knock (often 128 or \
            fewer), and from then on handshakes are answered by nobody; here as many are completed as the host's \
            net.core.somaxconn allows (4096), as by a program whose accepting thread is alive and whose workers are \
            not.
            """,
        heals: """
            The program goes on, finds everything that was sent to it meanwhile and answers all of it late; its \
            accept queues are as long as before.
            """,
        hit: """
            One for each live TCP connection that got no answer: those that the actor had when it struck, and those \
            that came up at its listening ports meanwhile. Counted from the socket table when sampled.
            """,
        mechanism: """
            SIGSTOP to every process, as freeze; and listen(2) with the longest accept queue on a duplicate of each of \
            its listening sockets (pidfd_getfd(2)), which is closed at once.
            """,
        target: .actor, extent: .interval,
        example: "- { at: 5m, until: 7m, fault: unresponsive, of: broker }")

    private let actor: String
    private let id: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(actor: actor, id: id, field: field)
        try active.begin()
        return active
    }

    private final class Active: ActiveFault {
        private let frozen: Frozen
        private let actor: String
        private let id: String
        private let field: any FaultField

        init(actor: String, id: String, field: any FaultField) {
            self.actor = actor
            self.id = id
            self.field = field
            frozen = Frozen(Unresponsive.self, actors: [actor], id: id, field: field)
        }

        func begin() throws(FaultError) {
            try frozen.begin()
            do throws(FaultError) {
                try eachListener { queues, raw, socket throws(SystemError) in
                    try queues.shape(raw, socket, of: actor, to: Int32(UInt16.max), by: id)
                }
            } catch {
                try? heal()
                throw error
            }
        }

        private func eachListener(
            _ body: (AcceptQueues, Int32, TCPSocket) throws(SystemError) -> Void
        ) throws(FaultError) {
            try Unresponsive.attempt(missing: ActorSockets.Holder.missing) {
                for (socket, holder) in try ActorSockets(of: actor, in: field).listeners {
                    _ = try holder.withDuplicate(of: socket) { raw throws(SystemError) in
                        try body(field.actors.holds.queues, raw, socket)
                    }
                }
            }
        }

        func hits() throws(FaultError) -> Int64 { try frozen.hits() }

        func heal() throws(FaultError) {
            try eachListener { queues, raw, socket throws(SystemError) in
                try queues.restore(raw, socket, of: actor, by: id)
            }
            try frozen.heal()
        }
    }
}
