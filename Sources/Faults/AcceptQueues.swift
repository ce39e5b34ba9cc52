import Glibc
import Kernel
import Netlink

/// How long the accept queues of actors' listening sockets are, while faults want them otherwise. Such faults overlap:
/// the latest that lasts has its way, and when the last has gone a queue is as long as the program made it.
final class AcceptQueues {
    private struct Listener: Hashable {
        var actor: String
        var cookie: UInt64
    }

    private struct Queue {
        /// The program's own.
        var former: Int32
        /// In the order in which they came.
        var wishes: [(holder: String, length: Int32)] = []
        var length: Int32 { wishes.last?.length ?? former }
    }

    private var queues: [Listener: Queue] = [:]

    /// - Parameter raw: a duplicate of the socket.
    func shape(
        _ raw: Int32, _ socket: TCPSocket, of actor: String, to length: Int32, by holder: String
    ) throws(SystemError) {
        let listener = Listener(actor: actor, cookie: socket.cookie)
        var queue = queues[listener] ?? Queue(former: Int32(clamping: socket.unsent))
        queue.wishes.append((holder, length))
        try apply(queue.length, raw, socket)
        queues[listener] = queue
    }

    /// Fine for one that this holder has not shaped.
    func restore(_ raw: Int32, _ socket: TCPSocket, of actor: String, by holder: String) throws(SystemError) {
        let listener = Listener(actor: actor, cookie: socket.cookie)
        guard var queue = queues[listener], queue.wishes.contains(where: { $0.holder == holder }) else { return }
        queue.wishes.removeAll { $0.holder == holder }
        try apply(queue.length, raw, socket)
        queues[listener] = queue.wishes.isEmpty ? nil : queue
    }

    /// listen(2) on a socket that listens changes nothing but the length.
    private func apply(_ length: Int32, _ raw: Int32, _ socket: TCPSocket) throws(SystemError) {
        try System.call("change the accept queue of port", "\(socket.local.port)") { listen(raw, length) }
    }
}
