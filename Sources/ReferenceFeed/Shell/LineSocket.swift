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
    }

    private let loop: EventLoop
    private var socket: Descriptor?
    private var watch: EventLoop.Token?
    private var watchesWriting = false
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

    private func lose(_ reason: String) {
        close()
        loss = loop.after(.zero) { [unowned self] in handlers.lost(reason) }
    }

    private func readable() {
        guard let number = socket?.raw else { return }
        do throws(SystemError) {
            guard let bytes = try Kernel.read(number) else { return }
            if bytes.isEmpty { return lose("the other side closed") }
            input += bytes
            splitLines()
        } catch {
            lose(error.description)
        }
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
        guard let number = socket?.raw, watchesWriting != writing else { return }
        if let watch { loop.cancel(watch) }
        watchesWriting = writing
        watch = try loop.watch(number, for: writing ? .both : .readable) { [unowned self] in
            if watchesWriting { flush() }
            readable()
        }
    }
}
