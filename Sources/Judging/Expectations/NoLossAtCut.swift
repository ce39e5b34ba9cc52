import Recordings
import Scenarios

/// What was under way when a fault struck is not lost.
struct NoLossAtCut: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-loss-at-cut",
        summary: "Nothing is lost of what was sent around the moment at which a fault struck.",
        details: """
            Judged for each session of the receiver and each strike of the timeline (or of one kind of fault, with \
            `after`), from the drivers' words: every message sent within `around` before or after the strike must \
            have been received when the run stops. These are the messages that were in buffers and on the wire; \
            `no-gaps` says whether anything at all is missing, this says what each cut cost. The strike that cost \
            most decides, and all are told.

            It is void when a fault did not strike, when nothing was sent around it, or when the session had not \
            received anything before it.
            """,
        subject: .flow,
        parameters: [
            Parameter("after", .fault, "The kind of fault; every fault of the timeline when left out."),
            Parameter(
                "around", .duration(.milliseconds(1) ... .seconds(3600)), default: .duration(.seconds(10)),
                "How long before and after the strike a message was sent to count."),
        ],
        example: "{ no-loss-at-cut: ticker -> subscriber, around: 5s }")

    private let plan: ExpectationPlan
    private let fault: String?
    private let around: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after")
        around = plan.duration("around") ?? .seconds(10)
    }

    private struct Cut {
        var strike: FaultStrike
        var struck: Moment
        var owed: Range<Int>
        var missing: [Int]
    }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        let strikes = run.strikes.filter { fault == nil || $0.plan.kind == fault }
        if strikes.isEmpty { return plan.void("The timeline has no fault that could cut anything.") }
        if let idle = strikes.first(where: { $0.struck == nil || $0.hits == 0 }) {
            return plan.void("\(idle.name) did not strike: it cut nothing.")
        }
        let sendings = Sendings(run, flow)
        let findings = flow.sessions.map { judge(run, flow, sendings, strikes, $0) }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(
        _ run: RunView, _ flow: Flow, _ sendings: Sendings, _ strikes: [FaultStrike], _ name: RunView.SessionName
    ) -> Finding {
        let arrivals = Arrivals(sendings, run.sessions[name]?.received ?? [])
        guard let listened = arrivals.listened else {
            return plan.void("\(name) received nothing: nothing says from when on it listened.")
        }
        let all = sendings.owed(run, from: listened)
        var cuts: [Cut] = []
        for strike in strikes {
            guard let struck = strike.struck else { continue }
            let near = sendings.between(struck.time + (.zero - around), struck.time + around).clamped(to: all)
            guard struck.time > listened, !near.isEmpty else {
                return plan.void(
                    "\(flow.from) sent nothing that \(name) was owed within \(around.lengthText) of \(strike.name): "
                        + "there was nothing for it to cut.")
            }
            cuts.append(Cut(strike: strike, struck: struck, owed: near, missing: arrivals.missing(near)))
        }
        let torn = cuts.filter { !$0.missing.isEmpty }
        guard let worst = torn.max(by: { $0.missing.count < $1.missing.count }) else {
            let count = cuts.reduce(0) { $0 + $1.owed.count }
            return plan.pass(
                "\(name) received all \(count.counted("message")) that \(flow.from) sent within "
                    + "\(around.lengthText) of \(cuts.count.counted("strike")).",
                measured: 0, bound: 0, unit: "messages", [])
        }
        return plan.fail(
            "\(name) never received \(worst.missing.count) of the \(worst.owed.count) messages that \(flow.from) sent "
                + "within \(around.lengthText) of \(worst.strike.name): "
                + "\(text(run, sendings, worst)). \(torn.count) of \(cuts.count.counted("strike")) cost messages. "
                + "Usually they were written to a connection that was dead already, and nobody kept them until they "
                + "were acknowledged.",
            measured: Double(worst.missing.count), bound: 0, unit: "messages",
            torn.prefix([Evidence].shownRanges).map { cut in
                run.evidence(cut.struck, "\(cut.strike.name) struck; missing: \(text(run, sendings, cut))")
            })
    }

    /// `ticks 599...602 (4 messages), 1 s before to 2 s after it`.
    private func text(_ run: RunView, _ sendings: Sendings, _ cut: Cut) -> String {
        let ranges = MessageRange.ranges(cut.missing.map { sendings.sent[$0] })
        let shown = ranges.prefix(4).map { range in
            let start = place(range.first.moment.time - cut.struck.time)
            let end = range.count == 1 ? "" : " to \(place(range.last.moment.time - cut.struck.time))"
            return "\(range.text(run)), sent \(start)\(end) it"
        }
        let more = ranges.count > shown.count ? " and \(ranges.count - shown.count) more ranges" : ""
        return shown.joined(separator: "; ") + more
    }

    private func place(_ offset: Duration) -> String {
        offset < .zero ? "\((.zero - offset).lengthText) before" : "\(offset.lengthText) after"
    }
}
