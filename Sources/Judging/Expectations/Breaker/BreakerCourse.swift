import Recordings
import Scenarios

/// What a circuit breaker must have been in, as its calls show: calls in, periods and breaches out. It knows nothing of
/// what the client says of itself.
struct BreakerCourse {
    struct Rule {
        /// So many failures in a row open it; nil when a rate does.
        var failures: Int?
        /// So large a share of failures among at least `fewest` calls in `window` opens it.
        var rate: Double
        var window: Duration
        var fewest: Int
        var open: Duration
        var openAtMost: Duration
        var probes: Int
        /// What left the client before it knew may arrive so much later.
        var slack: Duration
    }

    enum Breach {
        /// Calls while it was open.
        case calledWhileOpen(calls: [BreakerCall], Opening)
        /// The next call came so long after it had opened; nil when none came.
        case stuckOpen(Duration, next: BreakerCall?, Opening)
        case tooManyProbes(calls: [BreakerCall], Opening)
    }

    /// Why it had to be open, and from when on: the client knew at some moment between.
    struct Opening {
        var earliest: Timestamp
        var latest: Timestamp
        /// The call whose failure opened it.
        var by: BreakerCall
        var isReopened: Bool
        /// Failures that count for it.
        var failures: Int
    }

    private enum State {
        case closed
        case open(Opening, calls: [BreakerCall])
        case halfOpen(Opening, probes: [Int], good: Int, surplus: [BreakerCall])
    }

    private enum Fact {
        case began(Int)
        case succeeded(Int)
        case failed(Int, earliest: Timestamp)
    }

    let rule: Rule
    private(set) var openings: [Opening] = []
    /// How long it was open, of periods that were seen whole.
    private(set) var periods: [Duration] = []
    private(set) var closings: [Timestamp] = []
    private(set) var probed: [BreakerCall] = []
    private(set) var breaches: [Breach] = []
    /// When it went from one state to another.
    private(set) var changes: [Timestamp] = []

    private var state = State.closed
    private var inARow = 0
    private var recent: [(time: Timestamp, isGood: Bool)] = []
    private let calls: [BreakerCall]

    init(_ calls: [BreakerCall], _ rule: Rule, stop: Timestamp) {
        self.calls = calls
        self.rule = rule
        var facts: [(time: Timestamp, order: Int, fact: Fact)] = []
        for (index, call) in calls.enumerated() {
            facts.append((call.began.time, 1, .began(index)))
            switch call.outcome {
            case .succeeded(let moment): facts.append((moment.time, 0, .succeeded(index)))
            case .failed(let earliest, let latest): facts.append((latest, 0, .failed(index, earliest: earliest)))
            case .pending: break
            }
        }
        for (time, _, fact) in facts.sorted(by: { ($0.time, $0.order) < ($1.time, $1.order) }) {
            switch fact {
            case .began(let index): began(index, at: time)
            case .succeeded(let index): ended(index, isGood: true, earliest: time, at: time)
            case .failed(let index, let earliest): ended(index, isGood: false, earliest: earliest, at: time)
            }
        }
        finish(at: stop)
    }

    private mutating func began(_ index: Int, at time: Timestamp) {
        switch state {
        case .closed: break
        case .open(let opening, let calls):
            // Sent before the client knew of the failure.
            if time <= opening.latest + rule.slack { return }
            if time - opening.earliest + rule.slack < rule.open {
                state = .open(opening, calls: calls + [self.calls[index]])
                return
            }
            tellCalls(calls, opening)
            periods.append(time - opening.earliest)
            if time - opening.latest > rule.openAtMost {
                breaches.append(.stuckOpen(time - opening.latest, next: self.calls[index], opening))
            }
            probed.append(self.calls[index])
            changes.append(time)
            state = .halfOpen(opening, probes: [index], good: 0, surplus: [])
        case .halfOpen(let opening, let probes, let good, let surplus):
            if probes.count < rule.probes {
                probed.append(calls[index])
                state = .halfOpen(opening, probes: probes + [index], good: good, surplus: surplus)
            } else {
                state = .halfOpen(opening, probes: probes, good: good, surplus: surplus + [calls[index]])
            }
        }
    }

    private mutating func ended(_ index: Int, isGood: Bool, earliest: Timestamp, at time: Timestamp) {
        switch state {
        case .closed:
            inARow = isGood ? 0 : inARow + 1
            recent.append((time, isGood))
            recent.removeAll { $0.time + rule.window < time }
            if !isGood, let failures = trips {
                open(by: index, earliest: earliest, at: time, isReopened: false, failures)
            }
        case .open: break
        case .halfOpen(let opening, let probes, let good, let surplus):
            guard probes.contains(index) else { return }
            if !isGood {
                tellSurplus(surplus, opening)
                open(by: index, earliest: earliest, at: time, isReopened: true, 1)
            } else if good + 1 >= rule.probes {
                tellSurplus(surplus, opening)
                closings.append(time)
                changes.append(time)
                (state, inARow, recent) = (.closed, 0, [])
            } else {
                state = .halfOpen(opening, probes: probes, good: good + 1, surplus: surplus)
            }
        }
    }

    /// How many failures open it now; nil when they do not suffice.
    private var trips: Int? {
        if let failures = rule.failures { return inARow >= failures ? inARow : nil }
        let bad = recent.count { !$0.isGood }
        return recent.count >= rule.fewest && Double(bad) >= rule.rate * Double(recent.count) ? bad : nil
    }

    private mutating func open(
        by index: Int, earliest: Timestamp, at time: Timestamp, isReopened: Bool, _ failures: Int
    ) {
        let opening = Opening(
            earliest: earliest, latest: time, by: calls[index], isReopened: isReopened, failures: failures)
        openings.append(opening)
        changes.append(time)
        state = .open(opening, calls: [])
    }

    private mutating func tellCalls(_ calls: [BreakerCall], _ opening: Opening) {
        if !calls.isEmpty { breaches.append(.calledWhileOpen(calls: calls, opening)) }
    }

    private mutating func tellSurplus(_ calls: [BreakerCall], _ opening: Opening) {
        if !calls.isEmpty { breaches.append(.tooManyProbes(calls: calls, opening)) }
    }

    private mutating func finish(at stop: Timestamp) {
        switch state {
        case .closed: break
        case .open(let opening, let calls):
            tellCalls(calls, opening)
            if stop - opening.latest > rule.openAtMost {
                breaches.append(.stuckOpen(stop - opening.latest, next: nil, opening))
            }
        case .halfOpen(let opening, _, _, let surplus): tellSurplus(surplus, opening)
        }
    }

    /// `once`, `3 times`
    static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

    /// How many calls had failed one after the other when `time` came, or in the window before it.
    func failures(before time: Timestamp) -> Int {
        var ended: [(time: Timestamp, isGood: Bool)] = []
        for call in calls {
            switch call.outcome {
            case .succeeded(let moment): ended.append((moment.time, true))
            // The client may have known this early.
            case .failed(let earliest, _): ended.append((earliest, false))
            case .pending: break
            }
        }
        let before = ended.filter { $0.time <= time }.sorted { $0.time < $1.time }
        if rule.failures != nil { return before.reversed().prefix { !$0.isGood }.count }
        return before.count { !$0.isGood && $0.time + rule.window >= time }
    }
}
