/// A moment of a run: nanoseconds of CLOCK_MONOTONIC of the kernel that ran the lab.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }
    package static func - (a: Timestamp, b: Timestamp) -> Duration { .nanoseconds(a.nanoseconds - b.nanoseconds) }
    package static func + (a: Timestamp, b: Duration) -> Timestamp {
        Timestamp(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; traps beyond 292 years.
    package var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
    /// Seconds as a binary fraction, for statistics and display.
    package var seconds: Double { Double(nanoseconds) / 1e9 }
}
