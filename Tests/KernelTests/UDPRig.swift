import CLinux
import Glibc
import Kernel
import Labs

/// A UDP socket of a test: it sees who speaks to it.
final class TestUDP {
    struct Heard: Equatable {
        var text: String
        var address: String
        var port: Int
    }

    let descriptor: Descriptor

    /// - Parameter port: 0 for any.
    init(in namespace: Int32, port: Int = 0) throws {
        descriptor = Descriptor(
            owning: try System.call("make a socket") {
                halfopen_socket_in(namespace, AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            })
        let raw = descriptor.raw
        // Room for all of a test's datagrams: what the network loses is asked, not what the reader does.
        var room: Int32 = 16 << 20
        setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
        try Self.with(TestConnection.address("0.0.0.0", port)) { address, size in
            _ = try System.call("bind") { bind(raw, address, size) }
        }
    }

    @discardableResult
    func say(_ text: String, to address: String, port: Int) -> Bool {
        let bytes = Array(text.utf8)
        return Self.with(TestConnection.address(address, port)) { target, size in
            sendto(descriptor.raw, bytes, bytes.count, 0, target, size) == bytes.count
        }
    }

    /// Nil when nothing comes in time, or an error does.
    func hear(within time: Duration = .seconds(5)) -> Heard? {
        var wait = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, Int32(time / .milliseconds(1))) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 2048)
        var from = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor.raw, &bytes, bytes.count, 0, $0, &size)
            }
        }
        guard count >= 0 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &from.sin_addr, &text, socklen_t(text.count))
        let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return Heard(
            text: String(decoding: bytes[..<count], as: UTF8.self), address: address,
            port: Int(UInt16(bigEndian: from.sin_port)))
    }

    private static func with<Result>(
        _ address: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) rethrows -> Result {
        var address = address
        return try withUnsafePointer(to: &address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
