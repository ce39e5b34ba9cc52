import Recordings
import Scenarios

/// Messages are handed to the user in the order in which they were sent.
struct Order: Expectation {
    static let definition = ExpectationDefinition(
        name: "order",
        summary: "Messages arrive in the order in which they were sent.",
        details: """
            Judged for each session of the receiver and each stream, from the drivers' words: no message is received \
            for the first time after one that was sent later. What is missing is the business of `no-gaps`, what \
            comes twice that of `no-duplicates`. Measured is how many messages came after a later one.

            It is void when nothing was sent or received, when either driver reports no sequence numbers, and when \
            fewer than two messages of the sender came.
            """,
        subject: .flow, parameters: [], example: "{ order: ticker -> subscriber }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        let sendings = Sendings(run, flow)
        let findings = flow.sessions.map { judge(run, flow, sendings, $0) }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ flow: Flow, _ sendings: Sendings, _ name: RunView.SessionName) -> Finding {
        let arrivals = Arrivals(sendings, run.sessions[name]?.received ?? [])
        var highest: [Int: Int] = [:]
        var late: [(place: Int, after: Int)] = []
        for place in arrivals.order {
            let stream = sendings.sent[place].stream
            if let before = highest[stream], before > place { late.append((place, before)) }
            highest[stream] = max(highest[stream] ?? place, place)
        }
        guard arrivals.order.count > 1 else {
            return plan.void("\(name) received fewer than two messages of \(flow.from): there is no order to judge.")
        }
        guard let first = late.first, let received = arrivals.first[first.place] else {
            return plan.pass(
                "All \(arrivals.order.count) messages that \(name) received came in the order in which they were sent.",
                measured: 0, bound: 0, unit: "messages", [])
        }
        let evidence = late.prefix([Evidence].shownRanges).compactMap { late -> Evidence? in
            guard let moment = arrivals.first[late.place], let before = arrivals.first[late.after] else { return nil }
            let (message, later) = (sendings.sent[late.place], sendings.sent[late.after])
            return run.evidence(
                moment,
                "\(run.text(of: message)), sent at \(run.at(message.moment.time)), received by \(name); "
                    + "\(run.text(of: later)), sent at \(run.at(later.moment.time)), was there since "
                    + "\(run.at(before.time)) (line \(before.line))")
        }
        return plan.fail(
            "\(name) received \(late.count) of \(arrivals.order.count) messages after later ones; first "
                + "\(run.text(of: sendings.sent[first.place])) after \(run.text(of: sendings.sent[first.after])) at "
                + "\(run.at(received.time)), \(run.context(at: received.time)). Usually what is new is handed up "
                + "before the backlog of a resume is, or two connections deliver at once.",
            measured: Double(late.count), bound: 0, unit: "messages", evidence)
    }
}
