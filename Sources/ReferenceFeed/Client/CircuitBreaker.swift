/// A circuit breaker over connection attempts: after `threshold` failed attempts in a row nobody is asked any more for
/// `openFor`; then one attempt probes whether the other side is well, and its outcome decides.
///
///     closed --threshold failures in a row--> open --openFor over, attempt--> half-open --success--> closed
///                                               ^------------------- failure -----+
package struct CircuitBreaker: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        /// Attempts are free. `failures`: those in a row so far.
        case closed(failures: Int)
        /// No attempt before `until`.
        case open(until: Moment)
        /// One attempt is under way, and decides.
        case halfOpen(probes: Int)

        /// As the driver protocol has it.
        package var name: String {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half-open"
            }
        }
    }

    package struct Settings: Equatable, Sendable {
        /// Failed attempts in a row that open it; 0: it never opens.
        package var threshold = 0
        package var openFor: Duration = .seconds(30)
        package init(threshold: Int = 0, openFor: Duration = .seconds(30)) {
            self.threshold = threshold
            self.openFor = openFor
        }
    }

    let settings: Settings
    private let mutant: ClientMutant?
    package private(set) var state = State.closed(failures: 0)

    init(_ settings: Settings, mutant: ClientMutant? = nil) {
        self.settings = settings
        self.mutant = mutant
    }

    /// No attempt may begin before; nil when none is held back.
    var opensUntil: Moment? {
        guard case .open(let until) = state, mutant != .breakerAttemptsWhileOpen else { return nil }
        return mutant == .breakerStuckOpen ? until + .seconds(86400) * 365 : until
    }

    /// An attempt begins.
    mutating func attempted(at now: Moment) {
        if case .open(let until) = state, until <= now { state = .halfOpen(probes: 1) }
    }

    mutating func succeeded() {
        if case .closed = state, mutant == .breakerCountsOldFailures { return }
        if case .closed = state {} else if mutant == .breakerNeverCloses { return }
        state = .closed(failures: 0)
    }

    mutating func failed(at now: Moment) {
        guard settings.threshold > 0, mutant != .breakerNeverOpens else { return }
        switch state {
        case .closed(let failures) where failures + 1 < settings.threshold: state = .closed(failures: failures + 1)
        case .halfOpen(probes: 1) where mutant == .breakerTwoProbes: state = .halfOpen(probes: 2)
        case .closed, .halfOpen: state = .open(until: now + settings.openFor)
        // Somebody attempted while it was open: that proves nothing, and changes nothing.
        case .open: break
        }
    }
}
