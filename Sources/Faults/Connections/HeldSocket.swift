import CLinux
import Glibc
import Kernel
import Netlink

extension ActorSockets.Holder {
    /// Calls `body` with a duplicate of the socket, held by nobody else afterwards. False when the process, its
    /// descriptor or the connection has gone meanwhile.
    func withDuplicate(
        of socket: TCPSocket, _ body: (Int32) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            guard let duplicate = try self.duplicate(inode: socket.inode) else { return false }
            defer { close(duplicate) }
            try body(duplicate)
            return true
        } catch {
            if [ESRCH, ENOENT, ENOTCONN].contains(error.code) { return false }
            throw error
        }
    }

    /// Whoever asked closes it. Nil when the descriptor is another socket by now.
    func duplicate(inode: UInt32) throws(SystemError) -> Int32? {
        let process = Descriptor(
            owning: try System.call("open the process", "\(process)") { halfopen_pidfd_open(self.process) })
        let raw = process.raw
        let socket = Descriptor(
            owning: try System.call("duplicate a socket of the process", "\(self.process)") {
                // A bad descriptor is not our bug here: the process has closed it.
                let result = halfopen_pidfd_getfd(raw, descriptor)
                if result < 0 && errno == EBADF { errno = ENOENT }
                return result
            })
        var status = stat()
        guard fstat(socket.raw, &status) == 0, status.st_ino == UInt64(inode) else { return nil }
        return socket.release()
    }

    /// What the kernel may lack for this.
    static let missing = (what: "pidfd_getfd(2), in Linux from 5.6 on", codes: [ENOSYS])
}

/// shutdown(2) on live connections, for the faults that end one or both directions of them in good order.
enum Shutdown {
    /// How many there were; connections that belong to no process yet are left alone.
    static func each(_ chosen: ChosenConnections, _ how: Int) throws -> Int {
        var count = 0
        for connection in chosen.connections {
            let wasShut = try connection.holder?.withDuplicate(of: connection.socket) { raw throws(SystemError) in
                try System.call("shut down the connection to", "\(connection.socket.remote)") {
                    shutdown(raw, Int32(how))
                }
            }
            if wasShut == true { count += 1 }
        }
        return count
    }
}
