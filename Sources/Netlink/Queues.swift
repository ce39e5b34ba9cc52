import CNetlink
import Glibc
import Kernel

/// A queue's number, `1:` in tc's notation; parents are named by it too.
package struct QueueHandle: Equatable, Sendable {
    package var raw: UInt32
    package init(major: UInt16, minor: UInt16 = 0) { raw = UInt32(major) << 16 | UInt32(minor) }
    private init(raw: UInt32) { self.raw = raw }
    /// The place of a device's own queue (TC_H_ROOT).
    package static let root = QueueHandle(raw: 0xffff_ffff)
    /// The place of a queue inside one that has room for one, or the first of several.
    package var inside: QueueHandle { QueueHandle(raw: raw | 1) }
    /// The second place inside.
    package var secondInside: QueueHandle { QueueHandle(raw: raw | 2) }
}

/// What has gone through a queue since it was made.
package struct QueueStatistics: Equatable, Sendable {
    package var sentPackets: UInt64 = 0
    package var sentBytes: UInt64 = 0
    /// By chance or for want of room, here and in the queues inside.
    package var dropped: UInt64 = 0
    package var waiting: UInt64 = 0
    /// How often a packet had to wait for a rate.
    package var heldBack: UInt64 = 0
    /// Packets that were put back at the head; netem counts here those that it sent ahead of others.
    package var sentAhead: UInt64 = 0
    package init() {}
}

extension RouteSocket {
    package enum QueueChange: Sendable {
        case add, change

        var flags: Int32 { self == .add ? NLM_F_CREATE | NLM_F_REPLACE : 0 }
        var verb: String { self == .add ? "add" : "change" }
    }

    /// With all packets in it.
    package func deleteQueue(parent: QueueHandle, on index: Int32) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_DELQDISC)
        message.append(queueHeader(QueueHandle(major: 0), parent, index))
        try socket.request("delete a queue on device \(index) of", message)
    }

    package func statistics(of handle: QueueHandle, on index: Int32) throws(NetlinkError) -> QueueStatistics {
        // Without NLM_F_ECHO the kernel answers to listeners only.
        let message = NetlinkMessage(RTM_GETQDISC, flags: NLM_F_ECHO)
        message.append(queueHeader(handle, QueueHandle(major: 0), index))
        let replies = try socket.request("read the queue of device \(index) of", message)
        guard
            let statistics = replies.first?.attributes(after: MemoryLayout<tcmsg>.size).nested(TCA_STATS2)
        else { throw NetlinkError("read the queue of device \(index) of", namespace.owner, code: ENODATA) }
        var result = QueueStatistics()
        if let basic = statistics.structure(TCA_STATS_BASIC, as: gnet_stats_basic.self) {
            result.sentPackets = UInt64(basic.packets)
            result.sentBytes = basic.bytes
        }
        if let queue = statistics.structure(TCA_STATS_QUEUE, as: gnet_stats_queue.self) {
            result.dropped = UInt64(queue.drops)
            result.waiting = UInt64(queue.qlen)
            result.heldBack = UInt64(queue.overlimits)
            result.sentAhead = UInt64(queue.requeues)
        }
        return result
    }

    /// Every queue of the namespace with its settings: two that are alike have equal lines.
    package func queueList() throws(NetlinkError) -> [String] {
        let message = NetlinkMessage(RTM_GETQDISC, flags: NLM_F_DUMP)
        message.append(queueHeader(QueueHandle(major: 0), QueueHandle(major: 0), 0))
        return try socket.request("list the queues of", message).compactMap { reply in
            guard let header = reply.header(tcmsg.self) else { return nil }
            let attributes = reply.attributes(after: MemoryLayout<tcmsg>.size)
            let options = attributes.bytes(TCA_OPTIONS).map(Array.init) ?? []
            let kind = attributes.text(TCA_KIND) ?? "?"
            return "\(header.tcm_ifindex) \(kind) \(header.tcm_handle) in \(header.tcm_parent): \(options)"
        }
    }

    /// - Parameter capacity: bytes; a page when nil.
    func queueMessage(
        _ type: some BinaryInteger, _ change: QueueChange, _ kind: String, _ handle: QueueHandle,
        _ parent: QueueHandle, _ index: Int32, capacity: Int? = nil
    ) -> NetlinkMessage {
        let message = NetlinkMessage(type, flags: change.flags, capacity: capacity)
        message.append(queueHeader(handle, parent, index))
        message.put(TCA_KIND, text: kind)
        return message
    }

    private func queueHeader(_ handle: QueueHandle, _ parent: QueueHandle, _ index: Int32) -> tcmsg {
        var header = tcmsg()
        header.tcm_family = UInt8(AF_UNSPEC)
        header.tcm_ifindex = index
        header.tcm_handle = handle.raw
        header.tcm_parent = parent.raw
        return header
    }
}
