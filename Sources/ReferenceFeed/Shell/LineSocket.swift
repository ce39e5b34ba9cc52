import CLinux
import Glibc
import Kernel

/// A TCP connection that carries lines, as they are or in a transport, on an event loop; never blocks.
final class LineSocket {
    /// What it tells its owner; nothing after `close`, and only `complained` after `part`.
    struct Handlers {
        /// A line without its end.
        var received: ([UInt8]) -> Void
        /// It ended, by the other side or the network, and is closed already. Never called from inside `send`: an owner
        /// that performs a list of actions must not be interrupted by a fact.
        var lost: (_ reason: String) -> Void
        /// The other side will say nothing more; the socket is still open for ours. Without it that counts as lost.
        var ended: (() -> Void)?
        /// The transport is ready: lines may be sent now. Never called without one.
        var opened: (() -> Void)?
        /// As `lost`, because the other side is not who it should be; that is told to `lost` without it.
        var refused: ((_ reason: String) -> Void)?
        /// The other side ended the connection without the word that its transport owes.
        var complained: ((_ complaint: String) -> Void)?
    }

    /// How long a connection that is parted from waits for the other side to do its part.
    static let partingPatience = Duration.seconds(2)
    /// Pings in a row that may be without an answer.
    private static let missedPings = 2

    private let loop: EventLoop
    private var socket: Descriptor?
    private var watch: EventLoop.Token?
    private var watchesWriting = false
    private var hasEnded = false
    /// The call of `lost` that is due.
    private var loss: EventLoop.Token?
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    /// A peer that reads nothing costs this many bytes at most, and then its connection.
    private let outputLimit: Int
    private let handlers: Handlers
    /// Nil for lines as they are.
    private let transport: Transport?
    /// Set once it is parted from: when that takes too long.
    private var parting: EventLoop.Token?
    /// We say nothing more; the kernel is told when all is written.
    private var saysNoMore = false

    /// - Parameter token: the loop watches the socket already, for something that has come; nil when it does not.
    init(
        _ socket: consuming Descriptor, watchedBy token: EventLoop.Token? = nil, on loop: EventLoop,
        over transport: Transport? = nil,
        outputLimit: Int = 1 << 20, _ handlers: Handlers
    ) throws(SystemError) {
        self.loop = loop
        self.outputLimit = outputLimit
        self.handlers = handlers
        self.transport = transport
        let number = socket.raw
        self.socket = consume socket
        if let token {
            try loop.change(token, for: .readable) { [unowned self] in readable() }
            watch = token
        } else {
            watch = try loop.watch(number) { [unowned self] in readable() }
        }
        // Whose turn it is to speak first speaks.
        if let transport { hear([], transport) }
    }

    deinit { drop() }

    /// Whether the connection is still ours, be it only to end it.
    var isHeld: Bool { socket != nil }

    func send(_ line: [UInt8]) {
        guard let transport else { return put(line) }
        if parting != nil { return }
        transport.send(line)
        drain(transport)
    }

    private func put(_ line: [UInt8]) {
        guard socket != nil else { return }
        let waits = !output.isEmpty
        output += line
        if !waits { flush() }
        if output.count > outputLimit { lose("the other side does not read what it is sent") }
    }

    /// What the kernel has taken still reaches the other side, and the transport's last words are tried.
    func close() {
        if let transport, let number = socket?.raw, loss == nil {
            _ = transport.close(.goingAway)
            var words = output
            while case let more = transport.takeOutput(isLast: true), !more.isEmpty { words += more }
            if !words.isEmpty { _ = Glibc.send(number, words, words.count, Int32(MSG_NOSIGNAL)) }
        }
        drop()
    }

    private func drop() {
        if let watch { loop.cancel(watch, closing: true) }
        if let loss { loop.cancel(loss) }
        if let parting { loop.cancel(parting) }
        (watch, loss, parting) = (nil, nil, nil)
        socket = nil
    }

