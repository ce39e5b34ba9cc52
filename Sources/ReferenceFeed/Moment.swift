/// A reading of a monotonic clock. The state machines are told the time; they never ask for it.
package struct Moment: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (a: Moment, b: Moment) -> Bool { a.nanoseconds < b.nanoseconds }
    package static func - (a: Moment, b: Moment) -> Duration { .nanoseconds(a.nanoseconds - b.nanoseconds) }
    package static func + (a: Moment, b: Duration) -> Moment {
        Moment(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; traps beyond 292 years.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

extension Moment {
    /// The first of those that there are.
    static func earliest(_ moments: [Moment?]) -> Moment? { moments.compactMap(\.self).min() }

    /// The earlier one, if there is one.
    static func earlier(_ a: Moment?, _ b: Moment?) -> Moment? {
        guard let a, let b else { return a ?? b }
        return min(a, b)
    }
}
