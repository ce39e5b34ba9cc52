import Glibc
import Kernel
import Recordings

/// A recording read from its file piece by piece: the text of a long run never stands in memory as a whole.
struct RecordingFile {
    let recording: Recording
    /// Of the whole file, lower-case hexadecimal.
    let sha256: String

    /// Below this a second thread gains nothing.
    private static let worthHalving: Int64 = 8 << 20

    /// Throws `SystemError` when it cannot be read, `UnreadableRecording` when it is none.
    init(_ path: String) throws {
        let size = Files.size(path)
        if size >= RecordingFile.worthHalving, let cut = try RecordingFile.lineStart(behind: size / 2, in: path),
            let whole = try RecordingFile(path, cutAt: cut, size: size)
        {
            self = whole
            return
        }
        var decoder = RecordingDecoder(expecting: Int(size))
        sha256 = try RecordingFile.read(path) { piece, _ in try decoder.feed(piece) }
        recording = try decoder.recording()
    }

    /// Decodes both halves at once. Nil when anything is wrong with them: what it is shows when they are read in order.
    private init?(_ path: String, cutAt cut: Int, size: Int64) throws {
        let helper = try Helper { () -> RecordingRest? in
            var decoder = RecordingDecoder(expecting: Int(size) - cut, isRest: true)
            _ = try? RecordingFile.read(path, from: cut, digesting: false) { piece, _ in try decoder.feed(piece) }
            return decoder.rest()
        }
        var decoder = RecordingDecoder(expecting: Int(size))
        var failure: (any Error)?
        do {
            sha256 = try RecordingFile.read(path) { piece, start in
                if start < cut { try decoder.feed(start + piece.count <= cut ? piece : Array(piece[..<(cut - start)])) }
            }
        } catch {
            sha256 = ""
            failure = error
        }
        let rest = helper.result()
        guard failure == nil, let rest, let recording = decoder.recording(with: rest) else { return nil }
        self.recording = recording
    }

    /// Reads it in pieces, each with where it stands; returns the SHA-256 of all of them.
    @discardableResult
    private static func read(
        _ path: String, from start: Int = 0, digesting: Bool = true, _ body: ([UInt8], Int) throws -> Void
    ) throws -> String {
        let file = try Descriptor.open(path, O_RDONLY)
        let raw = file.raw
        if start > 0 { try System.call("seek in", path) { lseek(raw, start, SEEK_SET) } }
        var digest = Digest()
        var place = start
        while let piece = try file.read(limit: 1 << 18), !piece.isEmpty {
            if digesting { digest.add(piece) }
            try body(piece, place)
            place += piece.count
        }
        return digest.text()
    }

    /// Where the first line begins behind a place; nil when none does soon.
    private static func lineStart(behind place: Int64, in path: String) throws -> Int? {
        let file = try Descriptor.open(path, O_RDONLY)
        let raw = file.raw
        try System.call("seek in", path) { lseek(raw, Int(place), SEEK_SET) }
        return try file.read()?.firstIndex(of: 0x0A).map { Int(place) + $0 + 1 }
    }
}
