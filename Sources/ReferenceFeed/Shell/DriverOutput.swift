import Glibc
import JSONLines
import Kernel

/// Says events of the driver protocol (docs/driver-protocol.md) on standard output, each stamped with the turn of the
/// loop in which it is said.
struct DriverOutput {
    private let lines: OutputLines
    /// Which of many sessions speaks; empty for the only one.
    private var session = ""

    /// - Parameter loop: lines of one turn of it are written together; each at once when nil.
    init(descriptor: Int32 = STDOUT_FILENO, on loop: EventLoop? = nil) {
        lines = OutputLines(descriptor, on: loop)
    }

    /// For one of many sessions.
    func naming(session: String) -> DriverOutput {
        var output = self
        output.session = session
        return output
    }

    /// - Parameter faults: those that it makes when it is told to; said when there are any.
    func hello(library: String, version: String, commands: [String] = [], faults: [String] = []) {
        say("hello") {
            $0.field("library", library)
            $0.field("version", version)
            $0.field("commands", .array(commands.map { .string($0) }))
            if !faults.isEmpty { $0.field("faults", .array(faults.map { .string($0) })) }
        }
    }

    func state(_ name: String, delay: Duration? = nil) {
        say("state") {
            $0.field("state", name)
            if let delay { $0.field("delay_ns", delay.nanoseconds) }
        }
    }

    /// - Parameters:
    ///   - address: where it connects to, and from where; nil when it did not come to that.
    ///   - time: when it began; now when nil.
    func attempt(to address: String? = nil, from local: String? = nil, at time: Int64? = nil) {
        say("attempt", at: time) {
            if let address { $0.field("address", address) }
            if let local { $0.field("local", local) }
        }
    }

    func connected(to address: String? = nil, from local: String? = nil) {
        say("connected") {
            if let address { $0.field("address", address) }
            if let local { $0.field("local", local) }
        }
    }

    /// - Parameter ok: false when the server knew nothing of the session that was to go on.
    func resumed(_ ok: Bool) { say("resumed") { if !ok { $0.field("ok", ok) } } }

    func sent(_ stream: String, _ sequence: Int64) { number("sent", stream, sequence) }
    func received(_ stream: String, _ sequence: Int64) { number("received", stream, sequence) }

    func fault(_ name: String, hits: Int64) {
        say("fault") {
            $0.field("name", name)
            $0.field("hits", hits)
        }
    }

    func error(_ text: String) { say("error") { $0.field("text", text) } }
    func note(_ text: String) { say("note") { $0.field("text", text) } }

    private func number(_ event: String, _ stream: String, _ sequence: Int64) {
        say(event) {
            $0.field("stream", stream)
            $0.field("seq", sequence)
        }
    }

    func say(_ event: String, at time: Int64? = nil, _ fields: (inout JSONLineWriter) -> Void) {
        lines.add { line in
            line.field("event", event)
            line.field("t", time ?? lines.now)
            if !session.isEmpty { line.field("session", session) }
            fields(&line)
        }
    }
}

/// Lines on their way to standard output. Those of one turn of an event loop are written together: in a storm of many
/// sessions a system call for each would cost more than all the rest.
private final class OutputLines {
    private let descriptor: Int32
    private let loop: EventLoop?
    private var unwritten: [UInt8] = []
    private var isWriteDue = false

    init(_ descriptor: Int32, on loop: EventLoop?) {
        self.descriptor = descriptor
        self.loop = loop
    }

    deinit { write() }

    var now: Int64 { loop?.now ?? Clock.now }

    func add(_ fields: (inout JSONLineWriter) -> Void) {
        var line = JSONLineWriter(takingOver: &unwritten)
        fields(&line)
        line.end()
        line.giveBack(to: &unwritten)
        guard let loop else { return write() }
        if isWriteDue { return }
        isWriteDue = true
        loop.beforeWaiting { [self] in
            isWriteDue = false
            write()
        }
    }

    private func write() {
        if unwritten.isEmpty { return }
        do throws(SystemError) {
            try Kernel.write(descriptor, unwritten, to: "standard output")
        } catch {
            // Nobody listens any more: a driver without a run has no reason to live.
            exit(0)
        }
        unwritten.removeAll(keepingCapacity: true)
    }
}
