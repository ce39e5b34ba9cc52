import Glibc
import Judging
import Kernel
import Recordings

/// A recording read from its file piece by piece: the text of a long run never stands in memory as a whole.
struct RecordingFile {
    let recording: Recording
    /// Of the whole file, lower-case hexadecimal.
    let sha256: String

    /// Below this a second thread gains nothing.
    static let worthHalving: Int64 = 8 << 20
    /// Whoever reads the first part digests all of it besides.
    private static let firstShare = 0.4

    init(recording: Recording, sha256: String) {
        self.recording = recording
        self.sha256 = sha256
    }

    /// Throws `SystemError` when it cannot be read, `UnreadableRecording` when it is none.
    init(_ path: String) throws {
        let size = Files.size(path)
        if size >= RecordingFile.worthHalving,
            let cut = try RecordingFile.lineStart(behind: Int(Double(size) * RecordingFile.firstShare), in: path),
            let whole = RecordingFile(path, cutAt: cut)
        {
            self = whole
            return
        }
        var decoder = RecordingDecoder(expecting: Int(size))
        var digest = Digest()
        try RecordingFile.read(path) { piece in
            digest.add(piece)
            try decoder.feed(piece)
        }
        sha256 = digest.text()
        recording = try decoder.recording()
    }

    /// Decodes both parts at once. Nil when anything is wrong with them: what it is shows when they are read in order.
    private init?(_ path: String, cutAt cut: Int) {
        var (before, behind, text) = (0, 0, nil as String?)
        Workers.threads.together {
            behind = RecordingFile.lines(path, from: cut)
        } _: {
            before = RecordingFile.lines(path, to: cut)
        }
        let recording = RecordingDecoder.decode(lines: (before, behind)) { first, rest in
            var isRead = false
            Workers.threads.together {
                isRead = (try? RecordingFile.read(path, from: cut) { try rest.feed($0) }) != nil
            } _: {
                text = try? RecordingFile.digest(path, decodingTo: cut, by: &first)
            }
            return isRead && text != nil
        }
        guard let recording, let text else { return nil }
        self.recording = recording
        sha256 = text
    }

    /// The SHA-256 of all of it, while what comes before the cut is decoded.
    private static func digest(
        _ path: String, decodingTo cut: Int, by decoder: inout RecordingDecoder
    ) throws -> String {
        var digest = Digest()
        try read(path, to: cut) { piece in
            digest.add(piece)
            try decoder.feed(piece)
        }
        try read(path, from: cut) { digest.add($0) }
        return digest.text()
    }

    /// How many lines end between two places; 0 when it cannot be read.
    private static func lines(_ path: String, from start: Int = 0, to end: Int = .max) -> Int {
        var lines = 0
        try? read(path, from: start, to: end) { piece in
            var rest = piece[...]
            while let base = UnsafeBufferPointer(rebasing: rest).baseAddress,
                let found = memchr(base, 0x0A, rest.count)
            {
                lines += 1
                rest = rest.dropFirst(UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1)
            }
        }
        return lines
    }

    /// Reads what stands between two places, in pieces.
    private static func read(
        _ path: String, from start: Int = 0, to end: Int = .max,
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        let file = try Descriptor.open(path, O_RDONLY)
        let raw = file.raw
        if start > 0 { try System.call("seek in", path) { lseek(raw, start, SEEK_SET) } }
        // One for all pieces: memory that is taken and given back for each is new to the processor each time.
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
        defer { room.deallocate() }
        var place = start
        while place < end {
            let count = try file.read(into: UnsafeMutableBufferPointer(rebasing: room.prefix(end - place)))
            if count == 0 { return }
            try body(UnsafeBufferPointer(rebasing: room[..<count]))
            place += count
        }
    }

    /// Where the first line begins behind a place; nil when none does soon.
    private static func lineStart(behind place: Int, in path: String) throws -> Int? {
        let file = try Descriptor.open(path, O_RDONLY)
        let raw = file.raw
        try System.call("seek in", path) { lseek(raw, place, SEEK_SET) }
        return try file.read()?.firstIndex(of: 0x0A).map { place + $0 + 1 }
    }
}
