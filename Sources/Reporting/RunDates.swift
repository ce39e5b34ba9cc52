import Judging
import Recordings

/// The dates of a run, for formats whose readers think in dates.
struct RunDates {
    /// Nanoseconds since 1970 at zero of the recording's clock.
    let zero: Int64

    /// The virtual lab boots at the date that its scenario says, with its clock at zero. Of the host lab the recording
    /// keeps no date: its beginning is put at that date.
    init(_ view: RunView) {
        let start = view.scenario.lab.start * 1_000_000_000
        let isVirtual = view.recording.header.lab == "virtual"
        zero = isVirtual ? start : start - (view.recording.events.first?.time.nanoseconds ?? 0)
    }

    func nanoseconds(_ time: Timestamp) -> Int64 { zero + time.nanoseconds }
}
