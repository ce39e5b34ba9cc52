import Testing

@testable import Actors

@Suite struct LineSplitterTests {
    private func texts(_ lines: [LineSplitter.Line]) -> [String] {
        lines.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func joinsLinesThatComeInPieces() {
        var splitter = LineSplitter()
        #expect(texts(splitter.add(Array("one\ntw".utf8))) == ["one"])
        #expect(!splitter.isBetweenLines)
        #expect(texts(splitter.add(Array("o\n\n".utf8))) == ["two", ""])
        #expect(splitter.isBetweenLines)
        #expect(splitter.end() == nil)
    }

    @Test func givesTheUnfinishedLineAtTheEnd() {
        var splitter = LineSplitter()
        _ = splitter.add(Array("rest".utf8))
        #expect(splitter.end() == LineSplitter.Line(bytes: Array("rest".utf8)))
    }

    @Test func cutsAnOverlongLineAndGoesOn() {
        var splitter = LineSplitter(longest: 4)
        var lines = splitter.add(Array("abcdefgh\nij\n".utf8))
        #expect(texts(lines) == ["abcd", "ij"])
        #expect(lines.map(\.dropped) == [4, 0])
        #expect(texts(splitter.add(Array("abcdef".utf8))) == [])
        lines = splitter.add(Array("gh\nk\n".utf8))
        #expect(texts(lines) == ["abcd", "k"])
        #expect(lines.map(\.dropped) == [4, 0])
    }
}
