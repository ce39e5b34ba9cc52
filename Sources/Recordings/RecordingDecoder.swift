import JSONLines

/// A file that is no recording at all: without a header nothing in it can be understood.
package struct UnreadableRecording: Error, Equatable, Sendable, CustomStringConvertible {
    package var reason: String
    package var description: String {
        "this is not a recording: \(reason); the first line of a recording starts with {\"recording\":\(Header.format),"
    }
}

/// Reads a recording from whatever is there of it.
///
/// A run can be killed at any byte, so everything up to the first damage is kept and `damage` says what is missing.
/// Bytes may come in pieces of any size.
package struct RecordingDecoder {
    /// Events are deeper than the driver's lines by two levels.
    private static let depth = JSON.defaultDepth + 2

    /// Known once the first line is complete.
    package private(set) var header: Header?
    /// Events decoded and not yet taken.
    private var events: [Event] = []
    /// The line that the pieces so far left unfinished.
    private var partial: [UInt8] = []
    /// The line that is being read.
    private var object = JSONObjectLine()
    private var lines = 0
    private var last = Timestamp(nanoseconds: 0)
    private var hasEnded = false
    private var damage: String?
    /// What comes first is decoded by somebody else.
    private let isRest: Bool

    /// - Parameters:
    ///   - bytes: about so many will come.
    ///   - isRest: they begin with some line behind the header, and end with the end.
    package init(expecting bytes: Int = 0, isRest: Bool = false) {
        self.isRest = isRest
        // Lines of a busy run are 120 to 160 bytes: growing the array of events step by step would copy it again and
        // again.
        events.reserveCapacity(bytes / 128)
    }

    /// A whole recording at once.
    package static func decode(_ bytes: [UInt8]) throws(UnreadableRecording) -> Recording {
        var decoder = RecordingDecoder(expecting: bytes.count)
        try bytes.withUnsafeBufferPointer { buffer throws(UnreadableRecording) in try decoder.feed(buffer) }
        return try decoder.recording()
    }

    /// To be called at the end of the file: all that was read and not taken.
    package mutating func recording() throws(UnreadableRecording) -> Recording {
        let events = takeEvents()
        let (header, damage) = try finish()
        return Recording(header: header, events: events, damage: damage)
    }

    /// Takes the next bytes of the file. After damage the rest is ignored.
    package mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>) throws(UnreadableRecording) {
        var start = 0
        if !partial.isEmpty {
            guard let newline = bytes.firstIndex(of: 0x0A) else {
                partial.append(contentsOf: bytes)
                return
            }
            partial.append(contentsOf: bytes[..<newline])
            start = newline + 1
            let line = partial
            partial = []
            try line.withUnsafeBufferPointer { buffer throws(UnreadableRecording) in try take(line: buffer) }
        }
        while damage == nil, let newline = bytes[start...].firstIndex(of: 0x0A) {
            try take(line: UnsafeBufferPointer(rebasing: bytes[start..<newline]))
            start = newline + 1
        }
        if damage == nil { partial.append(contentsOf: bytes[start...]) }
    }

    package mutating func feed(_ bytes: [UInt8]) throws(UnreadableRecording) {
        try bytes.withUnsafeBufferPointer { buffer throws(UnreadableRecording) in try feed(buffer) }
    }

    /// The events decoded since the last call, in time order.
    package mutating func takeEvents() -> [Event] {
        let taken = events
        events = []
        return taken
    }

    /// To be called at the end of the file: the header, and why the recording is not whole (nil when it is).
    package func finish() throws(UnreadableRecording) -> (header: Header, damage: String?) {
        guard let header else {
            throw UnreadableRecording(reason: partial.isEmpty ? "it is empty" : "its first line is cut off")
        }
        if let damage { return (header, damage) }
        if !hasEnded { return (header, "cut off after line \(lines): no end event") }
        return (header, partial.isEmpty ? nil : "line \(lines + 1) comes after the end event: it was left out")
    }

    private mutating func take(line: UnsafeBufferPointer<UInt8>) throws(UnreadableRecording) {
        guard header != nil || isRest else { return try takeHeader(line) }
        do throws(FieldError) {
            let event = try Event(try look(through: line))
            try check(event)
            last = event.time
            if case .end = event.body { hasEnded = true }
            lines += 1
            events.append(event)
        } catch {
            damage = "line \(lines + 1) is no event (\(error.reason)): it and all that follows were left out"
        }
    }

    private mutating func takeHeader(_ line: UnsafeBufferPointer<UInt8>) throws(UnreadableRecording) {
        do throws(FieldError) {
            header = try Header(try look(through: line))
            lines = 1
        } catch {
            throw UnreadableRecording(reason: error.reason)
        }
    }

    private func check(_ event: Event) throws(FieldError) {
        guard !hasEnded else { throw FieldError("it comes after the end event") }
        guard event.time >= last else { throw FieldError("its time is before that of the line before") }
        if !isRest, case .end(let end) = event.body, end.events != lines - 1 {
            throw FieldError("the end event counts \(end.events) events before it, and there are \(lines - 1)")
        }
    }

    private mutating func look(through line: UnsafeBufferPointer<UInt8>) throws(FieldError) -> JSONObjectLine {
        let isObject: Bool
        do throws(JSON.ParsingError) {
            isObject = try object.read(line, depth: RecordingDecoder.depth)
        } catch {
            throw FieldError(error.description)
        }
        guard isObject else { throw FieldError("not an object") }
        return object
    }
}

/// The later part of a recording, decoded while somebody else decoded what comes before.
package struct RecordingRest: Sendable {
    fileprivate var events: [Event]
}

extension RecordingDecoder {
    /// To be called at the end of the file; nil when anything is wrong with it.
    package mutating func rest() -> RecordingRest? {
        guard isRest, damage == nil, hasEnded, partial.isEmpty else { return nil }
        return RecordingRest(events: takeEvents())
    }

    /// Everything that was read, and the rest behind it. Nil when they do not fit: who then decodes all of it in order
    /// learns what is wrong.
    package mutating func recording(with rest: RecordingRest) -> Recording? {
        guard let header, damage == nil, !hasEnded, partial.isEmpty, let first = rest.events.first, first.time >= last,
            case .end(let end)? = rest.events.last?.body, end.events == events.count + rest.events.count - 1
        else { return nil }
        var all = takeEvents()
        all += rest.events
        return Recording(header: header, events: all, damage: nil)
    }
}
