import Recordings
import Scenarios

/// After a fault the client gets new messages again, in time, and each stage of the way back takes no longer than
/// allowed.
struct Recovery: Expectation {
    static let stageNames = ["detect", "attempt", "connect", "message"]

    static let definition = ExpectationDefinition(
        name: "recovery",
        summary: "After a fault the client gets new messages again within a time, stage by stage if wanted.",
        details: """
            Measured for every strike of the fault and every session of the client; the worst decides. Liveness counts \
            from the heal of an interval, or from the strike of a moment and of a fault that strikes at its first hit. \
            It ends with the first new message: a `received` event whose sequence is beyond all that its stream had \
            brought before (or that had not come since it was sent: a server that is started again may count anew), \
            and that was not still on its way when the fault struck. A driver that reports no messages is judged on \
            the wire: the server's first payload on a new connection.

            Stages: detect, from the strike to the first sign that the client knows (its driver says a state other \
            than connected, subscribed, ready, online or streaming, an error or an attempt; its host sends FIN, RST or \
            a new SYN). attempt, from there to its first attempt. connect, from the moment that liveness is owed to \
            the connection that brought the message. message, from there to the message. A client whose connection \
            survives needs none of them; but when the fault lasted longer than the bound of detect and the client \
            never noticed, that stage has failed.

            A new message can come no sooner than the publisher sends one: allow for its period. After a kill liveness \
            is owed once all that was killed is ready again.

            It is void when the fault did not strike this client, when the client was not connected as it struck, when \
            another fault or the end came before the time allowed was over, and when neither driver nor wire can tell. \
            A client that ends by itself in play has not recovered.
            """,
        subject: .client,
        parameters: [
            Parameter("after", .fault, required: true, "The kind of fault it recovers from."),
            Parameter(
                "within", .duration(.milliseconds(1)...(.seconds(7 * 86400))), required: true,
                "Longest time from the heal (or the strike of a moment) to the first new message."),
            Parameter(
                "stages", .durations(stageNames), "Longest time of single stages: detect, attempt, connect, message."),
        ],
        example: "{ recovery: subscriber, after: blackhole, within: 30s, stages: { detect: 20s } }")

