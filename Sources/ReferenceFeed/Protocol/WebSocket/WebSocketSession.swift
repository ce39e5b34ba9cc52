/// One side of a WebSocket (RFC 6455): bytes and wishes in, messages and bytes out. No socket, no clock.
///
///     opening --upgrade--> open --our close--> closing --their close--> closed
///                            \------------------their close-------------^
package struct WebSocketSession {
    package enum Role: Equatable, Sendable {
        case server
        /// `host`: as the URL has it. `key`: 16 random bytes in base64.
        case client(host: String, key: String)
    }

    package enum State: Equatable, Sendable {
        /// The upgrade is under way. To `open`.
        case opening
        /// Messages flow. To `closing`, `closed`.
        case open
        /// We have said that we close, and wait for the other side to say so. To `closed`.
        case closing
        /// Both have said so; the server ends the connection.
        case closed
    }

    package enum Event: Equatable, Sendable {
        case opened
        case message([UInt8])
        /// The other side closes, for this reason if it gave one; it has its answer.
        case closed(WebSocketCode?)
    }

    private let role: Role
    private var reader: WebSocketFrameReader
    private var head: [UInt8] = []
    /// Of a message in pieces, what has come.
    private var pieces: [UInt8]?
    private var output: [UInt8] = []
    private var random: any RandomNumberGenerator
    /// Only of sides that err: a ping has no answer.
    private let answersPings: Bool
    package private(set) var state = State.opening
    /// Pings since the other side answered one.
    package private(set) var unansweredPings = 0

    package init(_ role: Role, random: any RandomNumberGenerator, answersPings: Bool = true) {
        self.role = role
        self.random = random
        self.answersPings = answersPings
        reader = WebSocketFrameReader(fromClient: role == .server, limit: FeedMessage.longestLine)
        if case .client(let host, let key) = role { output = WebSocketUpgrade.request(to: host, key: key) }
    }

    /// Bytes for the other side, if any.
    package mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Says a message, in `open` only.
    package mutating func send(_ text: [UInt8]) {
        if state == .open { say(WebSocketFrame(.text, text)) }
    }

    /// Asks whether the other side is there.
    package mutating func ping() {
        guard state == .open else { return }
        unansweredPings += 1
        say(WebSocketFrame(.ping))
    }

    package mutating func close(_ code: WebSocketCode, _ reason: String = "") {
        guard state == .open else { return }
        state = .closing
        // 125 bytes of a control frame, less the number.
        let words = Array(reason.utf8.prefix(123))
        say(WebSocketFrame(.close, [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 255)] + words))
    }

    /// What the other side has said. When it has broken the protocol it is told so in the output.
    package mutating func received(_ bytes: [UInt8]) throws(WebSocketError) -> [Event] {
        do throws(WebSocketError) {
            var events: [Event] = []
            if state == .opening {
                head += bytes
                guard try upgraded() else { return [] }
                events.append(.opened)
            } else {
                reader.take(bytes)
            }
            while state != .closed, let frame = try reader.next() {
                if let event = try event(of: frame) { events.append(event) }
            }
            return events
        } catch {
            close(error.code)
            throw error
        }
    }

    private mutating func upgraded() throws(WebSocketError) -> Bool {
        guard let head = try HTTPHead(cutFrom: &head) else { return false }
        var refusal: String?
        switch role {
        case .server:
            let answer = WebSocketUpgrade.answer(to: head)
            output += answer.bytes
            refusal = answer.refusal
        case .client(_, let key): refusal = WebSocketUpgrade.refusal(head, key: key)
        }
        if let refusal { throw WebSocketError(code: .protocolError, reason: refusal) }
        state = .open
        reader.take(self.head)
        self.head = []
        return true
    }

    private mutating func event(of frame: WebSocketFrame) throws(WebSocketError) -> Event? {
        switch frame.opcode {
        case .ping:
            if answersPings, state == .open { say(WebSocketFrame(.pong, frame.payload)) }
            return nil
        case .pong:
            unansweredPings = 0
            return nil
        case .close: return try closed(frame.payload)
        case .binary: throw WebSocketError(code: .unsupportedData, reason: "a message that is not text")
        case .text:
            if pieces != nil { throw breach("a message inside another") }
            return try whole(frame.payload, isLast: frame.isFinal)
        case .continuation:
            guard let before = pieces else { throw breach("the rest of no message") }
            return try whole(before + frame.payload, isLast: frame.isFinal)
        }
    }

    private mutating func whole(_ text: [UInt8], isLast: Bool) throws(WebSocketError) -> Event? {
        if text.count > FeedMessage.longestLine {
            throw WebSocketError(code: .tooBig, reason: "a message of more than \(FeedMessage.longestLine) bytes")
        }
        pieces = isLast ? nil : text
        guard isLast else { return nil }
        if String(validating: text, as: UTF8.self) == nil {
            throw WebSocketError(code: .notText, reason: "a text that is not UTF-8")
        }
        // What comes after our close is of no use to anybody.
        return state == .open ? .message(text) : nil
    }

    private mutating func closed(_ payload: [UInt8]) throws(WebSocketError) -> Event? {
        guard payload.count != 1 else { throw breach("a close of one byte") }
        let code = payload.isEmpty ? nil : WebSocketCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        if let code, !code.maySay { throw breach("a close with the number \(code.rawValue)") }
        // The answer repeats the number (section 5.5.1).
        if state == .open { say(WebSocketFrame(.close, Array(payload.prefix(2)))) }
        state = .closed
        return .closed(code)
    }

    private mutating func say(_ frame: WebSocketFrame) {
        let mask = role == .server ? nil : UInt32.random(in: 0...UInt32.max, using: &random)
        output += frame.bytes(mask: mask)
    }

    private func breach(_ reason: String) -> WebSocketError {
        WebSocketError(code: .protocolError, reason: reason)
    }
}
