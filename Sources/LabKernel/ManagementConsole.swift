import Glibc
import Kernel

/// Questions to a guest's kernel while it runs (mconsole, arch/um/drivers/mconsole.h): answered in an interrupt, so
/// also while a process of the guest never lets go of the processor.
package struct ManagementConsole {
    /// `umid=` of every guest; the socket is at FOLDER/.uml/NAME/mconsole, FOLDER being HOME.
    static let name = "guest"

    private let path: String
    private let folder: String

    package init(_ guest: Guest) {
        folder = guest.folder.path
        path = "\(guest.folder.path)/.uml/\(ManagementConsole.name)/mconsole"
    }

    /// The answer's text, or nil when none comes within `timeout` milliseconds.
    package func ask(_ command: String, timeout: Int32 = 300) -> String? {
        let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { return nil }
        let socket = Descriptor(owning: raw)
        let own = "\(folder)/asking"
        unlink(own)
        defer { unlink(own) }
        guard withAddress(own, { bind(raw, $0, $1) }) == 0 else { return nil }
        // struct mconsole_request: magic, version, length, text.
        var request: [UInt8] = []
        for number in [0xcafe_babe, 2, UInt32(command.utf8.count)] as [UInt32] {
            withUnsafeBytes(of: number) { request += Array($0) }
        }
        request += Array(command.utf8)
        request += [UInt8](repeating: 0, count: 512 - command.utf8.count)
        guard withAddress(path, { sendto(raw, request, request.count, Int32(MSG_DONTWAIT), $0, $1) }) > 0 else {
            return nil
        }
        return receive(socket.raw, timeout: timeout)
    }

    /// Packets of struct mconsole_reply: error, more follow, length, text.
    private func receive(_ socket: Int32, timeout: Int32) -> String? {
        var text: [UInt8] = []
        for _ in 0..<10_000 {
            var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, timeout) == 1, let packet = try? Kernel.read(socket, limit: 1024), packet.count >= 12
            else { return nil }
            text += packet[12...].prefix { $0 != 0 }
            if packet[4] == 0 { return String(decoding: text, as: UTF8.self) }
        }
        return nil
    }

    private func withAddress<T>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            for (index, byte) in path.utf8.prefix(bytes.count - 1).enumerated() { bytes[index] = byte }
        }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
