import Recordings
import Scenarios

/// Who is told that coming again cannot help stays away.
struct NoAttemptAfterRefusal: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-attempt-after-refusal",
        summary: "After a refusal for good a client makes no further attempt.",
        details: """
            A refusal for good is a `refused` with `fatal` true, or the state `fatal`, of the session's driver; where \
            there is one client session only, that of a server's driver too. No attempt may follow it, as long as the \
            process lives and the run goes on: new SYNs where the host's connections can only be its own, otherwise \
            the driver's `attempt`. Each refusal and each session is judged; the worst decides.

            It is void when no session was refused for good, when the run stopped sooner than `for` after it, and when \
            neither driver nor wire can tell.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "for", .duration(.seconds(1)...(.seconds(7 * 86400))), default: .duration(.seconds(60)),
                "How long after the refusal the run must have gone on to prove anything.")
        ],
        example: "{ no-attempt-after-refusal: subscriber, for: 2m }")

    private let plan: ExpectationPlan
    private let watch: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        watch = plan.duration("for") ?? .seconds(60)
    }

    func judge(_ run: RunView) -> Finding {
        let histories = AttemptHistory.all(run, of: plan.actor, preferringWire: true)
        guard !histories.isEmpty else { return plan.void(AttemptHistory.untold(plan.actor)) }
        let isAlone = histories.count == 1 && run.scenario.actors.filter { $0.role == .client }.count == 1
        let findings = histories.flatMap { history in
            let fatal = history.refusals(run, isAlone: isAlone).filter(\.refusal.isFatal)
            return fatal.prefix(1).map { judge(run, history, $0) }
        }
        return Finding.worst(findings)
            ?? plan.void("No session of \(plan.actor) was refused for good: nothing tells what it does then.")
    }

    private func judge(_ run: RunView, _ history: AttemptHistory, _ told: ToldRefusal) -> Finding {
        let later = history.attempts.filter { $0.start.time > told.refusal.moment.time && $0.life == told.life }
        let evidence = [run.evidence(told.refusal.moment, told.text)]
        if let next = later.first {
            return plan.fail(
                "\(history.name) owed no further attempt after it was refused for good; it made \(later.count), the "
                    + "first \((next.start.time - told.refusal.moment.time).lengthText) later. A client that takes "
                    + "every failure for one that passes locks accounts and fills the server's log.",
                measured: Double(later.count), bound: 0, unit: "attempts",
                evidence + later.prefix(5).map { run.evidence($0.start, "attempt: \($0.text)") })
        }
        let rest = run.stop - told.refusal.moment.time
        guard rest >= watch else {
            return plan.void(
                "The run stopped \(rest.lengthText) after \(history.name) was refused for good; it takes "
                    + "\(watch.lengthText) to see that it stays away.", evidence)
        }
        return plan.pass(
            "\(history.name) made no attempt in the \(rest.lengthText) after it was refused for good.", measured: 0,
            bound: 0, unit: "attempts", evidence)
    }
}
