import Recordings
import Scenarios

/// A client neither hammers nor sleeps.
struct AttemptSpacing: Expectation {
    static let definition = ExpectationDefinition(
        name: "attempt-spacing",
        summary: "Attempts to connect are no closer to each other, and no further apart, than allowed.",
        details: """
            Judged for each session, on the wire where its connections can only be its own (whatever a driver says, \
            that is what left the host), otherwise by its driver's `attempt`. `min` holds between the starts of two \
            attempts. `max` holds from the failure of an attempt, or the loss of a connection, to the next attempt; \
            from its start where nobody can know when it failed. Waiting for longer than `max` when the timeline ends \
            is a failure too. After a refusal for good nothing more is owed. The worst decides.

            With `initial` the time between the starts of two attempts must follow a schedule, as gRPC's interop test \
            demands it: the nth of a series is min(cap, initial x factor^(n-1)), up to `spread` of it shorter or \
            longer, and `slack` more either way. A series begins with the first attempt after a strike of `during` \
            and ends with that fault; without `during` it begins behind each connection that worked. Unlike `backoff`, \
            which tells the class of a jitter and takes hundreds of waits for it, this judges each wait by itself.

            It is void when no attempt failed and no connection was lost, when a schedule has fewer than `waits` to \
            show, and when neither driver nor wire can tell.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "min", .duration(.zero...(.seconds(86400))), default: .duration(.zero),
                "Shortest time between the starts of two attempts."),
            Parameter(
                "max", .duration(.milliseconds(1)...(.seconds(7 * 86400))),
                "Longest time from a failure to the next attempt. Not judged when not given."),
            Parameter(
                "initial", .duration(.milliseconds(1)...(.seconds(86400))),
                "First time between two attempts of a schedule. No schedule is judged when not given."),
            Parameter("factor", .number(1...100), "What each attempt multiplies it by; the default is 2."),
            Parameter("cap", .duration(.milliseconds(1)...(.seconds(7 * 86400))), "It grows no longer than this."),
            Parameter("spread", .fraction(0...1), default: .fraction(0), "How much shorter or longer, for jitter."),
            Parameter(
                "slack", .duration(.zero...(.seconds(60))), default: .duration(.zero),
                "How much more to either side, for the way."),
            Parameter("during", .fault, "The kind of fault that makes the attempts of a schedule fail."),
            Parameter("waits", .count(1...1000), default: .count(3), "How many a schedule must have to be judged."),
        ],
        example: "{ attempt-spacing: subscriber, min: 50ms, max: 25s }")

    private let plan: ExpectationPlan
    private let least: Duration
    private let most: Duration?
    private let schedule: AttemptSchedule?

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        least = plan.duration("min") ?? .zero
        most = plan.duration("max")
        schedule = AttemptSchedule(plan)
    }

    func judge(_ run: RunView) -> Finding {
        let histories = AttemptHistory.all(run, of: plan.actor, preferringWire: true)
        guard !histories.isEmpty else { return plan.void(AttemptHistory.untold(plan.actor)) }
        let findings = histories.compactMap { judge(run, $0) }
        return Finding.worst(findings)
            ?? plan.void("No attempt of \(plan.actor) failed and no connection was lost: it had nothing to space.")
    }

    /// Nil when the session never had to try again.
    private func judge(_ run: RunView, _ history: AttemptHistory) -> Finding? {
        var shortest: (gap: Duration, next: Attempt)?
        var longest: (gap: Duration, from: Attempt, until: Moment?)?
        for (attempt, next) in zip(history.attempts, history.attempts.dropFirst()) where attempt.life == next.life {
            let spacing = next.start.time - attempt.start.time
            if spacing < shortest?.gap ?? spacing + .seconds(1) { shortest = (spacing, next) }
            let wait = next.start.time - (attempt.end ?? attempt.start).time
            if attempt.up == nil || attempt.end != nil, wait > longest?.gap ?? .zero {
                longest = (wait, attempt, next.start)
            }
        }
        if let last = history.attempts.last, let end = last.end, last.refusal?.isFatal != true {
            let wait = run.playEnd - end.time
            if let most, wait > most, wait > longest?.gap ?? .zero { longest = (wait, last, nil) }
        }
        guard shortest != nil || longest != nil else { return nil }
        if let shortest, shortest.gap < least { return tooClose(run, history, shortest.gap, shortest.next) }
        if let most, let longest, longest.gap > most { return tooFar(run, history, longest, most) }
        if let schedule { return schedule.judge(run, history) }
        guard let shortest else { return nil }
        let further = longest.map { ", and waited \($0.gap.lengthText) at most" } ?? ""
        return plan.pass(
            "\(history.name) made \(history.attempts.count) attempts, no two closer than \(shortest.gap.lengthText)"
                + "\(further).", measured: (most == nil ? shortest.gap : longest?.gap ?? .zero).seconds,
            bound: (most ?? least).seconds, unit: "s",
            [run.evidence(shortest.next.start, "the attempt closest to the one before: \(shortest.next.text)")])
    }

    private func tooClose(_ run: RunView, _ history: AttemptHistory, _ gap: Duration, _ next: Attempt) -> Finding {
        let starts = history.attempts.map(\.start.time)
        let close = zip(starts, starts.dropFirst()).filter { $1 - $0 < least }.count
        let place = history.attempts.firstIndex { $0.start == next.start } ?? 0
        let around = history.attempts[max(0, place - 2)..<min(history.attempts.count, place + 4)]
        return plan.fail(
            "\(history.name) owed at least \(least.lengthText) between attempts; two were \(gap.lengthText) apart "
                + "\(run.context(at: next.start.time)), and \(close) of \(max(starts.count - 1, 0)) were too close. "
                + "No wait, or one that is reset by the mere start of a connection.",
            measured: gap.seconds, bound: least.seconds, unit: "s",
            around.map { run.evidence($0.start, "attempt: \($0.text)") })
    }

    private func tooFar(
        _ run: RunView, _ history: AttemptHistory, _ longest: (gap: Duration, from: Attempt, until: Moment?),
        _ most: Duration
    ) -> Finding {
        let from = longest.from.end ?? longest.from.start
        let how = longest.from.endText.isEmpty ? longest.from.text : longest.from.endText
        let what = longest.until == nil ? "did not try again until the end, for" : "tried again only after"
        return plan.fail(
            "\(history.name) owed an attempt within \(most.lengthText) of a failure; it \(what) "
                + "\(longest.gap.lengthText) \(run.context(at: from.time)). A backoff without a cap, or a client that "
                + "gave up.",
            measured: longest.gap.seconds, bound: most.seconds, unit: "s",
            [run.evidence(from, "failed: \(how)")]
                + (longest.until.map { [run.evidence($0, "the next attempt")] } ?? []))
    }
}
