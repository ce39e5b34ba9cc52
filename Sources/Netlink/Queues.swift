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
}

/// netem: each packet is late, or lost. Order is kept: a packet that would overtake another is sent right behind it.
package struct Netem: Equatable, Sendable {
    package var delay: Duration = .zero
    /// Uniform, plus or minus; capped by the kernel at 2.1 s.
    package var jitter: Duration = .zero
    /// Probability, 0...1.
    package var loss: Double = 0
    /// Of its random numbers, from Linux 6.6; older kernels take their own.
    package var seed: UInt64?
    package init() {}

    /// Packets under way. A link's own capacity; the queue that may overflow is the rate limit's.
    static let underWay: UInt32 = 1 << 20
    /// Bytes per second. netem keeps packets in order only when it has a rate (net/sched/sch_netem.c, netem_enqueue);
    /// at this one a full packet takes 0.15 ns, which it rounds down to nothing.
    static let orderKeepingRate: UInt64 = 10_000_000_000_000
}

/// tbf: packets leave at a rate, and wait in a queue for it.
package struct TokenBucket: Equatable, Sendable {
    /// Bits per second.
    package var rate: Int64
    /// Packets that may wait.
    package var limit: Int

    package init(rate: Int64, limit: Int) {
        self.rate = rate
        self.limit = limit
    }

    /// As good as no limit: a full packet takes 12 ns. A bucket that is no longer wanted gets this rate, since taking
    /// it away would lose the packets in it.
    package static let unlimited: Int64 = 1_000_000_000_000

    /// Bytes that may leave at once: two full packets, or what a late timer (1 ms) would owe.
    var burst: UInt32 { UInt32(clamping: max(2 * 1514, rate / 8 / 1000)) }
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
    package init() {}
}

extension RouteSocket {
    package enum QueueChange: Sendable {
        case add, change

        fileprivate var flags: Int32 { self == .add ? NLM_F_CREATE | NLM_F_REPLACE : 0 }
        fileprivate var verb: String { self == .add ? "add" : "change" }
    }

    package func netem(
        _ change: QueueChange, _ netem: Netem, handle: QueueHandle, parent: QueueHandle, on index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, change, "netem", handle, parent, index)
        message.nest(TCA_OPTIONS) {
            var options = tc_netem_qopt()
            options.limit = Netem.underWay
            // 32-bit fixed point; all ones is certain.
            options.loss = UInt32(clamping: Int64((netem.loss * 4_294_967_295).rounded()))
            message.append(options)
            message.put(TCA_NETEM_RATE64, Netem.orderKeepingRate)
            // The old microsecond fields above are rounded to scheduler ticks; these are nanoseconds.
            message.put(TCA_NETEM_LATENCY64, netem.delay.wholeNanoseconds)
            message.put(TCA_NETEM_JITTER64, netem.jitter.wholeNanoseconds)
            if let seed = netem.seed { message.put(HALFOPEN_TCA_NETEM_PRNG_SEED, seed) }
        }
        try socket.request("\(change.verb) a netem queue on device \(index) of", message)
    }

    /// With a packet queue inside, whose handle has the next major number.
    package func tokenBucket(
        _ change: QueueChange, _ bucket: TokenBucket, handle: QueueHandle, parent: QueueHandle, on index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, change, "tbf", handle, parent, index)
        let bytesPerSecond = UInt64(max(bucket.rate / 8, 1))
        var options = tc_tbf_qopt()
        options.rate.linklayer = UInt8(TC_LINKLAYER_ETHERNET.rawValue)
        options.rate.rate = UInt32(clamping: bytesPerSecond)
        // Without a limit the kernel makes no queue of bytes; a change passes it on to the queue inside, as packets.
        options.limit = change == .change ? UInt32(clamping: bucket.limit) : 0
        message.nest(TCA_OPTIONS) {
            message.put(TCA_TBF_PARMS, options)
            message.put(TCA_TBF_RATE64, bytesPerSecond)
            message.put(TCA_TBF_BURST, bucket.burst)
        }
        try socket.request("\(change.verb) a tbf queue on device \(index) of", message)
        if change == .add {
            let inside = QueueHandle(major: UInt16(handle.raw >> 16), minor: 1)
            let own = QueueHandle(major: UInt16(handle.raw >> 16) + 1)
            try packetQueue(bucket.limit, handle: own, parent: inside, on: index)
        }
    }

    private func packetQueue(
        _ limit: Int, handle: QueueHandle, parent: QueueHandle, on index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, .add, "pfifo", handle, parent, index)
        message.put(TCA_OPTIONS, tc_fifo_qopt(limit: UInt32(clamping: limit)))
        try socket.request("add a packet queue on device \(index) of", message)
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
        }
        return result
    }

    private func queueMessage(
        _ type: some BinaryInteger, _ change: QueueChange, _ kind: String, _ handle: QueueHandle,
        _ parent: QueueHandle, _ index: Int32
    ) -> NetlinkMessage {
        let message = NetlinkMessage(type, flags: change.flags)
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
