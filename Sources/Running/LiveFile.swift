import Kernel
import Recordings
import Reporting
import Scenarios

/// A recording that is being written, read from outside as far as it has come.
///
/// Reading it costs the lab nothing, and the lab's clock is read from its memory: whether somebody watches a run or
/// not, its recording has the same bytes.
struct LiveFile {
    /// More is read the next time: who plays runs must not be kept waiting by who watches one.
    private static let most = 1 << 20

    private let path: String
    private var place: Int64 = 0
    private var decoder = RecordingDecoder()
    private var run: LiveRun
    /// It cannot be read any more; what was seen stays.
    private var isBroken = false
    private let began: Int64

    /// - Parameter began: when it was begun, on this machine's clock.
    init(_ path: String, scenario: Scenario, seed: UInt64, began: Int64) {
        self.path = path
        self.began = began
        run = LiveRun(scenario, seed: seed)
    }

    /// - Parameters:
    ///   - moment: of the lab's clock, now; nil when this machine lets nobody read it.
    ///   - told: how far the timeline was when the guest half last said so.
    mutating func look(at moment: Int64?, told: Duration, isVirtual: Bool) -> LiveRun.Sight {
        read()
        let wall = Clock.now - began
        let speed = isVirtual && wall > 0 ? moment.map { Double($0) / Double(wall) } : nil
        var sight = run.sight(at: moment.map { Timestamp(nanoseconds: $0) }, speed: speed)
        if let played = sight.played { sight.played = min(max(played, told), sight.length) }
        return sight
    }

    private mutating func read() {
        guard !isBroken, Files.size(path) > place,
            let bytes = try? Files.read(path, from: place, count: LiveFile.most)
        else { return }
        place += Int64(bytes.count)
        do throws(UnreadableRecording) {
            try bytes.withUnsafeBufferPointer { buffer throws(UnreadableRecording) in try decoder.feed(buffer) }
        } catch {
            isBroken = true
        }
        for event in decoder.takeEvents() { run.saw(event) }
    }
}
