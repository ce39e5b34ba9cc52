import CLinux
import Glibc
import Kernel
import Netlink

/// Packets that a fault puts on a link.
extension Wire {
    /// Sockets for this, opened when they are needed first.
    final class Injectors {
        /// By host: AF_PACKET on that host's device.
        fileprivate var entries: [String: Int32] = [:]
        /// A raw IP socket of the wire itself.
        fileprivate var exit: Int32?

        deinit {
            for descriptor in entries.values { close(descriptor) }
            if let exit { close(exit) }
        }
    }

    /// Sends an IPv4 packet into the link as though this host had: captures see it come, filters and impairments treat
    /// it like any other. The host's own filters and its connection tracking do not learn of it.
    package func enter(from host: String, _ packet: [UInt8]) throws(SystemError) {
        let side = side(of: host)
        let end = ends.first { $0.name == host }!
        let descriptor: Int32
        if let open = injectors.entries[host] {
            descriptor = open
        } else {
            descriptor = try end.namespace.socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue)).release()
            injectors.entries[host] = descriptor
        }
        let device = end.interfaces.first { $0.link == name }!.index
        try System.call("put a packet on the link", name) {
            halfopen_packet_send(descriptor, device, side.hardwareAddress.bytes, packet, UInt32(packet.count))
        }
    }

    /// Sends an IPv4 packet out of the middle of the link, to whichever side its destination is on: it is impaired like
    /// any other, but no filter of the wire sees it, and no capture of what comes in.
    package func leave(_ packet: [UInt8]) throws(SystemError) {
        if injectors.exit == nil {
            let exit = try namespace.socket(AF_INET, Int32(SOCK_RAW.rawValue), withIPHeader).release()
            injectors.exit = exit
            // Room for a burst, where the machine allows it: whoever sends must not wait.
            var room: Int32 = 16 << 20
            setsockopt(exit, SOL_SOCKET, SO_SNDBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
        }
        let descriptor = injectors.exit!
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_addr.s_addr = packet[16..<20].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        try System.call("send a packet from the link", name) {
            withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, packet, packet.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }
}

/// Whoever sends writes the IP header too (raw(7)).
private let withIPHeader = Int32(IPPROTO_RAW)
