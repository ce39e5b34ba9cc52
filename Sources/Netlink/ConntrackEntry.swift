import CNetlink
import Glibc
import Kernel

/// An address with a port, as text: IPv4 mapped into IPv6 is shown as IPv4.
package struct TransportAddress: Hashable, Sendable, CustomStringConvertible {
    package var address: String
    /// 0 for protocols without ports.
    package var port: Int

    package init(address: String, port: Int) {
        self.address = address
        self.port = port
    }

    package var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }

    /// - Parameter bytes: the address in network order, 4 or 16 of them.
    package init(family: UInt8, bytes: UnsafeRawBufferPointer, port: UInt16) {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        halfopen_address_text(family, bytes.bindMemory(to: UInt8.self).baseAddress, &text)
        address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.port = Int(port)
    }
}

/// One direction of a tracked connection.
package struct ConntrackFlow: Hashable, Sendable, CustomStringConvertible {
    package var source: TransportAddress
    package var destination: TransportAddress

    package var description: String { "\(source) -> \(destination)" }

    init(_ raw: halfopen_flow) {
        source = withUnsafeBytes(of: raw.source) {
            TransportAddress(family: raw.family, bytes: $0, port: raw.source_port)
        }
        destination = withUnsafeBytes(of: raw.destination) {
            TransportAddress(family: raw.family, bytes: $0, port: raw.destination_port)
        }
    }
}

/// States of the kernel's TCP tracker, nf_conntrack_tcp.h, in its order.
package enum TrackedTCPState: UInt8, Sendable {
    case none
    case synSent
    case synReceived
    case established
    case finWait
    case closeWait
    case lastAck
    case timeWait
    case close
    /// Both sides sent a SYN.
    case synSentTwice

    /// Somebody ended the connection, by FIN or RST.
    package var isEnding: Bool {
        switch self {
        case .finWait, .closeWait, .lastAck, .timeWait, .close: true
        case .none, .synSent, .synReceived, .established, .synSentTwice: false
        }
    }
}

/// One entry of a connection tracking table.
package struct ConntrackEntry: Sendable {
    let raw: halfopen_conntrack

    init(_ raw: halfopen_conntrack) { self.raw = raw }

    /// As the side that began it sees it.
    package var original: ConntrackFlow { ConntrackFlow(raw.original) }
    /// As the other side answers: its destination is the translated source.
    package var reply: ConntrackFlow { ConntrackFlow(raw.reply) }
    package var isTCP: Bool { raw.original.protocol == UInt8(IPPROTO_TCP) }
    package var isUDP: Bool { raw.original.protocol == UInt8(IPPROTO_UDP) }
    /// `.none` for other protocols, and when the kernel did not say.
    package var tcpState: TrackedTCPState { TrackedTCPState(rawValue: raw.tcp_state) ?? .none }
    /// A TCP connection that is up.
    package var isEstablished: Bool { isTCP && tcpState == .established }
    /// Packets have been seen in both directions (IPS_SEEN_REPLY).
    package var isAnswered: Bool { raw.status & 2 != 0 }
    /// Until it expires, whole seconds rounded down.
    package var timeout: Duration { .seconds(Int64(raw.timeout)) }
    /// Tells entries apart while they live.
    package var id: UInt32 { raw.id }

    /// Oldest first; those of one moment, or unstamped, by ports.
    var order: (UInt64, UInt16, UInt16, UInt32) {
        (raw.started, raw.original.source_port, raw.original.destination_port, raw.id)
    }
}

/// What has been read of the changes of a table.
package struct ConntrackBatch: Sendable {
    package var events: [ConntrackEvent] = []
    /// How many times the kernel had to discard events since the last read: at least so many are missing.
    package var lost: Int64 = 0
}

/// One change of a connection tracking table.
package struct ConntrackEvent: Sendable {
    package enum Change: Equatable, Sendable {
        case new
        case updated
        case destroyed(Reason)
    }
    /// Why an entry went. The kernel names who asked, and the state it was in; the rest follows.
    package enum Reason: Equatable, Sendable {
        /// Somebody deleted it over netlink: a fault of ours, for nobody else is in the lab.
        case forgotten
        /// The kernel ended it after a FIN or RST had been seen.
        case closed
        /// The kernel ended it, and nobody had said goodbye: its time was over.
        case expired
    }
    package enum Stamp: Equatable, Sendable {
        /// The kernel's own: the moment of the change. Ends of entries that began after `Conntrack.prepare`; everything
        /// from Linux 6.14 on. For an expiry it is exact to the kernel's tick (1/HZ), the time at which its time was
        /// over.
        case kernel
        /// When it was read: late by the time it waited to be read.
        case reader
    }
    package var change: Change
    package var entry: ConntrackEntry
    /// CLOCK_MONOTONIC, nanoseconds.
    package var time: Int64
    package var stamp: Stamp
    /// When the entry was made, CLOCK_MONOTONIC nanoseconds; nil when the kernel did not say (it does with the end).
    package var started: Int64?

    /// `now` and `offset` (real time minus monotonic) at the time of reading.
    init(_ raw: halfopen_conntrack, now: Int64, offset: Int64) {
        entry = ConntrackEntry(raw)
        switch raw.kind {
        case HALFOPEN_CT_NEW: change = .new
        case HALFOPEN_CT_UPDATE: change = .updated
        default:
            if raw.deleter != 0 {
                change = .destroyed(.forgotten)
            } else {
                change = .destroyed(entry.tcpState.isEnding ? .closed : .expired)
            }
        }
        started = raw.started == 0 ? nil : Int64(raw.started) - offset
        let known = raw.kind == HALFOPEN_CT_DESTROY && raw.stopped != 0 ? raw.stopped : raw.happened
        stamp = known == 0 ? .reader : .kernel
        // Never after it was read: the two clocks are not read in one instant.
        time = known == 0 ? now : min(Int64(known) - offset, now)
    }
}
