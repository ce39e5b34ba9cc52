import CLibNL
import CNetlink
import Glibc
import Kernel

/// Packets that the packet filter of a namespace holds for a verdict (nfnetlink_queue): each waits in the kernel until
/// it is passed or dropped here. When this object goes, what waits is dropped.
package final class PacketQueue {
    package struct Packet: Sendable {
        fileprivate var id: UInt32
        /// Index of the device by which it came.
        package var device: Int32
        /// From the IP header on.
        package var bytes: [UInt8]
    }

    private let socket: Descriptor
    private let number: UInt16
    private let owner: String
    /// Readable when packets wait.
    package var descriptor: Int32 { socket.raw }

    /// Packets that may wait; what comes beyond them is lost, as on a link.
    private static let room: UInt32 = 65536

    /// - Parameter number: of the queue, 0...65535; each has one listener in a namespace.
    package init(_ number: UInt16, in namespace: NetworkNamespace) throws {
        self.number = number
        owner = namespace.owner
        socket = try namespace.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), NETLINK_NETFILTER)
        var buffer: Int32 = 64 << 20
        let size = socklen_t(MemoryLayout<Int32>.size)
        let raw = socket.raw
        // Forcing needs a privilege that a user namespace does not give; the plain call takes what the machine allows.
        if setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, size) != 0 {
            setsockopt(raw, SOL_SOCKET, SO_RCVBUF, &buffer, size)
        }
        var on: Int32 = 1
        setsockopt(raw, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, size)
        try configure { message in
            let bind = UInt8(NFQNL_CFG_CMD_BIND.rawValue)
            message.put(NFQA_CFG_CMD.rawValue, nfqnl_msg_config_cmd(command: bind, _pad: 0, pf: 0))
        }
        try configure { message in
            // Copy range, in network order, and the mode behind it: the structure is packed.
            let whole: [UInt8] = [0, 0, 0xff, 0xff, UInt8(NFQNL_COPY_PACKET.rawValue)]
            message.put(NFQA_CFG_PARAMS.rawValue, bytes: whole)
            message.put(NFQA_CFG_QUEUE_MAXLEN.rawValue, Self.room.bigEndian)
        }
        try socket.setNonBlocking()
    }

    private func configure(_ body: (borrowing NetlinkMessage) -> Void) throws {
        let message = message(NFQNL_MSG_CONFIG, NLM_F_ACK)
        body(message)
        try send(message)
        // Nothing leads to this queue yet: what comes is the answer.
        let raw = socket.raw
        var answer = [UInt8](repeating: 0, count: 1024)
        let count = try System.call("set up a packet queue of", owner) { recv(raw, &answer, answer.count, 0) }
        guard count >= 20 else { throw SystemError("set up a packet queue of", owner, code: EPROTO) }
        let code = answer.withUnsafeBytes { -$0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
        if code != 0 { throw SystemError("set up a packet queue of", owner, code: code) }
    }

    private func message(_ type: nfqnl_msg_types, _ flags: Int32 = 0) -> NetlinkMessage {
        let message = NetlinkMessage(UInt32(NFNL_SUBSYS_QUEUE) << 8 | type.rawValue, flags: flags)
        message.append(
            nfgenmsg(nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0), res_id: number.bigEndian))
        return message
    }

    private func send(_ message: consuming NetlinkMessage) throws(SystemError) {
        var batch = NetlinkBatch()
        batch.append(message)
        let bytes = batch.bytes(sequence: 1).bytes
        let raw = socket.raw
        try System.call("answer the packet queue of", owner) { Glibc.send(raw, bytes, bytes.count, 0) }
    }

    /// The next packet that waits; nil when there is none.
    package func next() throws(SystemError) -> Packet? {
        var bytes = [UInt8](repeating: 0, count: 1 << 17)
        let raw = socket.raw
        while true {
            let count = try System.attempt("read the packet queue of", owner) { recv(raw, &bytes, bytes.count, 0) }
            guard let count else { return nil }
            if let packet = Self.packet(bytes[..<count]) { return packet }
            // A verdict on what the kernel has dropped meanwhile is refused; nothing is to be done about it.
        }
    }

    private static func packet(_ bytes: ArraySlice<UInt8>) -> Packet? {
        let headers = MemoryLayout<nlmsghdr>.size + MemoryLayout<nfgenmsg>.size
        guard bytes.count > headers else { return nil }
        let type = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: UInt16.self) }
        guard UInt32(type) == UInt32(NFNL_SUBSYS_QUEUE) << 8 | NFQNL_MSG_PACKET.rawValue else { return nil }
        let attributes = NetlinkAttributes(bytes.dropFirst(headers))
        guard let id = attributes.number(NFQA_PACKET_HDR.rawValue, as: UInt32.self),
            let payload = attributes.bytes(NFQA_PAYLOAD.rawValue)
        else { return nil }
        let device = attributes.number(NFQA_IFINDEX_INDEV.rawValue, as: UInt32.self) ?? 0
        return Packet(id: UInt32(bigEndian: id), device: Int32(bitPattern: device.byteSwapped), bytes: Array(payload))
    }

    package func pass(_ packet: Packet) throws(SystemError) { try decide(packet, Int(HALFOPEN_NF_ACCEPT)) }

    package func drop(_ packet: Packet) throws(SystemError) { try decide(packet, Int(HALFOPEN_NF_DROP)) }

    private func decide(_ packet: Packet, _ verdict: Int) throws(SystemError) {
        let message = message(NFQNL_MSG_VERDICT)
        let header = nfqnl_msg_verdict_hdr(verdict: UInt32(verdict).bigEndian, id: packet.id.bigEndian)
        message.put(NFQA_VERDICT_HDR.rawValue, header)
        try send(message)
    }
}
