import Kernel
import Recordings
import Reporting
import Scenarios

/// What somebody who watches a run is told of it, from its recording as far as it has come and from the lab's clock,
/// which is read from its memory: whether somebody watches or not, the recording has the same bytes.
struct LiveRecording {
    private let recording: GrowingRecording
    /// How many of its events were looked at.
    private var seen = 0
    private var run: LiveRun
    private let began: Int64

    /// - Parameter began: when it was begun, on this machine's clock.
    init(_ recording: GrowingRecording, scenario: Scenario, seed: UInt64, began: Int64) {
        self.recording = recording
        self.began = began
        run = LiveRun(scenario, seed: seed)
    }

    /// - Parameters:
    ///   - moment: of the lab's clock, now; nil when this machine lets nobody read it.
    ///   - told: how far the timeline was when the guest half last said so.
    mutating func look(at moment: Int64?, told: Duration, isVirtual: Bool) -> LiveRun.Sight {
        for event in recording.events.dropFirst(seen) { run.saw(event) }
        seen = recording.events.count
        let wall = Clock.now - began
        let speed = isVirtual && wall > 0 ? moment.map { Double($0) / Double(wall) } : nil
        var sight = run.sight(at: moment.map { Timestamp(nanoseconds: $0) }, speed: speed)
        if let played = sight.played { sight.played = min(max(played, told), sight.length) }
        return sight
    }
}
