import Glibc
import Kernel

/// A log file with a bound: what comes after it is counted, not kept.
package final class LogFile {
    private let file: Descriptor
    let limit: Int
    private var written = 0
    package private(set) var dropped = 0

    package init(path: String, limit: Int) throws(SystemError) {
        try Files.makeFolder(Files.parent(of: path))
        file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
        self.limit = limit
    }

    /// True when this line was the first that did not fit.
    package func append(_ bytes: [UInt8]) -> Bool {
        let wasWhole = dropped == 0
        let room = max(0, limit - written)
        let kept = bytes.prefix(room)
        // A full disk must not end the run: the recording tells of it, and the log says where it ends.
        if !kept.isEmpty, (try? file.write(Array(kept), to: "a log")) != nil { written += kept.count }
        dropped += bytes.count - kept.count
        return wasWhole && dropped > 0
    }

    /// Counts what is not kept.
    func drop(_ count: Int) { dropped += count }
}

/// Reads an actor's output as it comes: a line that `event` takes is an event, every other goes into the log.
final class OutputReader {
    private let log: LogFile
    private let descriptor: Int32
    private let loop: EventLoop
    private var token: EventLoop.Token?
    private var splitter = LineSplitter()
    private let event: ([UInt8]) -> Bool
    private let truncated: (Int) -> Void
    private var isOpen = true

    init(
        descriptor: Int32, log: LogFile, loop: EventLoop, event: @escaping ([UInt8]) -> Bool,
        truncated: @escaping (Int) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.log = log
        self.loop = loop
        self.event = event
        self.truncated = truncated
        token = try loop.watch(descriptor) { [unowned self] in readOnce() }
    }

    deinit { closeDescriptor() }

    /// Reads all that is there now; at most 16 MiB, so that a flood cannot hold the engine.
    func drain() {
        var rounds = 0
        while rounds < 256, readOnce() { rounds += 1 }
    }

    /// The process has ended: reads the rest and closes.
    func finish() {
        drain()
        if isOpen { closeDescriptor() }
        if let rest = splitter.end() { take(rest) }
    }

    @discardableResult
    private func readOnce() -> Bool {
        guard isOpen, let bytes = try? read(descriptor) else { return false }
        if bytes.isEmpty {
            closeDescriptor()
            return false
        }
        if log.dropped > 0 && splitter.isBetweenLines && !bytes.contains(UInt8(ascii: "{")) && bytes.last == 0x0A {
            // A flood past the log's bound without an event in it: nothing to look at line by line.
            log.drop(bytes.count)
        } else {
            splitter.add(bytes).forEach(take)
        }
        return true
    }

    private func take(_ line: [UInt8]) {
        if !event(line) && log.append(line + [0x0A]) { truncated(log.limit) }
    }

    private func closeDescriptor() {
        guard isOpen else { return }
        isOpen = false
        if let token { loop.cancel(token) }
        close(descriptor)
    }
}
