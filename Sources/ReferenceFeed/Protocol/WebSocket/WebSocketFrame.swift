/// A frame of RFC 6455, section 5.2. The library that Debian has for this, wslay, comes without a static archive, which
/// the release binary needs; so the framing is here.
package struct WebSocketFrame: Equatable, Sendable {
    package enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        /// Section 5.5: they may come between the frames of a message, are short and never in pieces.
        var isControl: Bool { rawValue >= 8 }
    }

    package var opcode: Opcode
    /// The last, or only, frame of a message.
    package var isFinal = true
    package var payload: [UInt8]

    package init(_ opcode: Opcode, isFinal: Bool = true, _ payload: [UInt8] = []) {
        (self.opcode, self.isFinal, self.payload) = (opcode, isFinal, payload)
    }

    /// - Parameter mask: what a client hides its payload with, so that nothing between can take it for something else
    ///   (section 10.3); nil for a server, which does not.
    package func bytes(mask: UInt32?) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case 0..<126: bytes.append(masked | UInt8(payload.count))
        case 126..<65536: bytes += [masked | 126] + Self.octets(UInt64(payload.count), 2)
        default: bytes += [masked | 127] + Self.octets(UInt64(payload.count), 8)
        }
        guard let mask else { return bytes + payload }
        let key = Self.octets(UInt64(mask), 4)
        bytes += key
        bytes.reserveCapacity(bytes.count + payload.count)
        for (place, byte) in payload.enumerated() { bytes.append(byte ^ key[place & 3]) }
        return bytes
    }

    private static func octets(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }
}

/// A breach of the protocol, with the code that is said to who committed it (section 7.4.1).
package struct WebSocketError: Error, Equatable, CustomStringConvertible {
    package var code: WebSocketCode
    package var reason: String
    package var description: String { "WebSocket: \(reason)" }
}

/// Why a WebSocket is closed; the number that is said.
package struct WebSocketCode: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package static let normal = WebSocketCode(rawValue: 1000)
    package static let goingAway = WebSocketCode(rawValue: 1001)
    package static let protocolError = WebSocketCode(rawValue: 1002)
    package static let unsupportedData = WebSocketCode(rawValue: 1003)
    package static let notText = WebSocketCode(rawValue: 1007)
    package static let tooBig = WebSocketCode(rawValue: 1009)

    /// Numbers that may be said at all (section 7.4.1 and 7.4.2, and the registry that followed).
    var maySay: Bool { [1000...1003, 1007...1014, 3000...4999].contains { $0.contains(rawValue) } }
}

/// Cuts a stream into frames.
struct WebSocketFrameReader {
    /// Whether the other side must mask: what a client says is, what a server says is not.
    private let isMasked: Bool
    private let limit: Int
    private var unread: [UInt8] = []

    init(fromClient isMasked: Bool, limit: Int) {
        (self.isMasked, self.limit) = (isMasked, limit)
    }

    mutating func take(_ bytes: some Sequence<UInt8>) { unread += bytes }

    /// The next frame, unmasked; nil while it is not whole.
    mutating func next() throws(WebSocketError) -> WebSocketFrame? {
        guard unread.count >= 2 else { return nil }
        guard unread[0] & 0x70 == 0 else { throw breach("a reserved bit is set") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: unread[0] & 15) else { throw breach("an unknown opcode") }
        guard (unread[1] & 0x80 != 0) == isMasked else {
            throw breach(isMasked ? "a frame that is not masked" : "a frame that is masked")
        }
        let isFinal = unread[0] & 0x80 != 0
        let short = Int(unread[1] & 0x7F)
        if opcode.isControl, !isFinal || short > 125 { throw breach("a control frame that is long or in pieces") }
        let width = short == 127 ? 8 : short == 126 ? 2 : 0
        let start = 2 + width + (isMasked ? 4 : 0)
        guard unread.count >= start else { return nil }
        let length = width == 0 ? UInt64(short) : unread[2..<(2 + width)].reduce(0) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(limit) else {
            throw WebSocketError(code: .tooBig, reason: "a frame of more than \(limit) bytes")
        }
        guard unread.count >= start + Int(length) else { return nil }
        var payload = Array(unread[start..<(start + Int(length))])
        if isMasked {
            for place in payload.indices { payload[place] ^= unread[start - 4 + place & 3] }
        }
        unread.removeFirst(start + Int(length))
        return WebSocketFrame(opcode, isFinal: isFinal, payload)
    }

    private func breach(_ reason: String) -> WebSocketError {
        WebSocketError(code: .protocolError, reason: reason)
    }
}
