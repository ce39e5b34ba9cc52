import Recordings
import Scenarios

/// No message is handed to the user twice.
struct NoDuplicates: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-duplicates",
        summary: "No message is received twice.",
        details: """
            Judged for each session of the receiver: no stream and sequence number that the sender sent once is \
            reported as received more than once. What the sender itself reported as sent several times may come as \
            often.

            It is void when nothing was sent or received, and when either driver reports no sequence numbers.
            """,
        subject: .flow, parameters: [], example: "{ no-duplicates: ticker -> subscriber }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    private struct Repetition {
        var message: RunView.Message
        var earlier: Moment
    }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        var timesSent: [RunView.MessageKey: Int] = [:]
        for message in flow.sent {
            guard let key = message.key else { continue }
            timesSent[key, default: 0] += 1
        }
        let findings = run.workers.map(flow.sessions) { judge(run, flow, $0, timesSent) }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(
        _ run: RunView, _ flow: Flow, _ name: RunView.SessionName, _ timesSent: [RunView.MessageKey: Int]
    ) -> Finding {
        var seen: [RunView.MessageKey: (first: Moment, times: Int)] = [:]
        var repetitions: [Repetition] = []
        var judged = 0
        for message in run.sessions[name]?.received ?? [] {
            guard let key = message.key, let sent = timesSent[key] else { continue }
            judged += 1
            let before = seen[key] ?? (message.moment, 0)
            seen[key] = (before.first, before.times + 1)
            if before.times >= sent { repetitions.append(Repetition(message: message, earlier: before.first)) }
        }
        guard judged > 0 else {
            return plan.void("\(name) reported nothing received of what \(flow.from) sent: there is no flow to judge.")
        }
        guard !repetitions.isEmpty else {
            return plan.pass(
                "None of the \(judged) messages that \(name) received came twice.", measured: 0, bound: 0,
                unit: "messages", [])
        }
        return failed(run, name, repetitions, of: judged)
    }

    private func failed(_ run: RunView, _ name: RunView.SessionName, _ repetitions: [Repetition], of judged: Int)
        -> Finding
    {
        let earlier = Dictionary(
            repetitions.map { ($0.message.moment.line, $0.earlier) }, uniquingKeysWith: { first, _ in first })
        let ranges = MessageRange.ranges(repetitions.map(\.message))
        var evidence: [Evidence] = []
        for range in ranges.prefix([Evidence].shownRanges) {
            guard let first = earlier[range.first.moment.line] else { continue }
            evidence.append(
                run.evidence(
                    range.first.moment,
                    "\(range.text(run)) received again by \(name) at \(run.at(range.first.moment.time)); first "
                        + "received at \(run.at(first.time)) (line \(first.line)); "
                        + "\(run.context(at: range.first.moment.time))"))
        }
        if ranges.count > evidence.count, let next = ranges.dropFirst(evidence.count).first {
            evidence.append(
                run.evidence(next.first.moment, "and \(ranges.count - evidence.count) more ranges from here on"))
        }
        return plan.fail(
            "\(name) received \(repetitions.count) of \(judged) messages again, in \(ranges.count) "
                + "\(ranges.count == 1 ? "range" : "ranges"); first \(ranges[0].text(run)) at "
                + "\(run.at(ranges[0].first.moment.time)), \(run.context(at: ranges[0].first.moment.time)). "
                + "Usually a resume point that is one behind, or a delivery repeated because its acknowledgement "
                + "was lost.",
            measured: Double(repetitions.count), bound: 0, unit: "messages", evidence)
    }
}
