import Kernel
import Recordings

/// A recording that is being written, decoded as far as it has come: when a run has ended, little of it is left to be
/// read, and the processor that the lab does not use has done the rest meanwhile.
///
/// Reading it costs the lab nothing: whoever reads it and however often, it has the same bytes.
final class GrowingRecording {
    /// More is read the next time: whoever has other runs to look after must not be kept waiting by one.
    private static let most = 8 << 20

    private let path: String
    private var place: Int64 = 0
    private var decoder = RecordingDecoder()
    private var digest: Digest? = Digest()
    /// It cannot be read on; what was read stays.
    private var isBroken = false

    init(_ path: String) { self.path = path }

    /// Those that were read so far.
    var events: [Event] { decoder.events }

    /// Reads what has come since.
    /// - Parameter size: of the file, bytes.
    func readOn(to size: Int64) {
        guard !isBroken, size > place else { return }
        do {
            var left = GrowingRecording.most
            while left > 0 {
                let bytes = try Files.read(path, from: place, count: min(left, 1 << 18))
                if bytes.isEmpty { return }
                try take(bytes)
                left -= bytes.count
            }
        } catch {
            isBroken = true
        }
    }

    /// All of it, once nobody writes it any more. To be called once.
    /// - Throws: as `RecordingFile` does.
    func whole() throws -> RecordingFile {
        let size = Files.size(path)
        // What is left of a run that nobody had time to look at is sooner read by two threads than by this one.
        if place > 0, place <= size, size - place < max(place, RecordingFile.worthHalving) {
            var before: Int64
            repeat {
                before = place
                readOn(to: size)
            } while place > before
            if !isBroken, place == size, let digest = digest.take() {
                return RecordingFile(recording: try decoder.recording(), sha256: digest.text())
            }
        }
        decoder = RecordingDecoder()
        return try RecordingFile(path)
    }

    private func take(_ bytes: [UInt8]) throws {
        digest?.add(bytes)
        try decoder.feed(bytes)
        place += Int64(bytes.count)
    }
}
