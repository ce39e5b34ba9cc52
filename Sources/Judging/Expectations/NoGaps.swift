import Recordings
import Scenarios

/// Everything that a publisher sent once the client was listening has reached it by the end.
struct NoGaps: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-gaps",
        summary: "Every message sent arrives by the end, whatever struck in between.",
        details: """
            Judged for each instance of the receiver, from the drivers' words: every stream and sequence number that \
            the sender reported as sent must have been reported as received when the run stops. Owed is what was sent \
            after the receiver's first message and before the end of the timeline; the last moments are left out when \
            the run stops before a message could arrive (twice all delays of the lab and a second). Late is not \
            missing: `recovery` bounds the time.

            It is void when nothing was sent or received, and when either driver reports no sequence numbers.
            """,
        subject: .flow, parameters: [], example: "{ no-gaps: ticker -> subscriber }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        let sessions = Dictionary(grouping: flow.sessions, by: \.instance)
        let findings = run.instances(of: flow.to).map { judge(run, flow, $0, sessions[$0] ?? []) }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ flow: Flow, _ instance: Instance, _ sessions: [RunView.SessionName]) -> Finding
    {
        let received = sessions.flatMap { run.sessions[$0]?.received ?? [] }
        guard let first = received.map(\.moment.time).min() else {
            return plan.void("\(instance) reported nothing received: nothing says from when on it listened.")
        }
        let owed = owed(run, flow, from: first)
        guard !owed.isEmpty else {
            return plan.void(
                "\(flow.from) reported nothing sent while \(instance) was listening: there is no flow to judge.")
        }
        var arrived: [RunView.MessageKey: [Timestamp]] = [:]
        for message in received {
            if let key = message.key { arrived[key, default: []].append(message.moment.time) }
        }
        let missing = owed.filter { message in
            guard let key = message.key else { return false }
            return !hasArrived(message, arrived[key] ?? [], sentAgain: run.resentTimes[key] ?? [], run.underWay)
        }
        guard !missing.isEmpty else {
            return plan.pass(
                "All \(owed.count) messages that \(flow.from) sent while \(instance) was listening arrived.",
                measured: 0, bound: 0, unit: "messages", [])
        }
        return failed(
            run, flow, instance, missing, of: owed.count, last: received.max { $0.moment.time < $1.moment.time })
    }

    /// A number that was sent again is another message: what came after that is not this one.
    private func hasArrived(
        _ message: RunView.Message, _ arrivals: [Timestamp], sentAgain: [Timestamp], _ slack: Duration
    ) -> Bool {
        guard !sentAgain.isEmpty else { return !arrivals.isEmpty }
        let next = sentAgain.first { $0 > message.moment.time }
        return arrivals.contains { arrival in
            arrival + slack >= message.moment.time && next.map { arrival < $0 } ?? true
        }
    }

    private func owed(_ run: RunView, _ flow: Flow, from first: Timestamp) -> [RunView.Message] {
        let end = min(run.playEnd, run.stop + (.zero - run.underWay))
        return flow.sent.filter { $0.moment.time > first && $0.moment.time < end }
    }

    private func failed(
        _ run: RunView, _ flow: Flow, _ instance: Instance, _ missing: [RunView.Message], of owed: Int,
        last: RunView.Message?
    ) -> Finding {
        let ranges = MessageRange.ranges(missing)
        var evidence = ranges.prefix([Evidence].shownRanges).map { range in
            let sent = range.first.moment.time
            let until = range.count == 1 ? "" : " to \(run.at(range.last.moment.time))"
            return run.evidence(
                range.first.moment,
                "\(range.text(run)) sent from \(run.at(sent))\(until), never received by \(instance); sent "
                    + "\(run.context(at: sent))"
            )
        }
        if ranges.count > evidence.count, let next = ranges.dropFirst(evidence.count).first {
            evidence.append(
                run.evidence(next.first.moment, "and \(ranges.count - evidence.count) more ranges from here on"))
        }
        return plan.fail(
            "\(instance) never received \(missing.count) of the \(owed) messages that \(flow.from) sent while it "
                + "was listening, in \(ranges.count) \(ranges.count == 1 ? "range" : "ranges"); first "
                + "\(ranges[0].text(run)), sent "
                + "\(run.context(at: ranges[0].first.moment.time)). \(cause(missing, last))",
            measured: Double(missing.count), bound: 0, unit: "messages", evidence)
    }

    private func cause(_ missing: [RunView.Message], _ last: RunView.Message?) -> String {
        guard let last, let newest = missing.last, newest.moment.time > last.moment.time else {
            return "It went on with later messages: it does not ask for what it missed, or the server does not keep it "
                + "(session, queue, resume point)."
        }
        return
            "Nothing came after "
            + "\(missing.first.map { $0.moment.time > last.moment.time } ?? false ? "them" : "the last of them"): "
            + "it was not back when the run ended."
    }
}
