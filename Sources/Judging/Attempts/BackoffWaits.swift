import Recordings
import Scenarios

/// The waits of a session between a failure and the next attempt.
struct BackoffWait {
    /// What a backoff counts from.
    enum Origin: String, CaseIterable { case failure, start }

    var name: RunView.SessionName
    var life: Int
    /// Of the session, from 0.
    var ordinal: Int
    /// How many failures in a row came before it, 1 or more.
    var step: Int
    /// The failure (or the start of the attempt that failed), and the attempt that ended the wait.
    var begin: Moment
    var end: Moment
    /// What ended it and what it was, as evidence words it.
    var text: String
    var length: Duration
    /// The wait before it in its series.
    var previous: Duration?
    var announced: Duration?
    /// How long the connection had stood whose loss began the wait.
    var stood: Duration?
    /// The connection had stood, but not for long enough to end the series.
    var isAfterShort: Bool
}

/// All waits of an actor's sessions.
struct BackoffWaits {
    private(set) var waits: [BackoffWait] = []
    /// Waits whose beginning nobody can know.
    private(set) var unknown = 0
    private(set) var noise = Duration.zero
    let sessions: Int

    struct Rules {
        /// How long a connection must have stood to end a series of failures.
        var resetAfter: Duration
        var origin: BackoffWait.Origin
        /// So many waits at the beginning of each series are no part of the backoff.
        var skip: Int
    }

    init(_ run: RunView, of actor: String, _ rules: Rules) {
        let histories = AttemptHistory.all(run, of: actor)
        sessions = histories.count
        let pauses = Self.pauses(run, actor)
        for history in histories {
            noise = max(noise, history.noise)
            add(history, rules, pauses)
        }
    }

    private mutating func add(_ history: AttemptHistory, _ rules: Rules, _ pauses: [ClosedRange<Timestamp>]) {
        var failures = 0
        var before: Duration?
        var ordinal = 0
        for (attempt, next) in zip(history.attempts, history.attempts.dropFirst()) {
            guard attempt.life == next.life else {
                (failures, before) = (0, nil)
                continue
            }
            let isHealthy = attempt.up != nil && attempt.stood.map { $0 >= rules.resetAfter } ?? true
            failures = isHealthy ? 1 : failures + 1
            if isHealthy { before = nil }
            // A connection that stood ends a wait's series whatever the wait is counted from: there is no start to it.
            let origin = rules.origin == .start && attempt.up == nil ? attempt.start : attempt.end
            guard let begin = origin else {
                (unknown, before) = (unknown + 1, nil)
                continue
            }
            let length = next.start.time - begin.time
            let isPaused = pauses.contains { $0.overlaps(begin.time...max(begin.time, next.start.time)) }
            guard attempt.refusal?.retryAfter == nil, !isPaused, length >= .zero, failures > rules.skip else {
                before = nil
                continue
            }
            waits.append(
                BackoffWait(
                    name: history.name, life: attempt.life, ordinal: ordinal, step: failures - rules.skip, begin: begin,
                    end: next.start, text: attempt.endText.isEmpty ? attempt.text : attempt.endText, length: length,
                    previous: before, announced: attempt.announced, stood: attempt.stood,
                    isAfterShort: attempt.up != nil && !isHealthy))
            before = length
            ordinal += 1
        }
    }

    /// When a client could not act whatever it wanted: frozen, or its machine asleep.
    private static func pauses(_ run: RunView, _ actor: String) -> [ClosedRange<Timestamp>] {
        let host = run.plan(of: actor)?.host
        return run.strikes.compactMap { strike in
            let isItsHost = if case .host(host) = strike.plan.target { true } else { false }
            guard isItsHost || strike.plan.target.actors.contains(actor), let due = strike.due else { return nil }
            return due...max(due, strike.healed?.time ?? run.stop)
        }
    }

    /// For the fit.
    var samples: [BackoffSample] {
        var processes: [Process: Int] = [:]
        var series = 0
        var last: BackoffWait?
        return waits.map { wait in
            let process = Process(instance: wait.name.instance, life: wait.life)
            let number = processes[process] ?? processes.count
            processes[process] = number
            // A new session, a new life, or a series that began anew.
            if last?.name != wait.name || last?.life != wait.life || (last?.step ?? 0) >= wait.step { series += 1 }
            last = wait
            return BackoffSample(
                process: number, series: series, ordinal: wait.ordinal, step: wait.step,
                seconds: wait.length.seconds, previous: wait.previous?.seconds)
        }
    }

    private struct Process: Hashable {
        var instance: Instance
        var life: Int
    }

    mutating func keep(where isKept: (BackoffWait) -> Bool) { waits.removeAll { !isKept($0) } }
}
