import Glibc
import Kernel
import Netlink

/// Makes the two ends of a TCP connection send a packet, from the middle of the way: what comes of it is for rules to
/// decide. A segment from outside the receive window has to be answered by an empty one that says where the window is
/// (RFC 9293 3.10.7.4); whoever has no such connection answers RST.
final class SegmentProbe {
    private let socket: Descriptor

    init(in namespace: NetworkNamespace) throws(SystemError) {
        // IPPROTO_RAW: the headers are ours, the sender's address included.
        socket = try namespace.socket(AF_INET, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_RAW))
    }

    func ask(_ flow: PacketFilter.Flow) throws(SystemError) {
        let back = PacketFilter.Flow(
            source: flow.destination, sourcePort: flow.destinationPort, destination: flow.source,
            destinationPort: flow.sourcePort)
        for direction in [flow, back] {
            // Of two sequence numbers half the space apart one is outside of any window.
            for sequence: UInt32 in [0, 0x8000_0000] { try send(Self.segment(direction, sequence: sequence)) }
        }
    }

    private func send(_ packet: [UInt8], to destination: in_addr) throws(SystemError) {
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_addr = destination
        let raw = socket.raw
        try System.call("send a segment") {
            withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(raw, packet, packet.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    private func send(_ segment: (packet: [UInt8], destination: in_addr)) throws(SystemError) {
        try send(segment.packet, to: segment.destination)
    }

    /// An ACK without data: 20 bytes of IPv4 header (RFC 791 3.1), 20 of TCP (RFC 9293 3.1).
    private static func segment(
        _ flow: PacketFilter.Flow, sequence: UInt32
    ) -> (packet: [UInt8], destination: in_addr) {
        func two(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xff), UInt8(number & 0xff)] }
        let numbers = two(Int(sequence >> 16)) + two(Int(sequence & 0xffff))
        // ACK, of nothing; header of five words; a window.
        var tcp = two(flow.sourcePort) + two(flow.destinationPort) + numbers + [0, 0, 0, 0, 0x50, 0x10] + two(1024)
        tcp += [0, 0, 0, 0]
        let pseudo = flow.source.bytes + flow.destination.bytes + [0, UInt8(IPPROTO_TCP)] + two(tcp.count)
        tcp.replaceSubrange(16..<18, with: two(checksum(pseudo + tcp)))
        // The kernel fills in identification and checksum (raw(7)).
        let ip: [UInt8] =
            [0x45, 0] + two(20 + tcp.count) + [0, 0, 0, 0, 64, UInt8(IPPROTO_TCP), 0, 0] + flow.source.bytes
            + flow.destination.bytes
        return (ip + tcp, in_addr(s_addr: flow.destination.networkOrder))
    }

    /// RFC 1071, of an even number of bytes.
    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum = stride(from: 0, to: bytes.count, by: 2).reduce(0) { $0 + Int(bytes[$1]) << 8 + Int(bytes[$1 + 1]) }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~sum & 0xffff
    }
}
