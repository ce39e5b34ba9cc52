import Glibc
import Kernel
import Recordings

/// Writes the recording: events of all probes, merged into time order, appended line by line.
final class Recorder {
    private let file: Descriptor
    private let path: String
    private var order = EventOrder()
    private var encoder = RecordingEncoder()
    /// Set once something could not be written; what follows is not written either.
    private(set) var failure: SystemError?
    /// Events that are not written yet.
    private(set) var waiting = 0
    private let onEvent: (Event) -> Void

    /// - Parameter onEvent: sees every event when it is added, not yet in order.
    init(path: String, header: Header, onEvent: @escaping (Event) -> Void) throws(SystemError) {
        self.path = path
        self.onEvent = onEvent
        file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        try file.write(encoder.encode(header: header), to: path)
    }

    func add(_ time: Timestamp, _ body: Event.Body, source: String = "engine") {
        let event = Event(time, body)
        order.add(event, source: source)
        waiting += 1
        onEvent(event)
    }

    /// An event of this moment.
    func add(_ body: Event.Body) { add(Timestamp(nanoseconds: Clock.now), body) }

    /// Writes everything up to `moment`. No probe may have anything left to tell of the time before it.
    func flush(upTo moment: Int64) {
        write(order.flush(upTo: Timestamp(nanoseconds: moment)))
    }

    /// Writes everything and the end. Throws when any of it could not be written: a full disk is told, not hidden.
    func finish(_ reason: End.Reason, message: String) throws(SystemError) {
        write(order.flushAll())
        let end = End(reason, message: message, events: encoder.events)
        waiting += 1
        write([Event(Timestamp(nanoseconds: Clock.now), .end(end))])
        let raw = file.raw
        if failure == nil { try System.call("write to", path) { fsync(raw) } }
        if let failure { throw failure }
    }

    private func write(_ events: [Event]) {
        waiting -= events.count
        guard failure == nil, !events.isEmpty else { return }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(events.count * 192)
        for event in events { encoder.encode(event, to: &bytes) }
        do throws(SystemError) {
            try file.write(bytes, to: path)
        } catch {
            failure = error
        }
    }
}
