import Testing

@testable import Recordings

/// A recording whose later part somebody else decodes: the same as in one go, or not at all.
@Suite struct RestTests {
    private static let bytes = Samples.bytes()
    /// Behind each newline, those of the header and of the end left out.
    private static let cuts = bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }.dropLast()

    private func decoded(_ first: some Sequence<UInt8>, _ second: some Sequence<UInt8>) throws -> Recording? {
        var rest = RecordingDecoder(isRest: true)
        try rest.feed(Array(second))
        var whole = RecordingDecoder()
        try whole.feed(Array(first))
        return rest.rest().flatMap { whole.recording(with: $0) }
    }

    @Test(arguments: cuts)
    func bothPartsMakeTheWhole(cut: Int) throws {
        let recording = try #require(try decoded(Self.bytes[..<cut], Self.bytes[cut...]))
        #expect(recording.events == Samples.events)
        #expect(recording.header == Samples.header)
        #expect(recording.damage == nil)
    }

    @Test func whatDoesNotFitIsNotPutTogether() throws {
        let cut = Self.cuts[Self.cuts.count / 2]
        let (first, second) = (Self.bytes[..<cut], Self.bytes[cut...])
        let later = Self.bytes[Self.cuts[Self.cuts.count / 2 + 1]...]
        #expect(try decoded(first, later) == nil, "a line is missing, and the end counts them")
        #expect(try decoded(first, first) == nil, "it has no end")
        #expect(try decoded(first, second.dropLast(3)) == nil, "the end is cut off")
        #expect(try decoded(first.dropLast(), second) == nil, "the first part is cut off")
        #expect(try decoded(Self.bytes, second) == nil, "lines behind the end")
        #expect(try decoded(first, "x\n".utf8 + Array(second)) == nil, "a line that is no event")
        let turned = Samples.bytes([Samples.events[0], Samples.events[Samples.events.count - 1]])
        #expect(try decoded(turned.dropLast(), second) == nil, "times go back")
    }
}
