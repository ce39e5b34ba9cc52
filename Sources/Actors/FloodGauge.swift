/// Tells a flood from much output. In virtual time whatever a process can say without sleeping comes at one moment, so
/// a program that says the same for ever would hold the run for ever.
package struct FloodGauge {
    /// What may come within one second of the lab's time. A gigabyte at once is survived, its log cut. A quarter of a
    /// million events is more than one process gets from its network; in the virtual lab, where only readings of the
    /// clock take time, an endless flood has many more in a second.
    package var mostBytes = 2 << 30
    package var mostEvents = 250_000
    /// From this much on it is worth telling who does it.
    package var muchBytes = 16 << 20
    package var manyEvents = 20_000

    private var since: Int64?
    private var bytes = 0
    private var events = 0

    package init() {}

    package enum Level: Equatable {
        /// Told once a second of the lab's time.
        case much
        /// More than can be taken; says how much has come.
        case tooMuch(String)
    }

    /// Nil for what is usual. `now` in nanoseconds.
    package mutating func came(bytes more: Int, events moreEvents: Int, at now: Int64) -> Level? {
        let wasMuch = isMuch
        if let since, now - since < 1_000_000_000 {
            bytes += more
            events += moreEvents
        } else {
            (since, bytes, events) = (now, more, moreEvents)
        }
        if events > mostEvents { return .tooMuch("more than \(mostEvents) events") }
        if bytes > mostBytes { return .tooMuch("more than \(mostBytes >> 20) MiB") }
        return isMuch && !wasMuch ? .much : nil
    }

    private var isMuch: Bool { bytes > muchBytes || events > manyEvents }
}
