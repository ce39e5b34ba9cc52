import Recordings
import Scenarios

/// Under a fault such as overload at least a share of all sessions is served.
struct Served: Expectation {
    static let definition = ExpectationDefinition(
        name: "served",
        summary: "At least a share of all sessions is served while a fault is on.",
        details: """
            Judged for each strike of the fault, over all instances and sessions of the client, from the strike to \
            the heal and `margin` more. A session is served when its driver reports a message received or an answer \
            that is ok in that time; where a driver never reports either, when it says connected. Measured is the \
            share of sessions served. Without a margin, a moment gives nobody the time to be served.

            It is void when the fault did not strike, and when no session said anything before it.
            """,
        subject: .client,
        parameters: [
            Parameter("during", .fault, required: true, "The kind of fault."),
            Parameter("share", .fraction(0.01...1), required: true, "The least share of sessions that is served."),
            Parameter(
                "margin", .duration(.zero ... .seconds(86_400)), default: .duration(.zero),
                "How much longer than the fault."),
        ],
        example: "{ served: subscriber, during: blackhole, share: 50%, margin: 30s }")

    private let plan: ExpectationPlan
    private let fault: String
    private let share: Double
    private let margin: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("during") ?? ""
        share = plan.fraction("share") ?? 1
        margin = plan.duration("margin") ?? .zero
    }

    func judge(_ run: RunView) -> Finding {
        let names = run.sessionNames(of: plan.actor)
        let findings = run.strikes.filter { $0.plan.kind == fault }.map { judge(run, $0, names) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ strike: FaultStrike, _ names: [RunView.SessionName]) -> Finding {
        guard let struck = strike.struck, strike.hits > 0 else { return plan.void("\(strike.name) did not strike.") }
        let over = strike.plan.until == nil ? struck.time : strike.healed?.time ?? run.stop
        let end = over + margin
        guard run.stop >= end else {
            return plan.void("The run stopped before \(strike.name) and \(margin.lengthText) more were over.")
        }
        let there = names.filter { name in
            guard let session = run.sessions[name] else { return false }
            let first = [session.received.first?.moment.time, session.reports.first?.moment.time].compactMap { $0 }
                .min()
            return first.map { $0 < struck.time } ?? false
        }
        guard !there.isEmpty else {
            return plan.void("No session of \(plan.actor) said anything before \(strike.name).")
        }
        let window = struck.time..<max(end, struck.time)
        let unserved = there.filter { name in
            run.sessions[name].map { !isServed($0, window) } ?? true
        }
        let measured = Double(there.count - unserved.count) / Double(there.count)
        let span = margin == .zero ? "" : " and \(margin.lengthText) more"
        let summary =
            "\(there.count - unserved.count) of \(there.count.counted("session")) of \(plan.actor) were served during "
            + "\(strike.name)\(span)"
        let evidence = [run.evidence(struck, "\(strike.name) struck")]
        return measured >= share
            ? plan.pass(summary + ".", measured: measured * 100, bound: share * 100, unit: "%", evidence)
            : plan.fail(
                "\(summary); \(Units.text(fraction: share)) were owed. Not served: "
                    + "\(unserved.prefix(5).map(\.description).joined(separator: ", "))"
                    + "\(unserved.count > 5 ? " and \(unserved.count - 5) more" : ""). Usually attempts that displace "
                    + "one another, or clients that gave up.",
                measured: measured * 100, bound: share * 100, unit: "%", evidence)
    }

    private func isServed(_ session: RunView.Session, _ window: Range<Timestamp>) -> Bool {
        if session.received.contains(where: { window.contains($0.moment.time) }) { return true }
        var answers = false
        var isConnected = false
        for said in session.reports {
            let isIn = window.contains(said.moment.time)
            switch said.kind {
            case .response:
                answers = true
                if isIn, said.report.isOK { return true }
            case .connected: isConnected = isConnected || isIn
            default: break
            }
        }
        return isConnected && session.received.isEmpty && !answers
    }
}
