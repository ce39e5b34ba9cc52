import CLinux
import Glibc
import Kernel
import Scenarios

/// A server hangs up on everybody: FIN on every live connection.
package struct HangUp: Fault {
    package static let definition = FaultDefinition(
        name: "hang-up",
        summary: "An actor hangs up on all of its live connections with a FIN, and goes on listening.",
        wire: """
            Every peer receives FIN after whatever had been sent before it: a read returns 0, an orderly end. Nothing \
            is said before it: no close frame, no DISCONNECT, no TLS close_notify. What a peer sends afterwards is \
            answered by RST as soon as the actor has closed its socket.

            The actor learns of it as of a peer that hung up: its reads return 0, its writes fail with EPIPE. It keeps \
            running, its listening sockets stay open, and a reconnecting client gets in at once.
            """,
        heals: "Nothing to heal: the connections are gone, and new ones work.",
        hit: "One for each established TCP connection that was shut down.",
        mechanism: """
            The engine takes a duplicate of every established TCP socket that the actor's processes hold (sock_diag \
            tells which, pidfd_getfd(2) duplicates) and calls shutdown(2) with SHUT_RDWR on it. So the FIN comes from \
            the real socket, with the right sequence number, behind the data that is queued. Connections that wait in \
            a listener's accept queue belong to no process yet, and are left alone.
            """,
        target: .actor, extent: .moment,
        example: "- { at: 5m, fault: hang-up, of: broker }")

    private let actor: String

    package init(plan: FaultPlan) { actor = plan.actor }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let missing = (what: "pidfd_getfd(2), in Linux from 5.6 on", codes: [ENOSYS])
        return PastFault(
            hits: try Self.attempt(missing: missing) {
                var count = 0
                for (socket, holder) in try ActorSockets(of: actor, in: field).held
                where try HangUp.shut(holder, inode: socket.inode) { count += 1 }
                return count
            })
    }

    /// False when the socket went away meanwhile.
    private static func shut(_ holder: ActorSockets.Holder, inode: UInt32) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let process = Descriptor(
                owning: try System.call("open the process", "\(holder.process)") {
                    halfopen_pidfd_open(holder.process)
                })
            let raw = process.raw
            let socket = Descriptor(
                owning: try System.call("duplicate a socket of the process", "\(holder.process)") {
                    // A bad descriptor is not our bug here: the process has closed it.
                    let result = halfopen_pidfd_getfd(raw, holder.descriptor)
                    if result < 0 && errno == EBADF { errno = ENOENT }
                    return result
                })
            let duplicate = socket.raw
            var status = stat()
            guard fstat(duplicate, &status) == 0, status.st_ino == UInt64(inode) else { return false }
            try System.call("shut down a socket of the process", "\(holder.process)") {
                shutdown(duplicate, Int32(SHUT_RDWR))
            }
            return true
        } catch {
            // The process, its descriptor or the connection has gone.
            if [ESRCH, ENOENT, ENOTCONN].contains(error.code) { return false }
            throw error
        }
    }
}
