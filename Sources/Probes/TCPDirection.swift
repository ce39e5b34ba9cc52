import Recordings

/// One direction of a TCP connection, as the packets that enter a link show it: what is new in it, what comes again.
struct TCPDirection {
    /// What a packet has brought.
    enum News: Equatable {
        case nothing
        /// New payload, soon after the last.
        case payload
        /// New payload after a pause of so many nanoseconds; nil for the first.
        case burst(quiet: Int64?)
        /// Nothing but payload of before, after so many nanoseconds without any.
        case again(quiet: Int64)
        case keepAlive
        /// New payload, and something before it was never seen here.
        case gap
    }

    /// Shorter pauses are part of a burst.
    private static let pause: Int64 = 100_000_000

    private(set) var totals = ConnectionTotals.Way()
    /// Sequence number behind everything seen so far.
    private var next: UInt32?
    /// How far the other side has it.
    private var acknowledged: UInt32?
    private var latest: Int64?
    private var latestNew: Int64?
    private var hasEnded = false

    /// Its FIN has arrived.
    var isFinished: Bool { hasEnded && isAcknowledged }

    private var isAcknowledged: Bool { acknowledged != nil && acknowledged == next }

    mutating func wasAcknowledged(_ number: UInt32) {
        // Numbers wrap around: later is what lies less than half the circle ahead (RFC 9293 3.4).
        if let acknowledged, Int32(bitPattern: number &- acknowledged) <= 0 { return }
        if let next, Int32(bitPattern: number &- next) > 0 { return }
        acknowledged = number
    }

    mutating func saw(_ packet: ConnectionTracker.Packet, at time: Timestamp) -> News {
        totals.packets += 1
        if packet.flags.contains(.reset) { return .nothing }
        let start = packet.sequence
        let counted = (packet.flags.contains(.syn) ? 1 : 0) + (packet.flags.contains(.fin) ? 1 : 0)
        let end = start &+ UInt32(packet.payload + counted)
        guard let next else {
            self.next = end
            if packet.flags.contains(.fin) { hasEnded = true }
            totals.bytes += Int64(packet.payload)
            return packet.payload > 0 ? tookNew(time) : .nothing
        }
        if counted == 0, packet.payload <= 1, start == next &- 1, isAcknowledged { return .keepAlive }
        let ahead = Int(Int32(bitPattern: end &- next))
        if ahead <= 0 {
            guard packet.payload + counted > 0 else { return .nothing }
            totals.retransmitted += 1
            guard packet.payload > 0 else { return .nothing }
            return tookOld(time)
        }
        self.next = end
        if packet.flags.contains(.fin) { hasEnded = true }
        let isGap = Int32(bitPattern: start &- next) > 0
        let new = min(packet.payload, ahead - (packet.flags.contains(.fin) ? 1 : 0))
        guard new > 0 else { return .nothing }
        totals.bytes += Int64(new)
        let news = tookNew(time)
        return isGap ? .gap : news
    }

    /// Since its last new payload; nil when it had none.
    func quiet(at time: Timestamp) -> Int64? { latestNew.map { max(0, time.nanoseconds - $0) } }

    private mutating func tookNew(_ time: Timestamp) -> News {
        defer { (latest, latestNew) = (time.nanoseconds, time.nanoseconds) }
        guard let latestNew else { return .burst(quiet: nil) }
        let quiet = time.nanoseconds - latestNew
        return quiet >= TCPDirection.pause ? .burst(quiet: quiet) : .payload
    }

    private mutating func tookOld(_ time: Timestamp) -> News {
        let quiet = time.nanoseconds - (latest ?? time.nanoseconds)
        latest = time.nanoseconds
        return quiet >= TCPDirection.pause ? .again(quiet: quiet) : .nothing
    }
}
