import CLinux
import Glibc
import Kernel

/// Opening TCP sockets that do not block.
enum Sockets {
    /// One address that a name stands for.
    struct Address: CustomStringConvertible {
        fileprivate var storage = sockaddr_storage()
        fileprivate var length: socklen_t = 0

        /// `10.77.1.2:7000`, `[fd00::1]:7000`; empty of a family that is neither.
        var description: String {
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            let family = Int32(storage.ss_family)
            let isIPv4 = family == AF_INET
            let port = withUnsafeBytes(of: storage) { bytes in
                // Both families have the port behind the family, and IPv6 a flow label before the address.
                inet_ntop(family, bytes.baseAddress! + (isIPv4 ? 4 : 8), &text, socklen_t(text.count))
                return in_port_t(bigEndian: bytes.load(fromByteOffset: 2, as: in_port_t.self))
            }
            let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if address.isEmpty { return "" }
            return isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        }
    }

    /// The name has no address; the resolver's words.
    struct UnknownHost: Error, CustomStringConvertible {
        var host: String
        var reason: String
        var description: String { "cannot resolve \(host): \(reason)" }
    }

    /// Addresses of a host, in the resolver's order. Blocks while the resolver asks a name server; in a lab it reads a
    /// file.
    static func resolve(_ host: String, port: Int) throws(UnknownHost) -> [Address] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &first)
        guard code == 0 else { throw UnknownHost(host: host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(first) }
        var addresses: [Address] = []
        var next = first
        while let entry = next?.pointee {
            var address = Address(length: entry.ai_addrlen)
            memcpy(&address.storage, entry.ai_addr, Int(entry.ai_addrlen))
            addresses.append(address)
            next = entry.ai_next
        }
        return addresses
    }

    /// Begins to connect; the socket turns writable when that has ended, and `connectionError` tells how.
    static func connect(to address: Address) throws(SystemError) -> Descriptor {
        var address = address
        let socket = try make(Int32(address.storage.ss_family))
        do throws(SystemError) {
            try System.call("connect") {
                withUnsafePointer(to: &address.storage) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Glibc.connect(socket.raw, $0, address.length)
                    }
                }
            }
        } catch {
            if error.code != EINPROGRESS { throw error }
        }
        return socket
    }

    /// Why the connection does not stand; nil when it does.
    static func connectionError(_ socket: Int32) -> SystemError? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : SystemError("connect", code: code)
    }

    /// Listens on every IPv4 address; so many connections may wait to be accepted.
    static func listen(port: Int, backlog: Int = 4096) throws(SystemError) -> Descriptor {
        let socket = try make(AF_INET)
        let raw = socket.raw
        // What it accepts inherits this.
        sendAtOnce(raw)
        var yes: Int32 = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        try System.call("listen on port", "\(port)") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        try System.call("listen on port", "\(port)") { Glibc.listen(raw, Int32(backlog)) }
        return socket
    }

    /// Our end of a connection.
    static func local(of socket: Int32) -> Address {
        var address = Address(length: socklen_t(MemoryLayout<sockaddr_storage>.size))
        withUnsafeMutablePointer(to: &address.storage) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &address.length) }
        }
        return address
    }

    /// The local port.
    static func port(of socket: Int32) -> Int {
        withUnsafeBytes(of: local(of: socket).storage) {
            Int(in_port_t(bigEndian: $0.load(fromByteOffset: 2, as: in_port_t.self)))
        }
    }

    /// The next connection, or nil when none waits.
    static func accept(_ listener: Int32) throws(SystemError) -> Descriptor? {
        let number = try System.attempt("accept a connection") { halfopen_accept(listener) }
        return number.map { Descriptor(owning: $0) }
    }

    private static func make(_ family: Int32) throws(SystemError) -> Descriptor {
        let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        return Descriptor(
            owning: try System.call("open a socket") { Glibc.socket(family, Int32(type), 0) })
    }

    /// Each message is worth a packet of its own: nothing is gained by waiting for more. A client says so once its
    /// connection stands: most attempts of an outage come to nothing.
    static func sendAtOnce(_ socket: Int32) {
        var yes: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
}
