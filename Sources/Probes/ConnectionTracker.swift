import Recordings

/// What a link's packets say about TCP connections: facts in (packets in the order they entered the link), changes out.
/// It keeps a few bytes for each connection and never looks at payload.
package struct ConnectionTracker {
    /// A TCP packet's header.
    package struct Packet: Equatable {
        package var from: Endpoint
        package var to: Endpoint
        package var flags: Flags
        package var sequence: UInt32
        package var payload: Int

        package init(from: Endpoint, to: Endpoint, flags: Flags, sequence: UInt32 = 0, payload: Int = 0) {
            self.from = from
            self.to = to
            self.flags = flags
            self.sequence = sequence
            self.payload = payload
        }
    }

    package struct Flags: OptionSet {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let fin = Flags(rawValue: 1)
        package static let syn = Flags(rawValue: 2)
        package static let reset = Flags(rawValue: 4)
        package static let ack = Flags(rawValue: 16)
    }

    /// Both ends, without saying who began.
    private struct Pair: Hashable {
        let low: Endpoint
        let high: Endpoint

        init(_ a: Endpoint, _ b: Endpoint) {
            let inOrder = (a.address, a.port) <= (b.address, b.port)
            low = inOrder ? a : b
            high = inOrder ? b : a
        }
    }

    private struct Connection {
        var initiator: Endpoint
        var firstSequence: UInt32
        var answered = false
        var seen: Set<WireChange.Change> = []
        var finished: Set<Endpoint> = []
        var reset: Set<Endpoint> = []
    }

    private let link: String
    private var connections: [Pair: Connection] = [:]

    package init(link: String) { self.link = link }

    /// What this packet adds to what is known; usually nothing.
    package mutating func saw(_ packet: Packet) -> [WireChange] {
        let pair = Pair(packet.from, packet.to)
        if packet.flags.contains(.syn) && !packet.flags.contains(.ack) { return [sawSYN(packet, pair)] }
        // A connection whose beginning was never seen: whoever speaks first counts as the one that began.
        var connection =
            connections[pair] ?? Connection(initiator: packet.from, firstSequence: packet.sequence, answered: true)
        defer { connections[pair] = connection }
        return changes(packet, &connection)
    }

    private mutating func sawSYN(_ packet: Packet, _ pair: Pair) -> WireChange {
        let known = connections[pair]
        let isRepeated = known?.initiator == packet.from && known?.firstSequence == packet.sequence
        if !isRepeated {
            connections[pair] = Connection(initiator: packet.from, firstSequence: packet.sequence)
        }
        return WireChange(link: link, .attempt, from: packet.from, to: packet.to, repeated: isRepeated)
    }

    private func changes(_ packet: Packet, _ connection: inout Connection) -> [WireChange] {
        var changes: [WireChange] = []
        func tell(_ change: WireChange.Change) {
            changes.append(WireChange(link: link, change, from: packet.from, to: packet.to))
        }
        let isInitiator = packet.from == connection.initiator
        if packet.flags.contains(.reset) {
            if connection.reset.insert(packet.from).inserted { tell(.reset) }
            return changes
        }
        if packet.flags.isSuperset(of: [.syn, .ack]) {
            connection.answered = true
            return []
        }
        if isInitiator && connection.answered && connection.seen.insert(.established).inserted { tell(.established) }
        if packet.payload > 0 {
            let change: WireChange.Change = isInitiator ? .firstRequest : .firstResponse
            if connection.seen.insert(change).inserted { tell(change) }
        }
        if packet.flags.contains(.fin) && connection.finished.insert(packet.from).inserted { tell(.fin) }
        return changes
    }
}
