import Recordings
import Scenarios

/// Messages arrive soon enough after they were sent.
struct Latency: Expectation {
    static let definition = ExpectationDefinition(
        name: "latency",
        summary: "A share of all messages arrives within a time after being sent.",
        details: """
            Judged for each session of the receiver, from the drivers' words: the time from a message's `sent` to its \
            first `received`, of messages sent in play. Of these the quantile is taken by nearest rank: with \
            `quantile: 99%` at least 99 % of them were that fast or faster. Messages that never came have no latency: \
            `no-gaps` is about them. `class` chooses messages of one class. `during` chooses messages sent while a \
            fault of that kind was on, `outside` leaves those out and what was under way as it struck; `margin` lets a \
            fault count as on for a while after its end.

            It is void when nothing was sent or received then, when either driver reports no sequence numbers, and \
            when a session has fewer messages than the quantile needs to be another than the largest (100 for 99 %).
            """,
        subject: .flow,
        parameters: [
            Parameter(
                "within", .duration(.microseconds(1) ... .seconds(7 * 86_400)), required: true,
                "Longest time from sent to received."),
            Parameter(
                "quantile", .fraction(0.01...1), default: .fraction(0.99),
                "The share of messages that must be so fast; 100% for every one."),
            Parameter("class", .text, "Only messages of this class."),
        ] + FaultScope.parameters,
        example: "{ latency: ticker -> subscriber, quantile: 99%, within: 250ms }")

    private let plan: ExpectationPlan
    private let within: Duration
    private let share: Double
    private let importance: String?
    private let scope: FaultScope

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        within = plan.duration("within") ?? .zero
        share = plan.parameters["quantile"]?.fraction ?? 0.99
        importance = plan.text("class")
        scope = FaultScope(plan)
    }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        let sendings = Sendings(run, flow)
        let isIn = scope.filter(run)
        let counts = sendings.sent.map { message in
            isIn(message.moment.time) && importance.map { run.report(at: message.moment)?.importance == $0 } ?? true
        }
        let findings = flow.sessions.map { judge(run, sendings, counts, $0) }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ sendings: Sendings, _ counts: [Bool], _ name: RunView.SessionName) -> Finding {
        let arrivals = Arrivals(sendings, run.sessions[name]?.received ?? [])
        let times = arrivals.order.filter { counts[$0] }.compactMap { place in
            // Who speaks after it has sent may be read later than who received.
            arrivals.first[place].map { (max(.zero, $0.time - sendings.sent[place].moment.time), place) }
        }
        .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        let which = importance.map { "messages of class \($0)" } ?? "messages"
        let least = NearestRank.leastCount(share)
        guard times.count >= least, let quantile = NearestRank.of(share, sorted: times), let slowest = times.last else {
            return plan.void(
                "\(name) received \(times.count) \(which) sent\(scope.text); \(least) are the least of which "
                    + "\(Units.text(fraction: share)) can be told from all.")
        }
        let median = NearestRank.of(0.5, sorted: times)?.0 ?? quantile.0
        let summary =
            "\(Units.text(fraction: share)) of the \(times.count) \(which) that \(name) received, sent\(scope.text), "
            + "came within \(quantile.0.lengthText) (half within \(median.lengthText), the slowest took "
            + "\(slowest.0.lengthText))"
        let evidence = times.filter { $0.0 > within }.suffix(8).reversed().compactMap { late in
            arrivals.first[late.1].map { (late, $0) }
        }
        let lines = evidence.map { late, moment in
            run.evidence(
                moment,
                "\(run.text(of: sendings.sent[late.1])) received \(late.0.lengthText) after it was sent, "
                    + run.context(at: moment.time))
        }
        .sorted { ($0.at, $0.line) < ($1.at, $1.line) }
        if quantile.0 <= within {
            return plan.pass(
                summary + ".", measured: quantile.0.seconds, bound: within.seconds, unit: "s", lines)
        }
        let late = times.count { $0.0 > within }
        return plan.fail(
            "\(summary); \(within.lengthText) were allowed, and \(late) took longer. Usually a queue that has grown, "
                + "or a segment that TCP had to send again.",
            measured: quantile.0.seconds, bound: within.seconds, unit: "s", lines)
    }
}