    /// Resets the connection.
    func abort() {
        if let number = socket?.raw {
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            setsockopt(number, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        }
        drop()
    }

    /// Leaves the connection open, and does no more with it.
    func abandon() {
        if let watch { loop.cancel(watch) }
        if let loss { loop.cancel(loss) }
        (watch, loss) = (nil, nil)
    }

    private func lose(_ reason: String, isRefusal: Bool = false) {
        let isParting = parting != nil
        if isParting, let owed = transport?.owed { handlers.complained?(owed) }
        drop()
        if isParting { return }
        loss = loop.after(.zero) { [unowned self] in
            if isRefusal, let refused = handlers.refused { return refused(reason) }
            handlers.lost(reason)
        }
    }

    private func readable() {
        guard let number = socket?.raw else { return }
        do throws(SystemError) {
            guard let bytes = try Kernel.read(number) else { return }
            if bytes.isEmpty { return try end() }
            if let transport { return hear(bytes, transport) }
            input += bytes
            splitLines()
        } catch {
            lose(error.description)
        }
    }

    /// The other side has closed its half.
    private func end() throws(SystemError) {
        if let transport, !transport.isClosed {
            if let owed = transport.owed { handlers.complained?(owed) }
            if parting != nil { return drop() }
            if !transport.isOpen { return lose(Transport.leftEarly) }
        }
        if parting != nil { return drop() }
        guard let ended = handlers.ended else { return lose("the other side closed") }
        hasEnded = true
        try watch(writing: watchesWriting)
        ended()
    }

    private func splitLines() {
        var start = 0
        while let end = input[start...].firstIndex(of: 0x0A) {
            handlers.received(Array(input[start..<end]))
            // The owner may have closed it over that line.
            if socket == nil { return }
            start = end + 1
        }
        input.removeFirst(start)
        if input.count > FeedMessage.longestLine { lose("a line of more than \(FeedMessage.longestLine) bytes") }
    }

    /// Writes what the kernel takes, and waits for room for the rest.
    private func flush() {
        guard let number = socket?.raw else { return }
        do throws(SystemError) {
            let count = try System.attempt("write to a connection") {
                output.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            }
            let blocked = !output.isEmpty && (count ?? 0) < output.count
            output.removeFirst(count ?? 0)
            if saysNoMore, !blocked { shutdown(number, Int32(SHUT_WR)) }
            if blocked || watchesWriting { try watch(writing: blocked) }
        } catch {
            lose(error.description)
        }
    }

    private func watch(writing: Bool) throws(SystemError) {
        guard let number = socket?.raw, watchesWriting != writing || hasEnded else { return }
        watchesWriting = writing
        // A socket whose input has ended stays readable for ever.
        if hasEnded, !writing {
            if let watch { loop.cancel(watch) }
            watch = nil
            return
        }
        let interest: EventLoop.Interest = !writing ? .readable : hasEnded ? .writable : .both
        let handler = { [unowned self] in
            if watchesWriting { flush() }
            if !hasEnded { readable() }
        }
        if let watch {
            try loop.change(watch, for: interest, handler)
        } else {
            watch = try loop.watch(number, for: interest, handler)
        }
    }
}

// With a transport.
extension LineSocket {
    /// Closes as the transport means it: what was sent still reaches the other side, each side says that it closes and
    /// hears the other one say so. It holds itself until that is done. Without a transport, closes.
    func part() {
        guard let transport, socket != nil, loss == nil, parting == nil, transport.close(.normal) else {
            return close()
        }
        parting = loop.after(Self.partingPatience) { [self] in drop() }
        drain(transport)
        if transport.isDone { sayNoMore(transport) }
    }

    /// Asks, where the transport can, whether the other side is there.
    func ping() {
        guard let transport, parting == nil else { return }
        if transport.unansweredPings >= Self.missedPings {
            return lose("\(Self.missedPings) pings without an answer")
        }
        transport.ping()
        drain(transport)
    }

    private func hear(_ bytes: [UInt8], _ transport: Transport) {
        do throws(Transport.Failure) {
            let events = try transport.received(bytes)
            drain(transport)
            for event in events {
                // The owner may have closed or left it over the one before.
                if socket == nil || watch == nil { return }
                tell(event, transport)
            }
        } catch {
            drain(transport)
            lose(error.reason, isRefusal: error.isRefusal)
        }
    }

    private func tell(_ event: Transport.Event, _ transport: Transport) {
        guard parting == nil else {
            if event == .closed { sayNoMore(transport) }
            return
        }
        switch event {
        case .opened: handlers.opened?()
        case .line(let line): handlers.received(line)
        case .closed:
            do throws(SystemError) { try end() } catch { lose(error.description) }
        }
    }

    /// Writes what the transport has to say.
    private func drain(_ transport: Transport) {
        while socket != nil, case let bytes = transport.takeOutput(), !bytes.isEmpty { put(bytes) }
    }

    /// The last words, and the end of our half.
    private func sayNoMore(_ transport: Transport) {
        if saysNoMore { return }
        while socket != nil, case let bytes = transport.takeOutput(isLast: true), !bytes.isEmpty { put(bytes) }
        saysNoMore = true
        flush()
    }
}
