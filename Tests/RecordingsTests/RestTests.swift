import Testing

@testable import Recordings

/// A recording whose two parts are decoded at once: the same as in one go, or not at all.
@Suite struct RestTests {
    private static let bytes = Samples.bytes()
    /// Behind each newline, those of the header and of the end left out.
    private static let cuts = bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }.dropLast()

    /// - Parameter counted: how many lines more or less the first part seems to have.
    private func decoded(
        _ first: some Sequence<UInt8>, _ second: some Sequence<UInt8>, counted: Int = 0
    ) -> Recording? {
        let (first, second) = (Array(first), Array(second))
        let lines = [first, second].map { part in part.count { $0 == 0x0A } }
        return RecordingDecoder.decode(lines: (lines[0] + counted, lines[1])) { before, behind in
            (try? before.feed(first)) != nil && (try? behind.feed(second)) != nil
        }
    }

    @Test(arguments: cuts)
    func bothPartsMakeTheWhole(cut: Int) throws {
        let recording = try #require(decoded(Self.bytes[..<cut], Self.bytes[cut...]))
        #expect(recording.events == Samples.events)
        #expect(recording.header == Samples.header)
        #expect(recording.damage == nil)
    }

    @Test func whatDoesNotFitIsNotPutTogether() {
        let cut = Self.cuts[Self.cuts.count / 2]
        let (first, second) = (Self.bytes[..<cut], Self.bytes[cut...])
        let later = Self.bytes[Self.cuts[Self.cuts.count / 2 + 1]...]
        #expect(decoded(first, later) == nil, "a line is missing, and the end counts them")
        #expect(decoded(first, first) == nil, "it has no end")
        #expect(decoded(first, second.dropLast(3)) == nil, "the end is cut off")
        #expect(decoded(first.dropLast(), second) == nil, "the first part is cut off")
        #expect(decoded(Self.bytes, second) == nil, "lines behind the end")
        #expect(decoded(first, "x\n".utf8 + Array(second)) == nil, "a line that is no event")
        #expect(decoded("x\n".utf8 + Array(first), second) == nil, "no header")
        #expect(decoded([], second) == nil, "nothing before the cut")
        #expect(decoded(first, second, counted: 1) == nil, "the file had more lines when they were counted")
        #expect(decoded(first, second, counted: -1) == nil, "the file had fewer lines when they were counted")
        // As many as before the cut, the last of them later than what comes behind it.
        var turned = Array(Samples.events[..<(first.count { $0 == 0x0A } - 1)])
        turned[turned.count - 1].time = Samples.events[Samples.events.count - 1].time + .seconds(1)
        #expect(decoded(Samples.bytes(turned), second) == nil, "times go back")
    }

    /// Text is looked through eight bytes at once: whatever may not stand in it is seen wherever it stands.
    @Test func aTextIsReadToItsEndAndNoFurther() {
        let (head, tail) = (
            #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":""#, #""}"#
        )
        for length in 0...40 {
            let text = (0..<length).map { UInt8(0x20 + ($0 * 7 + length) % 0x60) }.map {
                [0x22, 0x5C].contains($0) ? 0x7F : $0
            }
            let report = DriverReport(Instance("a"), .note, text: String(decoding: text, as: UTF8.self))
            let event = Event(Timestamp(nanoseconds: 5), .driver(report))
            #expect(Event(straight: Array(head.utf8) + text + Array(tail.utf8)) == event)
            for place in text.indices {
                for byte: UInt8 in [0x00, 0x1F, 0x22, 0x5C, 0x80, 0xFF] {
                    var bad = text
                    bad[place] = byte
                    #expect(Event(straight: Array(head.utf8) + bad + Array(tail.utf8)) == nil, "\(byte) at \(place)")
                }
            }
        }
    }

    /// Lines that are written as ours are not, and say the same.
    @Test func otherWaysToWriteALineSayTheSame() throws {
        let straight = #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":"xy"}"#
        let event = Event(Timestamp(nanoseconds: 5), .driver(DriverReport(Instance("a"), .note, text: "xy")))
        #expect(Event(straight: Array(straight.utf8)) == event)
        for other in [
            #"{ "t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":"xy"}"#,
            #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":"xy"} "#,
            #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"text":"xy","stamp":"driver"}"#,
            #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":"\u0078y"}"#,
            #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":"xy","new":[1]}"#,
            #"{"t":5,"event":"driver","what":"note","actor":"a","index":0,"stamp":"driver","text":"xy","text":"z"}"#,
        ] {
            #expect(Event(straight: Array(other.utf8)) == nil, "\(other)")
            let recording = try RecordingDecoder.decode(Samples.bytes([]) + Array((other + "\n").utf8))
            #expect(recording.events == [event], "\(other)")
        }
    }

    /// Every event of ours is read straight, and none of the others.
    @Test func ourOwnLinesAreReadStraight() {
        let lines = Self.bytes.split(separator: 0x0A).dropFirst()
        #expect(lines.count == Samples.events.count)
        for (line, event) in zip(lines, Samples.events) {
            guard let read = Event(straight: Array(line)) else { continue }
            #expect(read == event)
        }
        let straight = lines.count { Event(straight: Array($0)) != nil }
        #expect(straight * 10 > lines.count * 9, "\(straight) of \(lines.count)")
    }

    /// What is cut off, or has a byte that stands wrong, is never taken for an event of another kind.
    @Test func aDamagedLineIsNotReadStraight() {
        for line in Self.bytes.split(separator: 0x0A).dropFirst() {
            for end in line.indices { #expect(Event(straight: Array(line[..<end])) == nil) }
            #expect(Event(straight: Array(line) + Array("}".utf8)) == nil)
        }
    }
}

extension Event {
    fileprivate init?(straight line: [UInt8]) {
        guard let event = line.withUnsafeBufferPointer({ Event(straight: $0) }) else { return nil }
        self = event
    }
}
