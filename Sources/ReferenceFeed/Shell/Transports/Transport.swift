/// What lies between the bytes of a TCP connection and the feed's lines: TLS, a WebSocket, or one in the other. Bytes
/// and wishes in, events and bytes out; `LineSocket` moves the bytes. A connection without any of it has no transport.
final class Transport {
    enum Event: Equatable {
        /// Lines may be sent now, and will come.
        case opened
        case line([UInt8])
        /// The other side has said, in the transport's own way, that it closes; it has its answer.
        case closed
    }

    /// The connection is of no use, in words; `isRefusal`: because of who the other side is.
    struct Failure: Error, Equatable {
        var reason: String
        var isRefusal = false
    }

    private enum Stage {
        case opening, open
        /// We have said that we close.
        case closing
        case closed
    }

    private let tls: TLSSession?
    private var webSocket: WebSocketSession?
    /// Only of sides that err: it goes without a word.
    private let leavesWithoutWord: Bool
    /// Only of clients that err: the certificate must be so.
    var pin: ((_ fingerprint: [UInt8]) -> Bool)?
    private var stage = Stage.opening
    private var unsplit: [UInt8] = []
    /// Lines that are to be sent, without a WebSocket.
    private var plain: [UInt8] = []
    private var hasSaidLast = false

    init(tls: TLSSession?, webSocket: WebSocketSession?, leavesWithoutWord: Bool = false) {
        precondition(tls != nil || webSocket != nil, "a transport of nothing")
        (self.tls, self.webSocket, self.leavesWithoutWord) = (tls, webSocket, leavesWithoutWord)
    }

    var isOpen: Bool { stage == .open }
    /// The other side has said that it closes, and has heard the same.
    var isClosed: Bool { stage == .closed }
    /// Nothing needs to be said any more but the last words: TLS waits for no answer to them.
    var isDone: Bool { isClosed || stage == .closing && webSocket == nil }
    /// Pings since the other side answered one.
    var unansweredPings: Int { webSocket?.unansweredPings ?? 0 }

    /// What the other side owed before it ended the connection; nil when it may.
    var owed: String? {
        switch stage {
        case .opening, .closed: nil
        case .open, .closing: webSocket == nil ? Transport.noNotify : Transport.noCloseFrame
        }
    }

    /// Exactly these texts are what judges look for.
    static let noNotify = "closed without close_notify"
    static let noCloseFrame = "closed without a close frame"
    /// Before the transport was ready.
    static let leftEarly = "the other side closed in the handshake"

    /// What has come from the wire; nothing, to begin with.
    func received(_ bytes: [UInt8]) throws(Failure) -> [Event] {
        guard let tls else { return try heard(bytes) }
        let wasOpen = tls.isOpen
        let words = try decrypted(bytes, by: tls)
        var events: [Event] = []
        if tls.isOpen, !wasOpen, webSocket == nil {
            stage = .open
            events.append(.opened)
        }
        if tls.isOpen { events += try heard(words) }
        if tls.hasEnded, stage == .opening { throw Failure(reason: Transport.leftEarly) }
        if tls.hasEnded, stage != .closed, webSocket == nil {
            stage = .closed
            events.append(.closed)
        }
        return events
    }

    private func decrypted(_ bytes: [UInt8], by tls: TLSSession) throws(Failure) -> [UInt8] {
        let wasOpen = tls.isOpen
        do throws(TLSError) {
            let words = try tls.received(bytes)
            if let pin, !wasOpen, let shown = tls.fingerprint, !pin(shown) {
                throw TLSError(reason: "the certificate is another one", isRefusal: true)
            }
            return words
        } catch {
            throw Failure(reason: error.description, isRefusal: error.isRefusal)
        }
    }

    /// What the other side said, below the WebSocket if there is one.
    private func heard(_ words: [UInt8]) throws(Failure) -> [Event] {
        guard webSocket != nil else { return try lines(words) }
        do throws(WebSocketError) {
            return try webSocket?.received(words).map { event in
                switch event {
                case .opened:
                    stage = .open
                    return .opened
                case .message(let text): return .line(text)
                case .closed:
                    if leavesWithoutWord { _ = webSocket?.takeOutput() }
                    stage = .closed
                    return .closed
                }
            } ?? []
        } catch {
            throw Failure(reason: error.description)
        }
    }

    private func lines(_ words: [UInt8]) throws(Failure) -> [Event] {
        unsplit += words
        var events: [Event] = []
        var start = 0
        while let end = unsplit[start...].firstIndex(of: 0x0A) {
            events.append(.line(Array(unsplit[start..<end])))
            start = end + 1
        }
        unsplit.removeFirst(start)
        if unsplit.count > FeedMessage.longestLine {
            throw Failure(reason: "a line of more than \(FeedMessage.longestLine) bytes")
        }
        return events
    }

    /// - Parameter line: with its end, which a WebSocket's message does without.
    func send(_ line: [UInt8]) {
        guard isOpen else { return }
        if webSocket == nil {
            plain += line
        } else {
            webSocket?.send(line.dropLast(line.last == 0x0A ? 1 : 0) + [])
        }
    }

    /// Asks, where the transport can, whether the other side is there.
    func ping() { webSocket?.ping() }

    /// Says that we close. False when there is nobody whose answer is worth waiting for.
    func close(_ code: WebSocketCode) -> Bool {
        if leavesWithoutWord || stage == .opening { return false }
        if stage == .open {
            stage = .closing
            webSocket?.close(code)
        }
        // Who does not answer a ping will not answer this.
        return unansweredPings == 0
    }

    /// Bytes for the wire that are worth a packet of their own; to be asked again until there are none. What ends a
    /// handshake never goes together with what follows it: whoever watches could not tell the one from the other.
    /// - Parameter isLast: we will say nothing more.
    func takeOutput(isLast: Bool = false) -> [UInt8] {
        guard let tls else { return takeWords() }
        let before = tls.takeOutput()
        guard before.isEmpty, tls.isOpen else { return before }
        let words = takeWords()
        if !words.isEmpty {
            // What fails here fails again when the other side is heard.
            try? tls.send(words)
        } else if isLast, !leavesWithoutWord, !hasSaidLast {
            hasSaidLast = true
            tls.close()
        }
        return tls.takeOutput()
    }

    private func takeWords() -> [UInt8] {
        defer { plain = [] }
        return plain + (webSocket?.takeOutput() ?? [])
    }
}
