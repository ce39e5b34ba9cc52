import CLinux
import Glibc
import Kernel

/// A TCP connection that carries lines, on an event loop; never blocks.
final class LineSocket {
    /// What it tells its owner; nothing after `close`.
    struct Handlers {
        /// A line without its end.
        var received: ([UInt8]) -> Void
        /// It ended, by the other side or the network, and is closed already. Never called from inside `send`: an owner
        /// that performs a list of actions must not be interrupted by a fact.
        var lost: (_ reason: String) -> Void
        /// The other side will say nothing more; the socket is still open for ours. Without it that counts as lost.
        var ended: (() -> Void)?
    }

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

    init(
        _ socket: consuming Descriptor, on loop: EventLoop, outputLimit: Int = 1 << 20, _ handlers: Handlers
    ) throws(SystemError) {
        self.loop = loop
        self.outputLimit = outputLimit
        self.handlers = handlers
        let number = socket.raw
        self.socket = consume socket
        watch = try loop.watch(number) { [unowned self] in readable() }
    }

    deinit { close() }

    func send(_ line: [UInt8]) {
        guard socket != nil else { return }
        let waits = !output.isEmpty
        output += line
        if !waits { flush() }
        if output.count > outputLimit { lose("the other side does not read what it is sent") }
    }

    /// What the kernel has taken still reaches the other side.
    func close() {
        if let watch { loop.cancel(watch) }
        if let loss { loop.cancel(loss) }
        (watch, loss) = (nil, nil)
        socket = nil
    }

    /// Resets the connection.
    func abort() {
        if let number = socket?.raw {
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            setsockopt(number, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        }
        close()
    }

    /// Leaves the connection open, and does no more with it.
    func abandon() {
        if let watch { loop.cancel(watch) }
        if let loss { loop.cancel(loss) }
        (watch, loss) = (nil, nil)
    }

    private func lose(_ reason: String) {
        close()
        loss = loop.after(.zero) { [unowned self] in handlers.lost(reason) }
    }

    private func readable() {
        guard let number = socket?.raw else { return }
        do throws(SystemError) {
            guard let bytes = try Kernel.read(number) else { return }
            if bytes.isEmpty { return try end() }
            input += bytes
            splitLines()
        } catch {
            lose(error.description)
        }
    }

    /// The other side has closed its half.
    private func end() throws(SystemError) {
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
            if blocked || watchesWriting { try watch(writing: blocked) }
        } catch {
            lose(error.description)
        }
    }

    private func watch(writing: Bool) throws(SystemError) {
        guard let number = socket?.raw, watchesWriting != writing || hasEnded else { return }
        if let watch { loop.cancel(watch) }
        (watchesWriting, watch) = (writing, nil)
        // A socket whose input has ended stays readable for ever.
        if hasEnded, !writing { return }
        watch = try loop.watch(number, for: !writing ? .readable : hasEnded ? .writable : .both) { [unowned self] in
            if watchesWriting { flush() }
            if !hasEnded { readable() }
        }
    }
}
