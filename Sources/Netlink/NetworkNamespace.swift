import CLinux
import CNetlink
import Glibc
import Kernel

/// A network namespace that is held by a descriptor and by nothing else: it vanishes with the last holder.
package final class NetworkNamespace {
    package let descriptor: Descriptor
    /// Whose it is, for messages: `host phone`, `link phone-home`.
    package let owner: String

    /// A new one; its loopback is down.
    package init(for owner: String) throws(SystemError) {
        let raw = try System.call("make a network namespace for", owner) { halfopen_network_namespace() }
        descriptor = Descriptor(owning: raw)
        self.owner = owner
    }

    /// One that stands already; closes the descriptor in the end.
    package init(owning raw: Int32, for owner: String) {
        descriptor = Descriptor(owning: raw)
        self.owner = owner
    }

    /// The namespace of this process.
    package static func current() throws(SystemError) -> NetworkNamespace {
        let file = try Descriptor.open("/proc/thread-self/ns/net", O_RDONLY)
        return NetworkNamespace(owning: file.release(), for: "this process")
    }

    package var raw: Int32 { descriptor.raw }

    /// socket(2) inside the namespace, close-on-exec.
    package func socket(_ domain: Int32, _ type: Int32, _ number: Int32 = 0) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try System.call("open a socket in the namespace of", owner) {
                halfopen_socket_in(descriptor.raw, domain, type, number)
            })
    }

    /// A sysctl and its value: `net.ipv4.ip_forward`, `1`.
    package struct Setting: Equatable, Sendable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
        /// Names of devices may hold dots, so sysctl(8)'s notation is not for those.
        var path: String { "/proc/sys/" + String(name.map { $0 == "." ? "/" : $0 }) }
    }

    /// Writes each setting; what failed comes back, with the kernel's code.
    package func write(_ settings: [Setting]) throws(SystemError) -> [(setting: Setting, code: Int32)] {
        let paths = settings.map { strdup($0.path) }
        let texts = settings.map { strdup($0.value) }
        defer { for text in paths + texts { free(text) } }
        var errors = [Int32](repeating: 0, count: settings.count)
        let (pathPointers, textPointers) = (paths.map { UnsafePointer($0) }, texts.map { UnsafePointer($0) })
        try System.call("enter the namespace of", owner) {
            halfopen_write_each_in(descriptor.raw, pathPointers, textPointers, &errors, Int32(settings.count))
        }
        return zip(settings, errors).filter { $0.1 != 0 }.map { (setting: $0.0, code: $0.1) }
    }

    /// A setting as the kernel prints it, without the line's end.
    package func read(_ name: String) throws(SystemError) -> String {
        var text = [CChar](repeating: 0, count: 4096)
        let path = Setting(name, "").path
        let count = try System.call("read \(name) for", owner) { halfopen_read_in(descriptor.raw, path, &text, 4096) }
        let bytes = text.prefix(Int(count)).map(UInt8.init(bitPattern:))
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    /// Writes one setting that must be there.
    package func write(_ name: String, _ value: String) throws(SystemError) {
        if let failure = try write([Setting(name, value)]).first {
            throw SystemError("set \(name) for", owner, code: failure.code)
        }
    }
}
