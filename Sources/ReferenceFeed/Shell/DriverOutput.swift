import Glibc
import JSONLines
import Kernel

/// Says events of the driver protocol (docs/driver-protocol.md) on standard output, each stamped as it is said.
struct DriverOutput {
    var descriptor = STDOUT_FILENO

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

    func attempt() { say("attempt") { _ in } }
    func connected() { say("connected") { _ in } }
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

    func say(_ event: String, _ fields: (inout JSONLineWriter) -> Void) {
        var line = JSONLineWriter()
        line.field("event", event)
        line.field("t", Clock.now)
        fields(&line)
        line.end()
        do throws(SystemError) {
            try Kernel.write(descriptor, line.bytes, to: "standard output")
        } catch {
            // Nobody listens any more: a driver without a run has no reason to live.
            exit(0)
        }
    }
}
