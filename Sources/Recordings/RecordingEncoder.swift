import JSONLines

/// Turns a recording into the lines of its file (docs/recording-format.md), one call a line.
///
/// It demands what readers rely on: the header first, times that never go back, nothing after the end.
package struct RecordingEncoder: Sendable {
    /// Events encoded so far: what an `End` must state.
    package private(set) var events = 0
    private var last = Timestamp(nanoseconds: 0)
    private var hasEnded = false

    package init() {}

    /// The first line, with its newline.
    package func encode(header: Header) -> [UInt8] {
        precondition(events == 0, "the header is the first line of a recording")
        var line = JSONLineWriter()
        line.field("recording", Header.format)
        line.field("scenario", header.scenario)
        line.field("seed", JSON(exact: header.seed))
        line.field("lab", header.lab)
        line.field("kernel", header.kernel)
        line.field("uncertainty", header.uncertainty)
        line.field("records", .array(header.records.map { .string($0.rawValue) }))
        line.field("sources", .array(header.sources.map { ["path": .string($0.path), "text": .string($0.text)] }))
        line.end()
        return line.bytes
    }

    /// The next line, with its newline.
    package mutating func encode(_ event: Event) -> [UInt8] {
        var bytes: [UInt8] = []
        encode(event, to: &bytes)
        return bytes
    }

    /// Appends the next line, with its newline.
    package mutating func encode(_ event: Event, to bytes: inout [UInt8]) {
        precondition(event.time >= last, "events are encoded in time order: merge them with EventOrder")
        precondition(!hasEnded, "nothing follows the end of a recording")
        last = event.time
        events += 1
        if case .end = event.body { hasEnded = true }
        var line = JSONLineWriter(takingOver: &bytes)
        line.field("t", event.time.nanoseconds)
        line.field("event", event.kind.rawValue)
        event.body.write(to: &line)
        line.end()
        line.giveBack(to: &bytes)
    }
}

extension Event {
    /// The kinds of events by their names in the file.
    package enum Kind: String, CaseIterable, Sendable {
        case phase, actor, driver, fault, wire, tls, connection, owner, mapping, traffic, sockets, process, lookup, lost
        case end
    }
}

extension Event.Body {
    var kind: Event.Kind {
        switch self {
        case .phase: .phase
        case .actor: .actor
        case .driver: .driver
        case .fault: .fault
        case .wire: .wire
        case .tls: .tls
        case .connection: .connection
        case .owner: .owner
        case .mapping: .mapping
        case .traffic: .traffic
        case .sockets: .sockets
        case .process: .process
        case .lookup: .lookup
        case .lost: .lost
        case .end: .end
        }
    }

    fileprivate func write(to line: inout JSONLineWriter) {
        switch self {
        case .phase(let phase): line.field("phase", phase.rawValue)
        case .actor(let change): change.write(to: &line)
        case .driver(let report): report.write(to: &line)
        case .fault(let change): change.write(to: &line)
        case .wire(let change): change.write(to: &line)
        case .tls(let change): change.write(to: &line)
        case .connection(let totals): totals.write(to: &line)
        case .owner(let owner): owner.write(to: &line)
        case .mapping(let change): change.write(to: &line)
        case .traffic(let totals): totals.write(to: &line)
        case .sockets(let table): table.write(to: &line)
        case .process(let sample): sample.write(to: &line)
        case .lookup(let lookup): lookup.write(to: &line)
        case .lost(let lost):
            line.field("probe", lost.probe)
            line.field("count", lost.count)
        case .end(let end):
            line.field("reason", end.reason.rawValue)
            line.field("message", end.message)
            line.field("events", end.events)
        }
    }
}

extension Instance {
    func write(to line: inout JSONLineWriter) {
        line.field("actor", actor)
        line.field("index", index)
    }
}

extension ActorChange {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("what", change.name.rawValue)
        instance.write(to: &line)
        switch change {
        case .started(let pid): line.field("pid", pid)
        case .ready: break
        case .exited(let status, let signal):
            if let status { line.field("status", status) }
            if let signal { line.field("signal", signal) }
        case .stopped(let killed): line.field("killed", killed)
        case .unsupported(let reason), .failed(let reason), .runaway(let reason): line.field("reason", reason)
        case .told(let command, let refused):
            line.field("command", command)
            if let refused { line.field("refused", refused) }
        case .logTruncated(let after): line.field("after", after)
        }
    }
}

extension ActorChange.Change {
    /// The names of the changes in the file.
    package enum Name: String, CaseIterable, Sendable {
        case started, ready, exited, stopped, unsupported, failed, told, runaway
        case logTruncated = "log-truncated"
    }

    package var name: Name {
        switch self {
        case .started: .started
        case .ready: .ready
        case .exited: .exited
        case .stopped: .stopped
        case .unsupported: .unsupported
        case .failed: .failed
        case .told: .told
        case .runaway: .runaway
        case .logTruncated: .logTruncated
        }
    }
}

extension DriverReport {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("what", kind.rawValue)
        instance.write(to: &line)
        line.field("stamp", stamp.rawValue)
        if !session.isEmpty { line.field("session", session) }
        if let stream { line.field("stream", stream) }
        if let sequence { line.field("seq", sequence) }
        if let text { line.field("text", text) }
        if !extra.isEmpty { line.field("extra", .object(extra)) }
    }
}

extension FaultChange {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("what", change.name.rawValue)
        line.field("index", index)
        line.field("fault", name)
        switch change {
        case .applied(let late): line.field("late", late)
        case .hit(let total): line.field("total", total)
        case .healed(let late, let total):
            line.field("late", late)
            line.field("total", total)
        case .failed(let reason): line.field("reason", reason)
        }
    }
}

extension FaultChange.Change {
    /// The names of the changes in the file.
    package enum Name: String, CaseIterable, Sendable { case applied, hit, healed, failed }

    package var name: Name {
        switch self {
        case .applied: .applied
        case .hit: .hit
        case .healed: .healed
        case .failed: .failed
        }
    }
}

extension WireChange {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("what", change.rawValue)
        line.field("link", link)
        line.field("from", from)
        line.field("to", to)
        if repeated { line.field("repeated", true) }
        if let bytes { line.field("bytes", bytes) }
        if let quiet { line.field("quiet", quiet) }
    }
}

extension MappingChange {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("what", change.rawValue)
        line.field("router", router)
        line.field("from", from)
        line.field("to", to)
        line.field("translated", translated)
    }
}

extension Traffic {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("link", link)
        line.field("from", from)
        line.field("packets", packets)
        line.field("bytes", bytes)
        line.field("dropped", dropped)
    }
}

extension SocketTable {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("host", host)
        line.field("states", .object(states.map { JSON.Member($0.state, .integer(Int64($0.count))) }))
        if overflows > 0 { line.field("overflows", overflows) }
        if drops > 0 { line.field("drops", drops) }
    }
}

extension ProcessSample {
    fileprivate func write(to line: inout JSONLineWriter) {
        instance.write(to: &line)
        line.field("cpu", cpu)
        line.field("memory", memory)
        line.field("descriptors", descriptors)
        line.field("threads", threads)
        if let wakeups { line.field("wakeups", wakeups) }
    }
}

extension NameLookup {
    fileprivate func write(to line: inout JSONLineWriter) {
        line.field("what", answer.rawValue)
        line.field("host", host)
        line.field("name", name)
        line.field("type", type)
        if answer == .addresses { line.field("addresses", .array(addresses.map { .string($0) })) }
        if let ttl { line.field("ttl", ttl) }
        if delay > 0 { line.field("delay", delay) }
    }
}
