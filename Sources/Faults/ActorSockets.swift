import Actors
import CLinux
import Glibc
import Kernel
import Netlink

/// The TCP connections of an actor at one moment: those that its processes hold, and those that wait for it to accept.
struct ActorSockets {
    /// Who holds a socket: a process and its descriptor. Any one holder will do when several share it.
    struct Holder {
        var process: Int32
        var descriptor: Int32
    }

    /// In the order in which the sockets were made.
    private(set) var held: [(socket: TCPSocket, holder: Holder)] = []
    /// Came up at one of the actor's listening ports and were not accepted yet.
    private(set) var waiting: [TCPSocket] = []
    /// That the actor listens at.
    private(set) var listeners: [(socket: TCPSocket, holder: Holder)] = []

    /// The connection came up at one of the actor's listening ports.
    func serves(_ socket: TCPSocket) -> Bool { listeners.contains { $0.socket.local.port == socket.local.port } }

    /// - Parameter states: Which connections; ESTABLISHED ones when not given.
    init(
        of actor: String, in field: any FaultField, states: [TCPState] = [.established]
    ) throws(SystemError) {
        let host = field.actors.host(of: actor)
        let diagnosis = try SocketDiagnosis(namespace: field.namespace(of: host), host: host)
        let sockets = try diagnosis.sockets(in: states + [.listen])
        // A socket of another namespace may have any inode number: there is one numbering for all, so no confusion.
        let holders = ActorSockets.holders(among: field.actors.processes(of: actor))
        var ports: Set<Int> = []
        for socket in sockets where socket.state == .listen && holders[socket.inode] != nil {
            ports.insert(socket.local.port)
            listeners.append((socket, holders[socket.inode]!))
        }
        for socket in sockets where socket.state != .listen {
            if let holder = holders[socket.inode] {
                held.append((socket, holder))
            } else if socket.inode == 0 && ports.contains(socket.local.port) {
                waiting.append(socket)
            }
        }
    }

    /// Inodes of all sockets that these processes hold.
    private static func holders(among processes: [Int32]) -> [UInt32: Holder] {
        var holders: [UInt32: Holder] = [:]
        for process in processes {
            // A process that ends meanwhile has no descriptors.
            for (descriptor, inode) in ProcessTable.sockets(of: process) where holders[inode] == nil {
                holders[inode] = Holder(process: process, descriptor: descriptor)
            }
        }
        return holders
    }
}
