import Glibc
import Kernel

/// A log file with a bound: what comes after it is counted, not kept.
package final class LogFile {
    private let file: Descriptor
    let limit: Int
    private var written = 0
    /// The last line that was not blank.
    var lastLine: [UInt8] = []
    package private(set) var dropped = 0

    package init(path: String, limit: Int) throws(SystemError) {
        try Files.makeFolder(Files.parent(of: path))
        file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
        self.limit = limit
    }

    /// Nothing more is kept.
    var isFull: Bool { written >= limit }

    /// True when these were the first bytes that did not fit; `more` of the same line were dropped before.
    package func append(_ bytes: [UInt8], andDropped more: Int = 0) -> Bool {
        let wasWhole = dropped == 0
        let room = max(0, limit - written)
        let kept = bytes.prefix(room)
        // A full disk must not end the run here: the recording, on the same disk, tells of it.
        if !kept.isEmpty, (try? file.write(Array(kept), to: "a log")) != nil { written += kept.count }
        dropped += bytes.count - kept.count + more
        return wasWhole && dropped > 0
    }

    /// Counts what is not kept.
    func drop(_ count: Int) { dropped += count }

    /// The last that was said to people: at most 160 characters, without any that would do something to a terminal.
    var lastWords: String? {
        let text = String(decoding: lastLine.prefix(640), as: UTF8.self).unicodeScalars
            .map { $0.properties.generalCategory == .control || $0 == "\u{FFFD}" ? " " : Character($0) }
        let words = text.split(separator: " ").map { String($0) }.joined(separator: " ")
        if words.isEmpty { return nil }
        return words.count > 160 ? "\(words.prefix(160))..." : words
    }
}

/// Reads an actor's output as it comes: a line that `event` takes is an event, every other goes into the log.
final class OutputReader {
    /// What the reader tells its owner, besides events.
    enum Notice {
        /// The log is full from here on: bytes kept.
        case logTruncated(after: Int)
        /// An event was too long to be kept.
        case lostEvent
        /// It says more than is usual, or more than a run can take.
        case flood(FloodGauge.Level)
    }

    private let log: LogFile
    private let descriptor: Int32
    private let loop: EventLoop
    private var token: EventLoop.Token?
    private var splitter = LineSplitter()
    private var gauge = FloodGauge()
    private let event: ([UInt8], Int64) -> Bool
    private let notice: (Notice) -> Void
    private var isOpen = true
    private var events = 0
    /// Lines for the log, and how much was cut off them: a write for every line would cost more than all the rest.
    private var unlogged: [UInt8] = []
    private var cut = 0

    init(
        descriptor: Int32, log: LogFile, loop: EventLoop, event: @escaping (_ line: [UInt8], _ readAt: Int64) -> Bool,
        notice: @escaping (Notice) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.log = log
        self.loop = loop
        self.event = event
        self.notice = notice
        token = try loop.watch(descriptor) { [unowned self] in readOnce() }
    }

    deinit { closeDescriptor() }

    /// Reads all that is there now; at most 16 MiB, so that a flood cannot hold the engine.
    func drain() {
        // A loop that ends with the first refusal: asking 256 times each time was two thirds of a lab's work.
        var rounds = 0
        while rounds < 256, readOnce() { rounds += 1 }
    }

    /// The process has ended: reads the rest and closes.
    func finish() {
        drain()
        if isOpen { closeDescriptor() }
        if let rest = splitter.end() { take(rest, readAt: Clock.now) }
        writeLog()
    }

    @discardableResult
    private func readOnce() -> Bool {
        guard isOpen, let bytes = try? read(descriptor) else { return false }
        if bytes.isEmpty {
            closeDescriptor()
            return false
        }
        events = 0
        // Once for all that came together: in the lab's kernel the clock is a system call.
        let now = loop.now
        for line in splitter.add(withoutNoise(bytes)) { take(line, readAt: now) }
        writeLog()
        if let much = gauge.came(bytes: bytes.count, events: events, at: now) { notice(.flood(much)) }
        return true
    }

    /// A flood past the log's bound without an event in it: nothing to look at line by line.
    private func withoutNoise(_ bytes: [UInt8]) -> [UInt8] {
        guard log.isFull, log.dropped > 0, splitter.isBetweenLines, bytes.firstPlace(of: UInt8(ascii: "{")) == nil,
            let newline = bytes.lastIndex(of: 0x0A)
        else { return bytes }
        log.drop(newline + 1)
        return newline + 1 == bytes.count ? [] : Array(bytes[(newline + 1)...])
    }

    private func take(_ line: LineSplitter.Line, readAt now: Int64) {
        if line.dropped == 0 && event(line.bytes, now) {
            events += 1
            return
        }
        if line.dropped > 0 && DriverProtocol.isLikelyEvent(line.bytes) { notice(.lostEvent) }
        if line.bytes.contains(where: { $0 > 32 }) { log.lastLine = line.bytes }
        unlogged += line.bytes
        unlogged.append(0x0A)
        cut += line.dropped
    }

    private func writeLog() {
        if unlogged.isEmpty { return }
        if log.append(unlogged, andDropped: cut) { notice(.logTruncated(after: log.limit)) }
        unlogged.removeAll(keepingCapacity: true)
        cut = 0
    }

    /// Whoever still writes gets SIGPIPE.
    func stopReading() { closeDescriptor() }

    private func closeDescriptor() {
        guard isOpen else { return }
        isOpen = false
        if let token { loop.cancel(token) }
        close(descriptor)
    }
}
