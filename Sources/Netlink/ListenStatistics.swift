import CLinux
import Glibc
import Kernel

/// What the listening sockets of a namespace had to turn away, as the kernel counts it (`TcpExt` of /proc/net/netstat).
package final class ListenStatistics {
    private let file: Descriptor
    /// Named in errors.
    private let host: String

    package init(namespace: Int32, host: String) throws(SystemError) {
        self.host = host
        file = Descriptor(
            // /proc/net is that of a process; the thread is what has entered the namespace.
            owning: try System.call("open the network statistics of", host) {
                halfopen_open_in(namespace, "/proc/thread-self/net/netstat")
            })
    }

    /// Connections that there was no room for, and all that was dropped, since the namespace was made.
    package func read() throws(SystemError) -> (overflows: Int64, drops: Int64) {
        let raw = file.raw
        try System.call("read the network statistics of", host) { lseek(raw, 0, SEEK_SET) < 0 ? -1 : Int32(0) }
        var bytes: [UInt8] = []
        while let part = try file.read(limit: 16384), !part.isEmpty { bytes += part }
        let values = ListenStatistics.values(String(decoding: bytes, as: UTF8.self))
        return (values["ListenOverflows"] ?? 0, values["ListenDrops"] ?? 0)
    }

    /// A line of names and a line of numbers, both headed `TcpExt:`.
    static func values(_ text: String) -> [String: Int64] {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("TcpExt:") }.map { $0.split(separator: " ") }
        guard lines.count == 2 else { return [:] }
        return Dictionary(zip(lines[0], lines[1]).dropFirst().map { (String($0), Int64($1) ?? 0) }) { first, _ in first
        }
    }
}
