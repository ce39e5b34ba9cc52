import Glibc
import JSONLines
import Kernel
import Testing

@testable import Actors

@Suite struct CommandInputTests {
    private let drain: JSON = ["command": "drain"]

    @Test func aCommandIsALine() throws {
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.reader)
        let input = try CommandInput(owning: ends.writer)
        #expect(input.send(drain) == nil)
        #expect(input.send(["command": "publish", "text": "two\nlines"]) == nil)
        let bytes = try #require(try reader.read())
        let expected = #"{"command":"drain"}"# + "\n" + #"{"command":"publish","text":"two\nlines"}"# + "\n"
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    /// Neither by waiting nor by half a line.
    @Test func aDriverThatDoesNotReadHoldsNobodyUp() throws {
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.reader)
        let input = try CommandInput(owning: ends.writer)
        let long: JSON = ["command": "publish", "text": .string(String(repeating: "x", count: 3000))]
        var sent = 0
        while input.send(long) == nil, sent < 1000 { sent += 1 }
        #expect((1..<1000).contains(sent))
        #expect(input.send(long) == "it does not read its standard input, which is full")
        var read: [UInt8] = []
        while let bytes = try reader.read() { read += bytes }
        #expect(read.count == sent * (long.utf8Line.count + 1))
        #expect(read.last == 0x0A)
        #expect(input.send(drain) == nil)
    }

    @Test func aDriverThatHasClosedItsInputEndsNobody() throws {
        let ends = try Descriptor.pipe()
        let input = try CommandInput(owning: ends.writer)
        close(ends.reader)
        #expect(input.send(drain) == "it has closed its standard input")
    }
}
