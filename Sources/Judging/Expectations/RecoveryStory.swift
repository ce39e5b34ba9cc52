import Recordings
import Scenarios

/// A recovery, or the lack of it, in words: what was owed, what happened, when, what usually causes it.
struct RecoveryStory {
    private let run: RunView
    private let trace: RecoveryTrace
    private let within: Duration

    init(_ run: RunView, _ trace: RecoveryTrace, within: Duration) {
        self.run = run
        self.trace = trace
        self.within = within
    }

    var origin: String {
        let strike = trace.strike
        if trace.owedFrom == trace.struck { return "\(strike.name) struck" }
        return strike.plan.until == nil ? "\(strike.name) was over" : "\(strike.name) healed"
    }

    func passed(_ total: Duration) -> String {
        let start = "\(trace.name) had a new message \(total.lengthText) after \(origin)"
        guard trace.detected != nil else { return start + "; its connection survived." }
        return start + stages + "."
    }

    private var stages: String {
        let named: [(String, Duration?)] = [
            ("detected after", trace.detect), ("tried after another", trace.attempt),
            ("connected after", trace.connect), ("first new message after another", trace.message),
        ]
        let known = named.compactMap { name, duration in duration.map { "\(name) \($0.lengthText)" } }
        return known.isEmpty ? "" : " (" + known.joined(separator: ", ") + ")"
    }

    func failed() -> String {
        let owed =
            "\(trace.name) owed a new message within \(within.lengthText) after \(origin) at "
            + "\(run.at(trace.owedFrom.time))"
        guard let total = trace.total else {
            return "\(owed); none came in the \((run.stop - trace.owedFrom.time).lengthText) to the end. \(cause)"
        }
        return "\(owed); it came \(total.lengthText) after\(stages). \(cause)"
    }

    /// What such a course usually means.
    private var cause: String {
        guard trace.detected != nil else {
            return trace.total == nil
                ? "It never noticed: no heartbeat or read timeout told it that its connection was dead."
                : "It kept its connection and heard nothing until TCP sent again, which it does ever more seldom, "
                    + "at last every two minutes: with a heartbeat it would have noticed and made a new connection."
        }
        guard let firstAttempt = trace.attempts.first else {
            return "It noticed and never tried to connect again: it gave up, or its reconnection is not switched on."
        }
        if let waited { return waited }
        if let detect = trace.detect, trace.total.map({ detect > $0 / 2 }) ?? false, trace.owedFrom == trace.struck {
            return "It noticed late, after \(detect.lengthText): a shorter heartbeat or read timeout finds a dead "
                + "connection sooner."
        }
        if trace.ups.isEmpty {
            let times = trace.attempts.count == 1 ? "once" : "\(trace.attempts.count) times"
            return "It tried \(times), from \(run.at(firstAttempt.moment.time)) on, and no connection came up."
        }
        if trace.ups.count > 1 {
            return "It connected \(trace.ups.count) times, and all but perhaps the last of these connections were lost "
                + "before a message came."
        }
        return trace.total == nil
            ? "It connected again and got nothing new: it did not subscribe or resume after connecting."
            : "The stages say where the time went."
    }

    /// For a client that was between two attempts when it could have connected.
    private var waited: String? {
        guard let waiting = trace.waitingWhenOwed else { return nil }
        let last = run.at(waiting.last.moment.time)
        guard let next = waiting.next?.moment.time else {
            return "Its last attempt was at \(last), before it could succeed: it gave up, or waits longer than the run."
        }
        guard let up = trace.connected?.moment.time, up >= next, next - trace.owedFrom.time > within / 2 else {
            return nil
        }
        return "It was waiting when the path was back: attempts at \(last) and at \(run.at(next)), "
            + "\((next - waiting.last.moment.time).lengthText) apart. Its backoff has grown beyond the time that "
            + "its users can wait."
    }

    /// Oldest first.
    var evidence: [Evidence] {
        var lines = [run.evidence(trace.struck, "\(trace.strike.name) struck \(trace.name)")]
        if trace.owedFrom != trace.struck { lines.append(run.evidence(trace.owedFrom, origin)) }
        if let sign = trace.detected {
            lines.append(run.evidence(sign.moment, "first sign that it knew: \(sign.text)"))
        }
        let attempts = shownAttempts
        for (place, attempt) in attempts.enumerated() {
            let gap = place == 0 ? "" : ", \((attempt.moment.time - attempts[place - 1].moment.time).lengthText) later"
            lines.append(run.evidence(attempt.moment, "attempt: \(attempt.text)\(gap)"))
        }
        for sign in trace.ups.suffix(4) { lines.append(run.evidence(sign.moment, "connection up: \(sign.text)")) }
        if let sign = trace.authenticating, let end = trace.authenticated {
            lines.append(run.evidence(sign.moment, "login begins: \(sign.text)"))
            if !trace.ups.contains(where: { $0.moment == end.moment }) {
                lines.append(run.evidence(end.moment, "logged in: \(end.text)"))
            }
        }
        if let resumed = trace.resumed {
            let word = resumed.isHonoured ? "resumed" : "resumed, not honoured"
            lines.append(run.evidence(resumed.moment, "its driver said \(word)"))
        }
        if case .recovered(let sign) = trace.outcome {
            lines.append(run.evidence(sign.moment, "first new message: \(sign.text)"))
        }
        return lines.enumerated().sorted {
            ($0.element.at, $0.element.line, $0.offset) < ($1.element.at, $1.element.line, $1.offset)
        }
        .map(\.element)
    }

    /// Around the moment that liveness is owed: the last few before it, which show the backoff, and the first few
    /// after.
    private var shownAttempts: [ClientSigns.Sign] {
        let until = { if case .recovered(let sign) = trace.outcome { sign.moment.time } else { run.stop } }()
        let before = trace.attempts.filter { $0.moment.time < trace.owedFrom.time }.suffix(4)
        let after = trace.attempts.filter { $0.moment.time >= trace.owedFrom.time && $0.moment.time <= until }.prefix(4)
        return Array(before) + Array(after)
    }
}
