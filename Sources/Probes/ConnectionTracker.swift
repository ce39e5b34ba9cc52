import Recordings

/// What a link's packets say about TCP connections: facts in (packets in the order they entered the link), events out.
/// It keeps a few bytes for each connection, and of payload looks at nothing but how a connection begins.
package struct ConnectionTracker {
    /// A TCP packet's header.
    package struct Packet: Equatable {
        package var from: Endpoint
        package var to: Endpoint
        package var flags: Flags
        package var sequence: UInt32
        package var acknowledgement: UInt32
        /// How many bytes follow the header.
        package var payload: Int
        /// The first of them, as far as they were kept.
        package var content: [UInt8]

        package init(
            from: Endpoint, to: Endpoint, flags: Flags, sequence: UInt32 = 0, acknowledgement: UInt32 = 0,
            payload: Int = 0, content: [UInt8] = []
        ) {
            self.from = from
            self.to = to
            self.flags = flags
            self.sequence = sequence
            self.acknowledgement = acknowledgement
            self.payload = payload
            self.content = content
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

    /// What is told once for each connection. Bits, as a copy of every connection is made for every packet.
    private struct Seen: OptionSet {
        var rawValue: UInt8
        static let established = Seen(rawValue: 1)
        static let firstRequest = Seen(rawValue: 2)
        static let firstResponse = Seen(rawValue: 4)

        static func finished(_ isInitiator: Bool) -> Seen { Seen(rawValue: isInitiator ? 8 : 16) }
        static func reset(_ isInitiator: Bool) -> Seen { Seen(rawValue: isInitiator ? 32 : 64) }
    }

    private struct Connection {
        var initiator: Endpoint
        var responder: Endpoint
        var firstSequence: UInt32
        /// Which connection of the link it is, from 0.
        var number: Int
        var answered = false
        var seen = Seen()
        /// From the initiator, and from the other side.
        var out = TCPDirection()
        var back = TCPDirection()
        /// Nil once it has nothing more to tell.
        var tls: TLSWatch?
        var latest: Timestamp
        /// Its totals will be told: its beginning was seen, at its own host.
        var isCounted: Bool
    }

    private let link: String
    /// Whether `data` and `keep-alive` are told.
    private let tellsPayload: Bool
    /// Addresses of the hosts at this link's ends whose own connections are looked at closely.
    private let own: Set<IPAddress>
    private var connections: [Pair: Connection] = [:]
    private var count = 0

    package init(link: String, tellsPayload: Bool = false, own: Set<IPAddress> = []) {
        self.link = link
        self.tellsPayload = tellsPayload
        self.own = own
    }

    /// What this packet adds to what is known; usually nothing.
    package mutating func saw(_ packet: Packet, at time: Timestamp) -> [Event.Body] {
        let pair = Pair(packet.from, packet.to)
        if packet.flags.contains(.syn) && !packet.flags.contains(.ack) { return sawSYN(packet, pair, time) }
        // A connection whose beginning was never seen: whoever speaks first counts as the one that began.
        var connection = connections[pair] ?? begun(packet, time, isWhole: false)
        connection.latest = time
        let events = events(packet, &connection, time)
        connections[pair] = connection
        return events
    }

    /// Totals of all connections that nobody has ended, in the order in which they began.
    package mutating func stop(at time: Timestamp) -> [Event.Body] {
        let open = connections.values.filter(\.isCounted).sorted { $0.number < $1.number }
        for pair in connections.keys { connections[pair]?.isCounted = false }
        return open.compactMap { totals($0, .open, time) }
    }

    private mutating func begun(_ packet: Packet, _ time: Timestamp, isWhole: Bool) -> Connection {
        count += 1
        let isOwn = isWhole && own.contains(packet.from.address)
        return Connection(
            initiator: packet.from, responder: packet.to, firstSequence: packet.sequence, number: count,
            answered: !isWhole, tls: isOwn ? TLSWatch() : nil, latest: time, isCounted: isOwn)
    }

    private mutating func sawSYN(_ packet: Packet, _ pair: Pair, _ time: Timestamp) -> [Event.Body] {
        let known = connections[pair]
        let isRepeated = known?.initiator == packet.from && known?.firstSequence == packet.sequence
        var events: [Event.Body] = []
        if !isRepeated {
            if let known, known.isCounted, let told = totals(known, .replaced, time) { events.append(told) }
            connections[pair] = begun(packet, time, isWhole: true)
        }
        connections[pair]?.latest = time
        _ = connections[pair]?.out.saw(packet, at: time)
        events.append(
            .wire(WireChange(link: link, .attempt, from: packet.from, to: packet.to, repeated: isRepeated)))
        return events
    }

    private func events(_ packet: Packet, _ connection: inout Connection, _ time: Timestamp) -> [Event.Body] {
        var events: [Event.Body] = []
        func tell(_ change: WireChange.Change, repeated: Bool = false, bytes: Int64? = nil, quiet: Int64? = nil) {
            events.append(
                .wire(
                    WireChange(
                        link: link, change, from: packet.from, to: packet.to, repeated: repeated, bytes: bytes,
                        quiet: quiet)))
        }
        let isInitiator = packet.from == connection.initiator
        let news = follow(packet, &connection, isInitiator, time)
        if packet.flags.contains(.reset) {
            if connection.seen.insert(.reset(isInitiator)).inserted { tell(.reset) }
            end(&connection, .reset, time, &events)
            return events
        }
        if packet.flags.isSuperset(of: [.syn, .ack]) {
            connection.answered = true
            return []
        }
        if isInitiator && connection.answered && connection.seen.insert(.established).inserted { tell(.established) }
        if packet.payload > 0 {
            let isFirst = connection.seen.insert(isInitiator ? .firstRequest : .firstResponse).inserted
            if isFirst { tell(isInitiator ? .firstRequest : .firstResponse) }
        }
        switch news {
        case .burst(let quiet) where tellsPayload: tell(.data, bytes: Int64(packet.payload), quiet: quiet)
        case .again(let quiet) where tellsPayload:
            tell(.data, repeated: true, bytes: Int64(packet.payload), quiet: quiet)
        case .keepAlive where tellsPayload: tell(.keepAlive)
        case .burst, .again, .keepAlive, .payload, .nothing, .gap: break
        }
        events += lookIntoIt(packet, &connection, isInitiator, news)
        if packet.flags.contains(.fin) && connection.seen.insert(.finished(isInitiator)).inserted {
            let direction = isInitiator ? connection.out : connection.back
            tell(.fin, quiet: tellsPayload ? direction.quiet(at: time) : nil)
        }
        if connection.out.isFinished && connection.back.isFinished { end(&connection, .closed, time, &events) }
        return events
    }

    private func follow(
        _ packet: Packet, _ connection: inout Connection, _ isInitiator: Bool, _ time: Timestamp
    ) -> TCPDirection.News {
        let isAcknowledging = packet.flags.contains(.ack) && !packet.flags.contains(.reset)
        if isInitiator {
            if isAcknowledging { connection.back.wasAcknowledged(packet.acknowledgement) }
            return connection.out.saw(packet, at: time)
        }
        if isAcknowledging { connection.out.wasAcknowledged(packet.acknowledgement) }
        return connection.back.saw(packet, at: time)
    }

    private func lookIntoIt(
        _ packet: Packet, _ connection: inout Connection, _ isInitiator: Bool, _ news: TCPDirection.News
    ) -> [Event.Body] {
        guard packet.payload > 0, connection.tls != nil else { return [] }
        switch news {
        case .again, .keepAlive, .nothing: return []
        case .gap: connection.tls!.lostSight(ofInitiator: isInitiator)
        case .burst, .payload: break
        }
        let found = connection.tls!.saw(packet.content, of: packet.payload, fromInitiator: isInitiator)
        if connection.tls!.isOver { connection.tls = nil }
        return found.map { .tls(TLSChange(link: link, $0, from: packet.from, to: packet.to)) }
    }

    private func end(
        _ connection: inout Connection, _ ending: ConnectionTotals.Ending, _ time: Timestamp,
        _ events: inout [Event.Body]
    ) {
        guard connection.isCounted else { return }
        connection.isCounted = false
        connection.tls = nil
        if let totals = totals(connection, ending, time) { events.append(totals) }
    }

    /// Nil for one that was never established.
    private func totals(
        _ connection: Connection, _ ending: ConnectionTotals.Ending, _ time: Timestamp
    ) -> Event.Body? {
        guard connection.seen.contains(.established) else { return nil }
        return .connection(
            ConnectionTotals(
                link: link, ending, from: connection.initiator, to: connection.responder,
                sent: connection.out.totals, received: connection.back.totals,
                quiet: max(0, time.nanoseconds - connection.latest.nanoseconds)))
    }
}
