import Glibc
import Kernel
import Recordings

/// A recording read from its file piece by piece: the text of a long run never stands in memory as a whole.
struct RecordingFile {
    let recording: Recording
    /// Of the whole file, lower-case hexadecimal.
    let sha256: String

    /// Throws `SystemError` when it cannot be read, `UnreadableRecording` when it is none.
    init(_ path: String) throws {
        let file = try Descriptor.open(path, O_RDONLY)
        var decoder = RecordingDecoder(expecting: Int(Files.size(path)))
        var digest = Digest()
        while let piece = try file.read(), !piece.isEmpty {
            digest.add(piece)
            try decoder.feed(piece)
        }
        recording = try decoder.recording()
        sha256 = digest.text()
    }
}