    private let plan: ExpectationPlan
    private let fault: String
    private let within: Duration
    private let stages: [Value.NamedDuration]

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? ""
        within = plan.duration("within") ?? .zero
        stages = plan.durations("stages")
    }

    func judge(_ run: RunView) -> Finding {
        let strikes = run.strikes.filter { $0.plan.kind == fault }
        guard !strikes.isEmpty else { return plan.void("The timeline has no \(fault).") }
        var findings: [Finding] = []
        for name in run.sessionNames(of: plan.actor) {
            if let crash = run.crash(of: name.instance) {
                findings.append(crashed(run, name, crash))
                continue
            }
            let signs = ClientSigns(run, name)
            findings += strikes.map { judge(run, $0, signs) }
        }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ strike: FaultStrike, _ signs: ClientSigns) -> Finding {
        guard strike.hits > 0 else {
            return plan.void("\(strike.name) did not strike: nobody had to recover from it.")
        }
        guard let trace = RecoveryTrace(run, strike, signs) else {
            return plan.void("What \(strike.name) took away was not there again: nobody could recover from it.")
        }
        if let loss = signs.lossBefore(trace.struck.time) {
            return plan.void(
                "\(trace.name) was not connected when \(strike.name) struck: \(loss.text) at "
                    + "\(run.at(loss.moment.time)).",
                [run.evidence(loss.moment, loss.text), run.evidence(trace.struck, "\(strike.name) struck")])
        }
        let story = RecoveryStory(run, trace, within: within)
        switch trace.outcome {
        case .untold(let why):
            return plan.void("Whether \(trace.name) recovered cannot be told: \(why).", story.evidence)
        case .recovered, .notRecovered:
            guard let total = trace.total, total <= within else { return late(run, trace, story) }
            return onTime(trace, story, total: total)
        }
    }

    private func onTime(_ trace: RecoveryTrace, _ story: RecoveryStory, total: Duration) -> Finding {
        if let bound = stages.first(where: { $0.name == "detect" }), let unnoticed = trace.unnoticed,
            unnoticed > bound.duration
        {
            return plan.fail(
                "\(story.passed(total)) But it noticed nothing while \(trace.strike.name) lasted, "
                    + "\(unnoticed.lengthText), and should have within \(bound.duration.lengthText): its connection "
                    + "was dead and it did not know. "
                    + "What usually causes it: no heartbeat, or one whose missing answer nobody looks for.",
                measured: unnoticed.seconds, bound: bound.duration.seconds, unit: "s", story.evidence)
        }
        let over = stages.first { bound in trace.stage(bound.name).map { $0 > bound.duration } ?? false }
        // A client that made a new connection went through every stage: one that nobody saw is not one that was short.
        let unseen = stages.first { trace.connected != nil && trace.stage($0.name) == nil }
        if over == nil, let unseen {
            return plan.void(
                "\(story.passed(total)) How long the stage '\(unseen.name)' took cannot be told: neither driver nor "
                    + "wire shows it.", story.evidence)
        }
        guard let over, let taken = trace.stage(over.name) else {
            return plan.pass(
                story.passed(total), measured: total.seconds, bound: within.seconds, unit: "s", story.evidence)
        }
        return plan.fail(
            "\(story.passed(total)) But the stage '\(over.name)' took \(taken.lengthText), and "
                + "\(over.duration.lengthText) were allowed.",
            measured: taken.seconds, bound: over.duration.seconds, unit: "s", story.evidence)
    }

    /// Too late, or never: the client's doing only if it had all the time that it was promised.
    private func late(_ run: RunView, _ trace: RecoveryTrace, _ story: RecoveryStory) -> Finding {
        let due = trace.owedFrom.time + within
        let next = run.strikes.filter { other in
            other.plan.index != trace.strike.plan.index
                && other.struck.map { $0.time > trace.owedFrom.time && $0.time < due } ?? false
        }
        if let next = next.first {
            return plan.void(
                "\(next.name) struck before the \(within.lengthText) that \(trace.name) had after \(trace.strike.name) "
                    + "were over.", story.evidence)
        }
        let sendings = run.sendings
        if !sendings.isEmpty, !sendings.contains(where: { $0 >= trace.owedFrom.time && $0 + run.underWay < due }) {
            return plan.void(
                "Nobody sent anything in the \(within.lengthText) that \(trace.name) had after \(story.origin): "
                    + "there was nothing new to receive. Publishers may have been struck too.", story.evidence)
        }
        if trace.total == nil, run.stop < due {
            return plan.void(
                "The run ended \((run.stop - trace.owedFrom.time).lengthText) after \(trace.name) began to owe a "
                    + "new message, before the \(within.lengthText) allowed were over.", story.evidence)
        }
        let measured = trace.total ?? run.stop - trace.owedFrom.time
        return plan.fail(
            story.failed(), measured: measured.seconds, bound: within.seconds, unit: "s", story.evidence)
    }

    private func crashed(_ run: RunView, _ name: RunView.SessionName, _ crash: RunView.Life) -> Finding {
        var how = "without a word"
        if case .exited(let status, let signal) = crash.change { how = Preconditions.exitText(status, signal) }
        return plan.fail(
            "\(name) ended by itself at \(run.at(crash.moment.time)), \(how), \(run.context(at: crash.moment.time)). "
                + "No fault struck its process: a client that is to recover must live.",
            measured: nil, bound: within.seconds, unit: "s",
            [run.evidence(crash.moment, "\(name.instance) ended by itself, \(how)")])
    }
}

extension Finding {
    /// Fails before voids before passes; among these the largest excess over its bound, then the first.
    static func worst(_ findings: [Finding]) -> Finding? {
        let precedence: [Verdict] = [.error, .unsupported, .fail, .void, .pass]
        guard let verdict = precedence.first(where: { verdict in findings.contains { $0.verdict == verdict } }) else {
            return nil
        }
        let decisive = findings.filter { $0.verdict == verdict }
        var worst = decisive[0]
        for finding in decisive.dropFirst() where finding.excess > worst.excess { worst = finding }
        if decisive.count > 1, verdict != .pass {
            worst.summary += " (\(decisive.count) of \(findings.count) cases like this; this is the worst.)"
        }
        return worst
    }

    private var excess: Double {
        guard let measured, let bound else { return verdict == .fail ? .infinity : 0 }
        return bound > 0 ? measured / bound : measured
    }
}
