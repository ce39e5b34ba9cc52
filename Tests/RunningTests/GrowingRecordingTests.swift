import Glibc
import Kernel
import Recordings
import Testing

@testable import Running

/// A recording that is read while it is written is the one that is read afterwards.
@Suite final class GrowingRecordingTests {
    private let folder: String
    private var path: String { "\(folder)/recording.jsonl" }

    init() throws {
        var template = Array("/tmp/halfopen-growing-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Files.remove(folder) }

    private static func recording(events: Int) -> [UInt8] {
        var encoder = RecordingEncoder()
        var bytes = encoder.encode(
            header: Header(scenario: "x", seed: 1, lab: "virtual", kernel: "6.12", uncertainty: 0, sources: []))
        for number in 0..<events {
            let report = DriverReport(Instance("client"), .received, stream: "ticks", sequence: Int64(number))
            bytes += encoder.encode(Event(Timestamp(nanoseconds: Int64(number)), .driver(report)))
        }
        let end = End(.finished, events: events)
        return bytes + encoder.encode(Event(Timestamp(nanoseconds: Int64(events)), .end(end)))
    }

    /// More than what is read at once, and than what two threads share.
    private static let large = recording(events: 85_000)

    private func put(_ bytes: some Collection<UInt8>) throws { try Files.replace(path, with: Array(bytes)) }

    private func expectSame(_ growing: GrowingRecording) throws {
        let (file, whole) = (try RecordingFile(path), try growing.whole())
        #expect(whole.recording.header == file.recording.header && whole.recording.events == file.recording.events)
        #expect(whole.recording.damage == file.recording.damage && whole.sha256 == file.sha256)
        #expect(whole.sha256 == Digest.sha256(try Files.read(path)))
    }

    @Test func `what has come is there, line by line, and at the end all of it`() throws {
        let bytes = Self.recording(events: 40)
        let growing = GrowingRecording(path)
        growing.readOn(to: Files.size(path))
        #expect(growing.events.isEmpty)
        // Cut in the middle of lines.
        for end in stride(from: 7, to: bytes.count, by: 97) {
            try put(bytes[..<end])
            growing.readOn(to: Files.size(path))
            let lines = bytes[..<end].count { $0 == UInt8(ascii: "\n") }
            #expect(growing.events.count == max(0, lines - 1))
        }
        try put(bytes)
        let whole = try growing.whole()
        #expect(whole.recording.events.count == 41 && whole.recording.damage == nil)
        #expect(whole.sha256 == Digest.sha256(bytes))
    }

    @Test(arguments: [0, 60, 500, 85_000])
    func `however much of it was read before its end`(share: Int) throws {
        let bytes = Self.large
        try #require(bytes.count > 9 << 20)
        try put(bytes[..<(bytes.count * share / 85_000)])
        let growing = GrowingRecording(path)
        while growing.events.count < share - 2 { growing.readOn(to: Files.size(path)) }
        try put(bytes)
        try expectSame(growing)
    }

    @Test func `nobody is kept waiting by a large one`() throws {
        try put(Self.large)
        let growing = GrowingRecording(path)
        growing.readOn(to: Files.size(path))
        #expect((1..<85_000).contains(growing.events.count))
    }

    @Test func `one that was cut off, one with a damaged line, and one that is another by now`() throws {
        let bytes = Self.recording(events: 40)
        var damaged = bytes
        damaged[damaged.count / 2] = UInt8(ascii: "{")
        for text in [Array(bytes.dropLast(100)), damaged] {
            try put(text)
            let growing = GrowingRecording(path)
            growing.readOn(to: Files.size(path))
            try expectSame(growing)
        }
        try put(bytes)
        let growing = GrowingRecording(path)
        growing.readOn(to: Files.size(path))
        try put(Self.recording(events: 20))
        try expectSame(growing)
    }

    @Test func `none at all`() throws {
        let growing = GrowingRecording(path)
        #expect(throws: SystemError.self) { try growing.whole() }
        try put(Array("no recording\n".utf8))
        let other = GrowingRecording(path)
        other.readOn(to: Files.size(path))
        #expect(throws: UnreadableRecording.self) { try other.whole() }
    }
}
