/// The waits of one client: how many failures came in a row, and how long to stay away after the last one.
struct Waits {
    private let backoff: Backoff
    private let mutant: ClientMutant?
    private(set) var failures = 0
    /// What only clients that err remember: a share of the ceiling drawn long ago, and the wait before.
    private var share: Double?
    private var previous: Duration?

    init(_ backoff: Backoff, mutant: ClientMutant?) {
        self.backoff = backoff
        self.mutant = mutant
    }

    /// The connection has proved healthy: the next failure is the first again.
    mutating func reset() {
        if mutant == .backoffNeverReset { return }
        failures = 0
        previous = nil
    }

    /// One more failure; gives the wait before the next attempt.
    mutating func failed(using random: inout some RandomNumberGenerator) -> Duration {
        failures += 1
        guard let mutant else { return backoff.delay(after: failures, using: &random) }
        return delay(of: mutant, using: &random)
    }

    private mutating func delay(of mutant: ClientMutant, using random: inout some RandomNumberGenerator) -> Duration {
        func uniform(_ from: Duration, _ to: Duration) -> Duration {
            .nanoseconds(Int64.random(in: from.nanoseconds...max(from, to).nanoseconds, using: &random))
        }
        let ceiling = backoff.ceiling(after: failures)
        let endless = Backoff(initial: backoff.initial, factor: backoff.factor, cap: max(backoff.cap, .seconds(86400)))
        switch mutant {
        case .retriesAtOnce: return .zero
        case .slowFirstAttempt: return failures == 1 ? .seconds(30) : uniform(.zero, ceiling)
        case .backoffNeverGrows: return uniform(.zero, backoff.initial)
        case .linearBackoff: return uniform(.zero, min(backoff.cap, backoff.initial * min(failures, 1_000_000)))
        case .noJitter: return ceiling
        case .jitterDrawnOnce:
            share = share ?? Double.random(in: 0...1, using: &random)
            return ceiling * (share ?? 1)
        case .jitterBeforeCap: return min(backoff.cap, uniform(.zero, endless.ceiling(after: failures)))
        case .equalJitter: return uniform(ceiling / 2, ceiling)
        case .higherCap:
            let higher = Backoff(initial: backoff.initial, factor: backoff.factor, cap: backoff.cap * 1.2)
            return higher.delay(after: failures, using: &random)
        case .capIgnored: return uniform(.zero, endless.ceiling(after: failures))
        case .decorrelatedJitter:
            let wait = min(backoff.cap, uniform(backoff.initial, (previous ?? backoff.initial) * 3))
            previous = wait
            return wait
        default: return backoff.delay(after: failures, using: &random)
        }
    }
}
