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
    /// Known once the first line is complete.
    package private(set) var header: Header?
    /// Those decoded so far, in time order.
    package private(set) var events: [Event] = []
    /// The line that the pieces so far left unfinished.
    private var partial: [UInt8] = []
    /// The line that is being read.
    private var object = JSONObjectLine()
    private var lines = 0
    private var last = Timestamp(nanoseconds: 0)
    private var hasEnded = false
    private var damage: String?
    /// Where events go instead of `events`, and how many of them stand there.
    private let room: UnsafeMutableBufferPointer<Event>?
    private var filled = 0
    /// What comes first is decoded by somebody else.
    private let isRest: Bool

    /// - Parameter bytes: about so many will come.
    package init(expecting bytes: Int = 0) {
        (room, isRest) = (nil, false)
        // Lines of a busy run are 120 to 160 bytes: growing the array of events step by step would copy it again and
        // again.
        events.reserveCapacity(bytes / 128)
    }

    private init(into room: Slice<UnsafeMutableBufferPointer<Event>>, isRest: Bool) {
        self.room = UnsafeMutableBufferPointer(rebasing: room)
        self.isRest = isRest
    }

    /// A whole recording at once.
    package static func decode(_ bytes: [UInt8]) throws(UnreadableRecording) -> Recording {
        var decoder = RecordingDecoder(expecting: bytes.count)
        try bytes.withUnsafeBufferPointer { buffer throws(UnreadableRecording) in try decoder.feed(buffer) }
        return try decoder.recording()
    }

    /// To be called once, at the end of the file: all that was read.
    package mutating func recording() throws(UnreadableRecording) -> Recording {
        let (header, damage) = try finish()
        // Handed over: whoever goes on feeding would otherwise copy them.
        defer { events = [] }
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
        while damage == nil, let newline = bytes.newline(from: start) {
            try take(line: UnsafeBufferPointer(rebasing: bytes[start..<newline]))
            start = newline + 1
        }
        if damage == nil { partial.append(contentsOf: bytes[start...]) }
    }

    package mutating func feed(_ bytes: [UInt8]) throws(UnreadableRecording) {
        try bytes.withUnsafeBufferPointer { buffer throws(UnreadableRecording) in try feed(buffer) }
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
            let event = if let event = Event(straight: line) { event } else { try Event(try look(through: line)) }
            try check(event)
            last = event.time
            if case .end = event.body { hasEnded = true }
            lines += 1
            try keep(event)
        } catch {
            damage = "line \(lines + 1) is no event (\(error.reason)): it and all that follows were left out"
        }
    }

    private mutating func keep(_ event: consuming Event) throws(FieldError) {
        guard let room else { return events.append(event) }
        guard filled < room.count else { throw FieldError("there were fewer when they were counted") }
        room.initializeElement(at: filled, to: event)
        filled += 1
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
            isObject = try object.read(line, depth: EventFields.depth)
        } catch {
            throw FieldError(error.description)
        }
        guard isObject else { throw FieldError("not an object") }
        return object
    }
}

extension RecordingDecoder {
    /// A recording of two parts that are decoded at once, each into its part of the same array: put together
    /// afterwards, half of a million events would be copied. Nil when anything is wrong with either: who then decodes
    /// all of it in order learns what.
    /// - Parameters:
    ///   - lines: how many the parts have, the header among those of the first.
    ///   - feed: gives both decoders all bytes of their parts, the second one those from the beginning of some line
    ///     on, and may do so on two threads; false when it could not.
    package static func decode(
        lines: (first: Int, rest: Int),
        feed: (_ first: inout RecordingDecoder, _ rest: inout RecordingDecoder) -> Bool
    ) -> Recording? {
        let cut = lines.first - 1
        guard cut >= 0, lines.rest > 0 else { return nil }
        var header: Header?
        // Not filled before: `count` is how much was decoded, which is all of it or nothing.
        let events = [Event](unsafeUninitializedCapacity: cut + lines.rest) { room, count in
            var first = RecordingDecoder(into: room[..<cut], isRest: false)
            var rest = RecordingDecoder(into: room[cut..<cut + lines.rest], isRest: true)
            if feed(&first, &rest), first.isWhole(before: rest) {
                header = first.header
                count = cut + lines.rest
            } else {
                first.clear()
                rest.clear()
            }
        }
        return header.map { Recording(header: $0, events: events) }
    }

    /// Whether both are all that was counted, and fit.
    private func isWhole(before rest: RecordingDecoder) -> Bool {
        guard header != nil, damage == nil, rest.damage == nil, !hasEnded, partial.isEmpty, rest.partial.isEmpty,
            let (room, other) = room.flatMap({ room in rest.room.map { (room, $0) } }), filled == room.count,
            rest.filled == other.count, other[0].time >= last, case .end(let end) = other[other.count - 1].body
        else { return false }
        return end.events == filled + rest.filled - 1
    }

    private mutating func clear() {
        room?[..<filled].deinitialize()
        filled = 0
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The first line's end from a place on. Looks at eight bytes at once: one by one that took a tenth of the time
    /// that decoding takes.
    fileprivate func newline(from start: Int) -> Int? {
        guard let base = UnsafeRawPointer(baseAddress) else { return nil }
        var place = start
        while place + 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let differing = word ^ 0x0A0A_0A0A_0A0A_0A0A
            // The lowest bit that is set stands in the first byte that is a newline.
            let found = (differing &- 0x0101_0101_0101_0101) & ~differing & 0x8080_8080_8080_8080
            if found != 0 { return place + found.trailingZeroBitCount / 8 }
            place += 8
        }
        return self[place...].firstIndex(of: 0x0A)
    }
}
