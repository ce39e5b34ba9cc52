import Recordings
import Scenarios

/// Who is told when to come again comes no sooner, and not at the same moment as everybody else.
struct HonoursRetryAfter: Expectation {
    static let definition = ExpectationDefinition(
        name: "honours-retry-after",
        summary: "A client that the server told when to come again comes no sooner, and spread over a time.",
        details: """
            Judged for each `refused` with `retry_after` of a session's driver (where there is one client session \
            only, of a server's driver too), to the session's next attempt: a new SYN where the host's connections can \
            only be its own, otherwise the driver's `attempt`. It may not come before the hint is over; the earliest \
            decides. With `spread`, what sessions add to their hints is compared: the middle nine tenths of it must \
            cover at least that, or all that were told the same come back in one wave. With `hint-owed` a refusal that \
            may pass and names no time fails: the server leaves its clients to guess.

            It is void when no session got a hint that it could have missed before the run stopped, when `spread` is \
            given and fewer than 20 hints were followed, and when neither driver nor wire can tell.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "spread", .duration(.milliseconds(1)...(.seconds(86400))),
                "What sessions add to their hints covers at least this. Not judged when not given."),
            Parameter(
                "hint-owed", .flag, default: .flag(false),
                "Whether the server owes a hint with every refusal that is not for good."),
        ],
        example: "{ honours-retry-after: subscriber, spread: 500ms }")

    private let plan: ExpectationPlan
    private let spread: Duration?
    static let hintsNeeded = 20

    /// One hint and what came of it.
    private struct Case {
        var name: RunView.SessionName
        var told: ToldRefusal
        var hint: Duration
        /// From the hint's end to the next attempt; negative when it came too soon, nil when it never did.
        var added: Duration?
    }

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        spread = plan.duration("spread")
    }

    func judge(_ run: RunView) -> Finding {
        let histories = AttemptHistory.all(run, of: plan.actor, preferringWire: true)
        guard !histories.isEmpty else { return plan.void(AttemptHistory.untold(plan.actor)) }
        let isAlone = histories.count == 1 && run.scenario.actors.filter { $0.role == .client }.count == 1
        let noise = histories.map(\.noise).max() ?? .zero
        if plan.flag("hint-owed") == true, let finding = withoutHint(run, histories, isAlone) { return finding }
        let cases = histories.flatMap { history in
            history.refusals(run, isAlone: isAlone).compactMap { told -> Case? in
                guard let hint = told.refusal.retryAfter else { return nil }
                let added = told.next.map { $0.start.time - (told.refusal.moment.time + hint) }
                // Whoever had no time to come again proves nothing.
                guard added != nil || told.refusal.moment.time + hint <= run.stop else { return nil }
                return Case(name: history.name, told: told, hint: hint, added: added)
            }
        }
        guard !cases.isEmpty else {
            return plan.void("No session of \(plan.actor) was told when to come again: no hint could be honoured.")
        }
        let added = cases.compactMap(\.added)
        let early = cases.filter { ($0.added ?? .zero) < .zero - noise }
        if let worst = early.min(by: { ($0.added ?? .zero) < ($1.added ?? .zero) }) {
            return tooSoon(run, worst, early.count, cases.count)
        }
        if let spread { return judgeSpread(run, cases, added, spread) }
        let first = added.min()
        let when = first.map { "the soonest came \($0.lengthText) after its hint was over" } ?? "none came again at all"
        return plan.pass(
            "\(cases.count) hints were honoured; \(when).", measured: first?.seconds, bound: 0, unit: "s",
            evidence(run, cases.prefix(4)))
    }

    private func withoutHint(_ run: RunView, _ histories: [AttemptHistory], _ isAlone: Bool) -> Finding? {
        let passing = histories.flatMap { history in
            history.refusals(run, isAlone: isAlone).filter { !$0.refusal.isFatal }.map { (history.name, $0) }
        }
        let bare = passing.filter { $0.1.refusal.retryAfter == nil }
        guard let first = bare.first else { return nil }
        return plan.fail(
            "The server owed a time to come again with every refusal that may pass; \(bare.count) of \(passing.count) "
                + "had none, the first to \(first.0). Its clients can only guess, and guess too early.",
            measured: Double(bare.count), bound: 0, unit: "refusals",
            bare.prefix(4).map { run.evidence($0.1.refusal.moment, $0.1.text) })
    }

    private func tooSoon(_ run: RunView, _ worst: Case, _ count: Int, _ all: Int) -> Finding {
        plan.fail(
            "\(worst.name) was told to come again after \(worst.hint.lengthText), and came "
                + "\((.zero - (worst.added ?? .zero)).lengthText) too soon; \(count) of \(all) hints were not "
                + "honoured. A client that only knows its own backoff keeps a server down that asked for a pause.",
            measured: (worst.added ?? .zero).seconds, bound: 0, unit: "s", evidence(run, [worst]))
    }

    private func judgeSpread(_ run: RunView, _ cases: [Case], _ added: [Duration], _ spread: Duration) -> Finding {
        guard added.count >= Self.hintsNeeded else {
            return plan.void(
                "\(added.count) hints were followed by an attempt; to see how the sessions spread takes "
                    + "\(Self.hintsNeeded - added.count) more.", evidence(run, cases.prefix(4)))
        }
        let seconds = added.map(\.seconds)
        let width = (Quantiles.quantile(0.95, of: seconds) ?? 0) - (Quantiles.quantile(0.05, of: seconds) ?? 0)
        let basis =
            "nine tenths of \(added.count) attempts lie within \(width.lengthText) of each other, counted from "
            + "the end of their hints"
        if width >= spread.seconds {
            return plan.pass(
                "\(cases.count) hints were honoured, and \(basis).", measured: width, bound: spread.seconds, unit: "s",
                evidence(run, cases.prefix(4)))
        }
        return plan.fail(
            "Sessions of \(plan.actor) owed a spread of \(spread.lengthText) after the hint; \(basis). Whoever takes "
                + "the hint for the wait, without jitter of its own, comes back with everybody that was told the same.",
            measured: width, bound: spread.seconds, unit: "s", evidence(run, cases.prefix(4)))
    }

    private func evidence(_ run: RunView, _ cases: some Sequence<Case>) -> [Evidence] {
        cases.flatMap { told in
            [run.evidence(told.told.refusal.moment, "\(told.told.text): after \(told.hint.lengthText)")]
                + (told.told.next.map { [run.evidence($0.start, "next attempt of \(told.name): \($0.text)")] } ?? [])
        }
    }
}
