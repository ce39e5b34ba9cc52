import Recordings
import Scenarios

/// Once a client is back it soon has what it missed.
struct CatchUp: Expectation {
    static let definition = ExpectationDefinition(
        name: "catch-up",
        summary: "After a fault the backlog is drained within a time of the client's being back.",
        details: """
            Judged for each session of the receiver and each strike of the fault. The backlog is what the sender \
            reported as sent and the session had not received when its connection came up again after the heal (or \
            the strike of a moment); a connection that survived is back at the heal. Measured is the time from there \
            to the receipt of the last message of the backlog. `recovery` bounds the time until it is back, \
            `no-gaps` says what never came; here too a backlog that is not complete fails.

            It is void when the fault did not strike, when the client was not back at all, when there was no backlog, \
            and when another fault or the end came before the time allowed was over.
            """,
        subject: .flow,
        parameters: [
            Parameter("after", .fault, required: true, "The kind of fault that made the backlog."),
            Parameter(
                "within", .duration(.milliseconds(1) ... .seconds(7 * 86_400)), required: true,
                "Longest time from being back to the last message of the backlog."),
        ],
        example: "{ catch-up: ticker -> subscriber, after: blackhole, within: 2s }")

    private let plan: ExpectationPlan
    private let fault: String
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? ""
        within = plan.duration("within") ?? .zero
    }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        let strikes = run.strikes.filter { $0.plan.kind == fault }
        let sendings = Sendings(run, flow)
        let findings = flow.sessions.flatMap { name -> [Finding] in
            let arrivals = Arrivals(sendings, run.sessions[name]?.received ?? [])
            let signs = ClientSigns(run, name)
            return strikes.map { judge(run, sendings, arrivals, $0, signs) }
        }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(
        _ run: RunView, _ sendings: Sendings, _ arrivals: Arrivals, _ strike: FaultStrike, _ signs: ClientSigns
    ) -> Finding {
        guard strike.hits > 0, let trace = RecoveryTrace(run, strike, signs) else {
            return plan.void("\(strike.name) did not strike, or what it took away never came back.")
        }
        if trace.detected != nil, trace.connected == nil {
            return plan.void("\(trace.name) was not back after \(strike.name): `recovery` is about that.")
        }
        let up = trace.connected?.moment ?? trace.owedFrom
        let back = up.time < trace.owedFrom.time ? trace.owedFrom : up
        guard let listened = arrivals.listened, listened < trace.struck.time else {
            return plan.void("\(trace.name) had received nothing before \(strike.name).")
        }
        // What was sent before the strike belongs to it when it was still under way.
        let sent = sendings.between(max(listened, trace.struck.time + (.zero - run.underWay)), back.time)
        let backlog = sent.filter { arrivals.first[$0].map { $0.time >= back.time } ?? true }
        guard let first = backlog.first, let last = backlog.last else {
            return plan.void("\(trace.name) had missed nothing when it was back after \(strike.name).")
        }
        let text =
            "\(backlog.count.counted("message")), from \(run.text(of: sendings.sent[first])) to "
            + run.text(of: sendings.sent[last])
        let evidence = [
            run.evidence(trace.struck, "\(strike.name) struck \(trace.name)"),
            run.evidence(back, "\(trace.name) was back; it had missed \(text)"),
        ]
        let missing = backlog.filter { arrivals.first[$0] == nil }
        let due = back.time + within
        guard missing.isEmpty, let latest = backlog.compactMap({ arrivals.first[$0] }).max(by: { $0.time < $1.time })
        else { return incomplete(run, sendings, trace, missing, of: backlog.count, back: back, evidence) }
        let taken = latest.time - back.time
        let all = evidence + [run.evidence(latest, "the last of them was received")]
        if taken <= within {
            return plan.pass(
                "\(trace.name) had its backlog of \(text) \(taken.lengthText) after it was back.",
                measured: taken.seconds, bound: within.seconds, unit: "s", all)
        }
        if let next = struckAgain(run, trace, before: due) { return plan.void(next, all) }
        return plan.fail(
            "\(trace.name) had its backlog of \(text) only \(taken.lengthText) after it was back; "
                + "\(within.lengthText) were allowed. Usually the backlog is asked for page by page, or "
                + "waits for the first new message.",
            measured: taken.seconds, bound: within.seconds, unit: "s", all)
    }

    private func incomplete(
        _ run: RunView, _ sendings: Sendings, _ trace: RecoveryTrace, _ missing: [Int], of count: Int, back: Moment,
        _ evidence: [Evidence]
    ) -> Finding {
        let due = back.time + within
        if let next = struckAgain(run, trace, before: due) { return plan.void(next, evidence) }
        let waited = run.stop - back.time
        guard run.stop >= due else {
            return plan.void(
                "The run ended \(waited.lengthText) after \(trace.name) was back, before the \(within.lengthText) "
                    + "allowed were over.", evidence)
        }
        let ranges = [Evidence].ranges(run, missing.map { sendings.sent[$0] }) { range in
            "\(range.text(run)) sent from \(run.at(range.first.moment.time)), never received by \(trace.name)"
        }
        return plan.fail(
            "\(trace.name) was back after \(trace.strike.name) at \(run.at(back.time)) and never had "
                + "\(missing.count) of the \(count.counted("message")) that it had missed. Usually it does not ask for "
                + "them, or the server did not keep them.",
            measured: waited.seconds, bound: within.seconds, unit: "s",
            (evidence + ranges).sorted { ($0.at, $0.line) < ($1.at, $1.line) })
    }

    private func struckAgain(_ run: RunView, _ trace: RecoveryTrace, before due: Timestamp) -> String? {
        run.strikes.first { other in
            other.plan.index != trace.strike.plan.index
                && other.struck.map { $0.time > trace.owedFrom.time && $0.time < due } ?? false
        }
        .map { "\($0.name) struck before the \(within.lengthText) that \(trace.name) had to catch up were over." }
    }
}
