/// Brings the events of many probes into the one order of a recording.
///
/// Probes hand over what they saw in batches, each with its own delay, while a recording's times never go back. The
/// engine adds every event as it comes and flushes up to a moment that no probe can still report from. Events of one
/// moment keep the order in which they were added.
package struct EventOrder: Sendable {
    /// In the order in which they were added.
    private var pending: [Event] = []
    private var flushed = Timestamp(nanoseconds: 0)

    /// How many events of a source came too late for their place. They were given the time of the last flush: the
    /// stamp of an event may be this much wrong, its being there may not.
    package private(set) var late: [String: Int] = [:]

    package init() {}

    package var isEmpty: Bool { pending.isEmpty }

    /// - Parameters:
    ///   - source: which probe, for `late`.
    ///   - arrived: when the engine got it. A stamp beyond that is wrong (a driver may say anything), and would hold
    ///     the event back for ever.
    package mutating func add(_ event: Event, source: String, arrived: Timestamp? = nil) {
        var event = event
        if let arrived, event.time > arrived { event.time = arrived }
        if event.time < flushed {
            event.time = flushed
            late[source, default: 0] += 1
        }
        pending.append(event)
    }

    /// Everything up to and including `moment`, in time order; what is added later gets at least this time.
    package mutating func flush(upTo moment: Timestamp) -> [Event] {
        flushed = max(flushed, moment)
        // Places are sorted, and not events: an event is a few hundred bytes, and what it holds is counted.
        var due = pending.indices.filter { pending[$0].time <= flushed }
        due.sort { (pending[$0].time, $0) < (pending[$1].time, $1) }
        let events = due.map { pending[$0] }
        if due.count == pending.count {
            pending.removeAll(keepingCapacity: true)
        } else if !due.isEmpty {
            pending.removeAll { $0.time <= flushed }
        }
        return events
    }

    /// Everything there is, in time order.
    package mutating func flushAll() -> [Event] {
        guard let latest = pending.map(\.time).max() else { return [] }
        return flush(upTo: latest)
    }
}
