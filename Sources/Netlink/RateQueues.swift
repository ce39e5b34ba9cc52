import CNetlink
import Glibc
import Kernel

/// tbf: packets leave at a rate, and wait in the queues inside for it.
package struct TokenBucket: Equatable, Sendable {
    /// Bits per second, Ethernet headers included.
    package var rate: Int64
    /// Bytes that may leave at once; nil for two full packets, or what a late timer (1 ms) would owe. Longer packets
    /// never leave, so 1514 is the least.
    package var burst: Int64?

    package init(rate: Int64, burst: Int64? = nil) {
        self.rate = rate
        self.burst = burst
    }

    /// As good as no limit: a full packet takes 12 ns. Without a rate the bucket stays and has this one, since taking
    /// it away would lose the packets in it.
    package static let unlimited: Int64 = 1_000_000_000_000

    static let fullPacket: Int64 = 1514
    var burstBytes: UInt32 {
        UInt32(clamping: max(burst ?? max(2 * Self.fullPacket, rate / 8 / 1000), Self.fullPacket))
    }
}

extension RouteSocket {
    /// Without a queue inside it lets nothing pass: add one.
    /// - Parameter limit: of a packet queue that is its only child; others have their own.
    package func tokenBucket(
        _ change: QueueChange, _ bucket: TokenBucket, limit: Int, handle: QueueHandle, parent: QueueHandle,
        on index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, change, "tbf", handle, parent, index)
        let bytesPerSecond = UInt64(max(bucket.rate / 8, 1))
        var options = tc_tbf_qopt()
        options.rate.linklayer = UInt8(TC_LINKLAYER_ETHERNET.rawValue)
        options.rate.rate = UInt32(clamping: bytesPerSecond)
        // With a limit the kernel would make a queue of bytes; a change passes it on to the queue inside, as packets.
        options.limit = change == .change ? UInt32(clamping: limit) : 0
        message.nest(TCA_OPTIONS) {
            message.put(TCA_TBF_PARMS, options)
            message.put(TCA_TBF_RATE64, bytesPerSecond)
            message.put(TCA_TBF_BURST, bucket.burstBytes)
        }
        try socket.request("\(change.verb) a tbf queue on device \(index) of", message)
    }

    /// A first-in, first-out queue of at most so many packets.
    package func packetQueue(
        _ change: QueueChange, limit: Int, handle: QueueHandle, parent: QueueHandle, on index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, change, "pfifo", handle, parent, index)
        message.put(TCA_OPTIONS, tc_fifo_qopt(limit: UInt32(clamping: limit)))
        try socket.request("\(change.verb) a packet queue on device \(index) of", message)
    }

    /// Drops what comes while this many bytes or more wait in the queue inside, and is no other obstacle.
    ///
    /// It is RED without its average: with a weight of 1 (Wlog 0) the average is the backlog itself, and beyond the
    /// upper threshold everything is dropped (net/sched/sch_red.c). Queues of bytes cannot take the place of queues
    /// of packets without losing what waits; this one stays and has its thresholds changed.
    /// - Parameter limit: bytes; nil for none.
    package func byteLimit(
        _ change: QueueChange, _ limit: Int64?, handle: QueueHandle, parent: QueueHandle, on index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, change, "red", handle, parent, index)
        // The kernel wants both below 2^31, and probable drops between them: there is nothing between them.
        let threshold = UInt32(clamping: max(1, min(limit ?? .max, Int64(Int32.max))))
        var options = tc_red_qopt()
        options.qth_min = threshold
        options.qth_max = threshold
        options.Scell_log = 0
        options.Plog = 1
        message.nest(TCA_OPTIONS) {
            message.put(TCA_RED_PARMS, options)
            // The average of a queue that has become empty is nothing at once: shifted out of sight.
            message.put(TCA_RED_STAB, bytes: [UInt8](repeating: 31, count: 256))
            message.put(TCA_RED_MAX_P, UInt32(0))
        }
        try socket.request("\(change.verb) a byte limit on device \(index) of", message)
    }

    /// Two places for queues, of which all packets go to the first.
    package func twoPlaces(handle: QueueHandle, parent: QueueHandle, on index: Int32) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, .add, "prio", handle, parent, index)
        var options = tc_prio_qopt()
        options.bands = 2
        message.put(TCA_OPTIONS, options)
        try socket.request("add a prio queue on device \(index) of", message)
    }

    /// A queue whose release makes the kernel look at all queues of the device again (`wake`). It is to stay empty.
    package func wakingQueue(handle: QueueHandle, parent: QueueHandle, on index: Int32) throws(NetlinkError) {
        try plug(.add, Int32(TCQ_PLUG_LIMIT), handle, parent, index)
    }

    /// What could leave by now does so, where the kernel would look only when its timer ends or the next packet comes:
    /// changing a queue does not wake it.
    package func wake(_ handle: QueueHandle, parent: QueueHandle, on index: Int32) throws(NetlinkError) {
        try plug(.change, Int32(TCQ_PLUG_RELEASE_INDEFINITE), handle, parent, index)
    }

    private func plug(
        _ change: QueueChange, _ action: Int32, _ handle: QueueHandle, _ parent: QueueHandle, _ index: Int32
    ) throws(NetlinkError) {
        let message = queueMessage(RTM_NEWQDISC, change, "plug", handle, parent, index)
        message.put(TCA_OPTIONS, tc_plug_qopt(action: action, limit: 0))
        try socket.request("\(change.verb) a plug queue on device \(index) of", message)
    }
}
