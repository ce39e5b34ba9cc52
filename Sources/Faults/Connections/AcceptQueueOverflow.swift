import Glibc
import Kernel
import Netlink
import Scenarios

/// The server is too busy to accept, and the kernel's queue for it is full.
package struct AcceptQueueOverflow: Fault {
    package static let definition = FaultDefinition(
        name: "accept-queue-overflow",
        summary: "A server accepts no connections, and its accept queue is short: handshakes beyond it are dropped.",
        wire: """
            The first who knock (backlog + 1 of them for each listening port) come up, are acknowledged what they say, \
            and are answered nothing: they wait to be accepted. Whoever comes after them meets silence: the kernel \
            drops its SYN, or the last packet of its handshake, so that connect(2) succeeds and nothing that is said \
            arrives. SYNs are sent again, every second at first; connect(2) fails with ETIMEDOUT after one to two \
            minutes. Connections that stand stay up and are silent, for the whole program stands still, as in a long \
            garbage collection.
            """,
        heals: """
            The queues are as long as they were and the program goes on: it accepts those that wait and answers what \
            they and others have said; the next SYN of whoever still knocks is let in.
            """,
        hit: """
            One for each packet that a listening socket of the actor dropped for want of room, by the kernel's own \
            count (ListenDrops, for this socket).
            """,
        mechanism: """
            SIGSTOP to every process, as freeze; and listen(2) with the wanted backlog on a duplicate of each of its \
            listening sockets (pidfd_getfd(2)), which is closed at once. The count is SO_MEMINFO's sk_drops.
            """,
        target: .actor, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "backlog", .count(0...65535), default: .count(0),
                "Connections that may wait for each listening port, besides the first."),
            Parameter(
                "port", .count(1...65535), "Only the queue of this port is short; all of the actor's if not given."),
        ],
        example: "- { at: 5m, until: 7m, fault: accept-queue-overflow, of: broker, port: 1883, backlog: 4 }")

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(plan, in: field)
        try active.begin()
        return active
    }

    private final class Active: ActiveFault {
        private let actor: String
        private let port: Int?
        private let backlog: Int32
        private let id: String
        private let field: any FaultField
        /// Of each listening socket, by its cookie: what it had dropped before.
        private var before: [UInt64: Int64] = [:]
        private var count: Int64 = 0
        private var isHealed = false

        init(_ plan: FaultPlan, in field: any FaultField) {
            actor = plan.actor
            port = plan.count("port").map { Int($0) }
            backlog = Int32(clamping: plan.count("backlog") ?? 0)
            id = "fault\(plan.index)"
            self.field = field
        }

        func begin() throws(FaultError) {
            do throws(FaultError) {
                try field.hold(actor, by: id, for: AcceptQueueOverflow.self)
                try eachListener { socket, raw throws(SystemError) in
                    before[socket.cookie] = try Self.drops(raw)
                    try field.actors.holds.queues.shape(raw, socket, of: actor, to: backlog, by: id)
                }
            } catch {
                try? heal()
                throw error
            }
        }

        private func eachListener(
            _ body: (TCPSocket, Int32) throws(SystemError) -> Void
        ) throws(FaultError) {
            try AcceptQueueOverflow.attempt(missing: ActorSockets.Holder.missing) {
                for (socket, holder) in try ActorSockets(of: actor, in: field).listeners
                where port == nil || socket.local.port == port {
                    _ = try holder.withDuplicate(of: socket) { raw throws(SystemError) in try body(socket, raw) }
                }
            }
        }

        /// Packets that the socket could not take.
        private static func drops(_ raw: Int32) throws(SystemError) -> Int64 {
            // SK_MEMINFO_DROPS is the ninth (linux/sock_diag.h).
            var values = [UInt32](repeating: 0, count: 9)
            var size = socklen_t(values.count * 4)
            try System.call("read the drops of a listening socket") {
                getsockopt(raw, SOL_SOCKET, SO_MEMINFO, &values, &size)
            }
            return Int64(values[8])
        }

        func hits() throws(FaultError) -> Int64 {
            if isHealed { return count }
            var total: Int64 = 0
            try eachListener { socket, raw throws(SystemError) in
                guard let before = before[socket.cookie] else { return }
                total += try Self.drops(raw) - before
            }
            // A server that was restarted has other sockets; what its old ones had dropped stays a hit.
            count = max(count, total)
            return count
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            _ = try? hits()
            isHealed = true
            try eachListener { socket, raw throws(SystemError) in
                try field.actors.holds.queues.restore(raw, socket, of: actor, by: id)
            }
            try field.release(actor, by: id, for: AcceptQueueOverflow.self)
        }
    }
}
