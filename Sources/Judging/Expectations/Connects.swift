import Recordings
import Scenarios

/// A client that is started is connected in time.
struct Connects: Expectation {
    static let definition = ExpectationDefinition(
        name: "connects",
        summary: "After its start the client is connected within a time.",
        details: """
            Judged for each instance, from the start of its process to the first `connected` of its driver or, where \
            the driver does not say, to the first connection established from its host. The worst decides.

            It is void when the process was not started, when the run stopped before the time allowed was over, and \
            when neither driver nor wire can tell.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "within", .duration(.milliseconds(1)...(.seconds(7 * 86400))), required: true,
                "Longest time from the start of the process to its first connection.")
        ],
        example: "{ connects: subscriber, within: 5s }")

    private let plan: ExpectationPlan
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        within = plan.duration("within") ?? .zero
    }

    func judge(_ run: RunView) -> Finding {
        let sessions = Dictionary(grouping: run.sessionNames(of: plan.actor), by: \.instance)
        let findings = run.instances(of: plan.actor).map { judge(run, $0, sessions[$0] ?? []) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ instance: Instance, _ sessions: [RunView.SessionName]) -> Finding {
        let started = run.lives[instance]?.first { if case .started = $0.change { true } else { false } }
        guard let started = started?.moment else { return plan.void("\(instance) was not started.") }
        let signs = sessions.map { ClientSigns(run, $0) }
        let evidence = [run.evidence(started, "\(instance) was started")]
        guard let up = Self.first(signs, since: started.time) else {
            return notConnected(run, instance, started, signs, evidence)
        }
        let taken = up.moment.time - started.time
        let summary = "\(instance) was connected \(taken.lengthText) after its start"
        let all = evidence + [run.evidence(up.moment, "connection up: \(up.text)")]
        return taken <= within
            ? plan.pass(summary + ".", measured: taken.seconds, bound: within.seconds, unit: "s", all)
            : plan.fail(
                summary + "; \(within.lengthText) were allowed.", measured: taken.seconds, bound: within.seconds,
                unit: "s",
                all)
    }

    /// The first connection that came up among the signs of many sessions: the same as of `ClientSigns.ups`, which
    /// would be given all of them in one list.
    private static func first(_ signs: [ClientSigns], since start: Timestamp) -> ClientSigns.Sign? {
        var (said, seen): (ClientSigns.Sign?, ClientSigns.Sign?)
        for session in signs {
            for sign in session.signs where sign.kind == .up && sign.moment.time >= start {
                let known = sign.fromDriver ? said : seen
                if let known, (known.moment.time, known.moment.line) <= (sign.moment.time, sign.moment.line) {
                    continue
                }
                if sign.fromDriver { said = sign } else { seen = sign }
            }
        }
        return said ?? seen
    }

    private func notConnected(
        _ run: RunView, _ instance: Instance, _ started: Moment, _ signs: [ClientSigns], _ evidence: [Evidence]
    ) -> Finding {
        guard signs.contains(where: { $0.driverSpeaksOfUp || $0.wire != nil }) else {
            return plan.void(
                "Whether \(instance) connected cannot be told: its driver does not say, and on the wire it cannot "
                    + "be told from others on its host.")
        }
        let waited = run.stop - started.time
        guard waited >= within else {
            return plan.void(
                "The run stopped \(waited.lengthText) after \(instance) was started, before the "
                    + "\(within.lengthText) allowed "
                    + "were over.", evidence)
        }
        let attempts = signs.flatMap(\.signs).filter { $0.kind == .attempt }
        let tried = attempts.isEmpty ? "It never tried." : "It tried \(attempts.count) times."
        return plan.fail(
            "\(instance) was not connected in the \(waited.lengthText) from its start to the end. \(tried)",
            measured: waited.seconds, bound: within.seconds, unit: "s",
            evidence + attempts.prefix(8).map { run.evidence($0.moment, "attempt: \($0.text)") })
    }
}
