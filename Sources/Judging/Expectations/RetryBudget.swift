import Recordings
import Scenarios

/// Attempts are rationed.
struct RetryBudget: Expectation {
    static let definition = ExpectationDefinition(
        name: "retry-budget",
        summary: "A client makes no more attempts than allowed, in any stretch of time or in any series of failures.",
        details: """
            Judged for each session, on the wire where its connections can only be its own, otherwise by its driver's \
            `attempt`. With `within`, the most attempts in any such stretch of time. Without it, the attempts of each \
            series of failures: from the first after a connection was lost, or after the start, to the one that \
            worked, which counts too. The worst decides.

            It is void when no attempt failed and no connection was lost, when the run ended before it had played for \
            `within`, and when neither driver nor wire can tell.
            """,
        subject: .client,
        parameters: [
            Parameter("most", .count(1...1_000_000), required: true, "How many attempts are allowed."),
            Parameter(
                "within", .duration(.milliseconds(1)...(.seconds(7 * 86400))),
                "In any stretch of this length; in each series of failures when not given."),
        ],
        example: "{ retry-budget: subscriber, most: 20, within: 1m }")

    private let plan: ExpectationPlan
    private let most: Int
    private let within: Duration?

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        most = plan.count("most") ?? 1
        within = plan.duration("within")
    }

    func judge(_ run: RunView) -> Finding {
        let histories = AttemptHistory.all(run, of: plan.actor, preferringWire: true)
        guard !histories.isEmpty else { return plan.void(AttemptHistory.untold(plan.actor)) }
        if let within, let play = run.play, run.playEnd - play < within {
            return plan.void("The run played for less than \(within.lengthText): nothing says what a client does then.")
        }
        let findings = histories.compactMap { judge(run, $0) }
        return Finding.worst(findings)
            ?? plan.void("No attempt of \(plan.actor) failed and no connection was lost: it had nothing to try again.")
    }

    /// Nil when the session never had to try again.
    private func judge(_ run: RunView, _ history: AttemptHistory) -> Finding? {
        let fails = history.attempts.contains { $0.up == nil || $0.end != nil }
        guard fails, let worst = within.map({ fullest(history.attempts, $0) }) ?? longest(history.attempts) else {
            return nil
        }
        let count = worst.count
        let stretch = within.map { "in \($0.lengthText)" } ?? "in a row"
        let evidence = (worst.prefix(5) + worst.dropFirst(5).suffix(2)).map {
            run.evidence($0.start, "attempt: \($0.text)")
        }
        if count <= most {
            return plan.pass(
                "\(history.name) made \(count) attempts \(stretch) at most.", measured: Double(count),
                bound: Double(most), unit: "attempts", Array(evidence.prefix(4)))
        }
        let when = run.context(at: worst.first?.start.time ?? run.stop)
        return plan.fail(
            "\(history.name) owed at most \(most) attempts \(stretch); it made \(count) \(when).",
            measured: Double(count), bound: Double(most), unit: "attempts", evidence)
    }

    /// The most attempts that began within so long of each other.
    private func fullest(_ attempts: [Attempt], _ length: Duration) -> ArraySlice<Attempt>? {
        var (best, first) = (attempts[..<0], 0)
        for last in attempts.indices {
            while attempts[last].start.time - attempts[first].start.time >= length { first += 1 }
            if last - first + 1 > best.count { best = attempts[first...last] }
        }
        return best.isEmpty ? nil : best
    }

    /// The longest series that began with a loss or a start; one that worked at once is none.
    private func longest(_ attempts: [Attempt]) -> ArraySlice<Attempt>? {
        var (best, first) = (attempts[..<0], 0)
        for place in attempts.indices {
            if place > 0, attempts[place - 1].up != nil || attempts[place - 1].life != attempts[place].life {
                first = place
            }
            let isTry = place > first || attempts[place].up == nil || place > 0
            if isTry, place - first + 1 > best.count { best = attempts[first...place] }
        }
        return best.isEmpty ? nil : best
    }
}
