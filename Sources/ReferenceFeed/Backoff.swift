/// Exponential backoff with full jitter: before retry n the client waits a uniform random time between nothing and a
/// ceiling that doubles with every failure, up to a cap. Thousands of clients that lost one server at one moment come
/// back spread over the whole ceiling, not in a wave. ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
package struct Backoff: Equatable, Sendable {
    /// Ceiling after the first failure; more than zero.
    package var initial: Duration
    /// What every further failure multiplies the ceiling by; 1 or more.
    package var factor: Double
    /// No ceiling is higher.
    package var cap: Duration

    package init(initial: Duration = .seconds(1), factor: Double = 2, cap: Duration = .seconds(20)) {
        precondition(initial > .zero && factor >= 1 && cap >= initial, "a backoff that cannot grow to its cap")
        self.initial = initial
        self.factor = factor
        self.cap = cap
    }

    /// The longest wait after `failures` failures in a row (1 or more).
    package func ceiling(after failures: Int) -> Duration {
        precondition(failures >= 1, "no failure, no wait")
        if factor == 1 { return initial }
        var (ceiling, failures) = (initial, failures)
        // In steps, and no further than the cap: a power would overflow after a weekend without network.
        while failures > 1, ceiling < cap {
            ceiling = min(cap, ceiling * factor)
            failures -= 1
        }
        return ceiling
    }

    /// A wait after `failures` failures in a row. The cap bounds the ceiling, before the jitter: jitter applied first
    /// and capped then would send most of the waits to the cap itself, which is a wave again.
    package func delay(after failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        .nanoseconds(Int64.random(in: 0...ceiling(after: failures).nanoseconds, using: &random))
    }
}
