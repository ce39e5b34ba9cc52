import Recordings

/// How a connection begins: a TLS handshake as far as it is in clear (RFC 8446, RFC 5246), or plain text. Fed with the
/// new payload of both sides in order; it keeps no more than a record's header and is over after the handshake.
struct TLSWatch {
    private enum RecordType: UInt8 {
        case changeCipherSpec = 20
        case alert, handshake, data
    }

    /// One side's stream, cut into records.
    private struct Stream {
        /// Payload before the next record's header.
        var rest = 0
        /// A header that a segment's end has cut.
        var header: [UInt8] = []
        /// Where the next record begins is not known.
        var isLost = false
        var hasChangedCipher = false
        var hasSaidHello = false
        var segments = 0
    }

    private enum Stage { case unknown, plain, handshake }
    private var stage = Stage.unknown
    private var client = Stream()
    private var server = Stream()
    private var version: String?
    private var hasFinished = false
    private(set) var isOver = false
    /// Protocols that begin in clear and go over to TLS do so early.
    private static let plainSegments = 16
    /// A record of TLS 1.3 that holds an alert: two bytes, the type and the tag of its cipher.
    private static let encryptedAlert = 19

    /// The payload of a packet is missing.
    mutating func lostSight(ofInitiator isInitiator: Bool) {
        if isInitiator { client.isLost = true } else { server.isLost = true }
    }

    /// - Parameters:
    ///   - kept: the beginning of the packet's payload.
    ///   - payload: how long that is in all.
    mutating func saw(_ kept: [UInt8], of payload: Int, fromInitiator isClient: Bool) -> [TLSChange.Change] {
        switch stage {
        case .unknown:
            if isClient && TLSWatch.isHello(kept) {
                stage = .handshake
                return follow(kept, payload, isClient)
            }
            stage = .plain
            return [.plain(protocol: PlainText.guess(kept))]
        case .plain:
            if isClient && TLSWatch.isHello(kept) {
                stage = .handshake
                (client, server) = (Stream(), Stream())
                return follow(kept, payload, isClient)
            }
            client.segments += 1
            isOver = client.segments > TLSWatch.plainSegments
            return []
        case .handshake: return follow(kept, payload, isClient)
        }
    }

    private static func isHello(_ bytes: [UInt8]) -> Bool {
        bytes.count > 5 && bytes[0] == RecordType.handshake.rawValue && bytes[1] == 3 && bytes[5] == 1
    }

    private mutating func follow(_ kept: [UInt8], _ payload: Int, _ isClient: Bool) -> [TLSChange.Change] {
        var stream = isClient ? client : server
        defer { if isClient { client = stream } else { server = stream } }
        if stream.isLost { return [] }
        var found: [TLSChange.Change] = []
        // What a side sends of its Finished and what it sends after it come in different segments.
        let hadFinished = hasFinished
        var place = 0
        while place < payload {
            if stream.rest > 0 {
                let step = min(stream.rest, payload - place)
                stream.rest -= step
                place += step
                continue
            }
            let header = stream.header + kept.dropFirst(place).prefix(5 - stream.header.count)
            place += header.count - stream.header.count
            guard header.count == 5 else {
                // Cut by the segment's end, or by what was kept of it.
                (stream.header, stream.isLost) = (header, place < payload)
                break
            }
            stream.header = []
            stream.rest = Int(header[3]) << 8 | Int(header[4])
            guard let type = RecordType(rawValue: header[0]), header[1] == 3 else {
                stream.isLost = true
                break
            }
            let body = Array(kept.dropFirst(place).prefix(stream.rest))
            found += take(type, length: stream.rest, body, isClient, &stream, hadFinished)
        }
        return found
    }

    private mutating func take(
        _ type: RecordType, length: Int, _ body: [UInt8], _ isClient: Bool, _ stream: inout Stream,
        _ hadFinished: Bool
    ) -> [TLSChange.Change] {
        let isNew = version == "1.3"
        switch type {
        case .changeCipherSpec:
            stream.hasChangedCipher = true
            return []
        case .alert:
            let isClear = length == 2 && (isNew || !stream.hasChangedCipher)
            return [.alert(name: isClear && body.count == 2 ? TLSNames.alert(body[1]) : nil)]
        case .handshake:
            if !stream.hasSaidHello || isNew { return hello(body, isClient, &stream) }
            guard isClient, stream.hasChangedCipher, !hasFinished else { return [] }
            hasFinished = true
            return [.finished]
        case .data:
            guard isClient, version != nil else { return [] }
            if isNew && length == TLSWatch.encryptedAlert { return [.alert(name: nil)] }
            if !hasFinished {
                hasFinished = true
                return [.finished]
            }
            guard hadFinished, !isOver else { return [] }
            isOver = true
            return [.data]
        }
    }

    private mutating func hello(_ body: [UInt8], _ isClient: Bool, _ stream: inout Stream) -> [TLSChange.Change] {
        guard let hello = TLSHello(body), hello.isOfClient == isClient else { return [] }
        defer { stream.hasSaidHello = true }
        if isClient {
            // The second, after a HelloRetryRequest, offers nothing else.
            return stream.hasSaidHello ? [] : [.clientHello(version: hello.version, name: hello.serverName)]
        }
        guard !stream.hasSaidHello, let version = hello.version, let cipher = hello.cipher else { return [] }
        self.version = version
        return [.serverHello(version: version, cipher: cipher)]
    }
}
