import Glibc
import Kernel
import Labs

/// A listening TCP socket in a wire: the ear of a box in the middle, to which rules redirect connections. Those that
/// are not accepted are up all the same: the kernel shakes hands by itself.
final class WireListener {
    let port: Int
    private let socket: Descriptor

    /// Connections that may wait to be accepted; the kernel's own limit is 4096 (net.core.somaxconn).
    private static let backlog: Int32 = 4096

    /// - Parameter index: of the fault in its timeline: faults on one wire have ports of their own.
    init(in wire: Wire, index: Int) throws(SystemError) {
        port = 20_000 + index % 10_000
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        socket = try wire.namespace.socket(AF_INET, type)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        let raw = socket.raw
        // The ends of former connections must not stand in the way.
        var on: Int32 = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        try System.call("bind in", wire.name) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        try System.call("listen in", wire.name) { listen(raw, Self.backlog) }
    }

    /// Readable when somebody waits.
    var descriptor: Int32 { socket.raw }

    /// The next connection that waits, not blocking; nil when none does.
    func accept() throws(SystemError) -> Int32? {
        let raw = socket.raw
        do throws(SystemError) {
            let guest = try System.attempt("accept a connection") { Glibc.accept(raw, nil, nil) }
            guard let guest else { return nil }
            _ = fcntl(guest, F_SETFD, FD_CLOEXEC)
            _ = fcntl(guest, F_SETFL, O_NONBLOCK)
            return guest
        } catch {
            // Gone again before it was accepted.
            if error.code == ECONNABORTED { return nil }
            throw error
        }
    }
}
