import Recordings
import Scenarios

/// After a fault the client gets new messages again, in time, and each stage of the way back takes no longer than
/// allowed.
struct Recovery: Expectation {
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
            a new SYN). With detect-from: first-sign it counts from the moment that the client could first know: the \
            first FIN or RST sent to it, or the first thing that it sent itself. attempt, from there to its first \
            attempt. connect, from the moment that liveness is owed to the connection that brought the message. tcp, \
            from that connection's SYN (or the moment that liveness is owed, when it came between) to the end of its \
            handshake on the wire. tls, from its client hello to the client's Finished. authenticated, from the end \
            of these, or from its driver's state authenticating, to its \
            driver's state authenticated or connected. resumed, from the same moment to its driver's resumed. message, \
            from the connection to the message. steady, from the moment that liveness is owed until messages come as \
            often as before: each part of a window brings steady-share of what such a part brought in the window \
            before the strike. A client whose connection survives needs none but steady; but when the fault lasted \
            longer than the bound of detect and the client never noticed, that stage has failed.

            With a quantile, each bound holds for that share of the sessions of every strike: with 95%, five of a \
            hundred may take longer. A process that ends by itself fails whatever the quantile.

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
                "stages", .durations(RecoveryTrace.stageNames),
                "Longest time of single stages: \(RecoveryTrace.stageNames.joined(separator: ", "))."),
            Parameter(
                "detect-from", .choice(DetectFrom.allCases.map(\.rawValue)), default: .text("strike"),
                "Whether the stage detect counts from the strike, or from the first moment that it could know."),
            Parameter(
                "quantile", .fraction(0.01...1), default: .fraction(1),
                "The share of sessions for which each bound holds; 100% is the worst of all."),
            Parameter(
                "steady-share", .fraction(0.01...1), default: .fraction(0.8),
                "The share of the rate before the strike that counts as steady."),
            Parameter(
                "steady-window", .duration(.seconds(1) ... .seconds(3600)), default: .duration(.seconds(10)),
                "Over how long that rate is measured, before and after."),
        ],
        example: "{ recovery: subscriber, after: blackhole, within: 30s, stages: { detect: 20s } }")

    private let plan: ExpectationPlan
    private let fault: String
    private let within: Duration
    private let stages: [Value.NamedDuration]
    private let detectFrom: DetectFrom
    private let quantile: Double
    private let steady: RecoveryRate.Measure?

    /// Looking for each session's handshake among those of 20,000 is work that only these need.
    private var wantsLogin: Bool { stages.contains { ["tls", "authenticated", "resumed"].contains($0.name) } }

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? ""
        within = plan.duration("within") ?? .zero
        stages = plan.durations("stages")
        detectFrom = plan.text("detect-from").flatMap(DetectFrom.init) ?? .strike
        quantile = plan.fraction("quantile") ?? 1
        steady =
            stages.contains { $0.name == "steady" }
            ? RecoveryRate.Measure(
                share: plan.fraction("steady-share") ?? 0.8, window: plan.duration("steady-window") ?? .seconds(10))
            : nil
    }

    func judge(_ run: RunView) -> Finding {
        let strikes = run.strikes.filter { $0.plan.kind == fault }
        guard !strikes.isEmpty else { return plan.void("The timeline has no \(fault).") }
        let names = run.sessionNames(of: plan.actor)
        // Safety is owed always and by everyone: no quantile lets a crash pass.
        let crashes = names.compactMap { name in
            run.crash(of: name.instance).map { crashed(run, name, $0) }
        }
        let signs = run.workers.map(names.filter { run.crash(of: $0.instance) == nil }) { ClientSigns(run, $0) }
        // A quantile is one over sessions: a strike that hit all of them is not hidden by others that hit none.
        let groups = quantile < 1 ? strikes.map { [$0] } : [strikes]
        // Several bounds of one session are no more cases than one.
        var findings = [Finding.worst(crashes)].compactMap { $0 }
        for group in groups {
            let cases = group.flatMap { strike in
                run.workers.map(signs) { RecoveryCase(run, strike, $0, within, steady, wantsLogin: wantsLogin) }
            }
            let totals = run.workers.map(cases) { result(run, $0) }
            let parts = stages.map { bound in run.workers.map(cases) { result(run, $0, bound) }.compactMap { $0 } }
            let all = [totals] + parts.filter { !$0.isEmpty }
            // A pass is told by the whole, not by one of its parts.
            let judged = all.compactMap { RecoveryResult.decisive($0, quantile: quantile) }
            findings += judged.contains { $0.verdict != .pass } ? judged : Array(judged.prefix(1))
        }
        return Finding.worst(findings, counts: false) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    /// The whole way back.
    private func result(_ run: RunView, _ one: RecoveryCase) -> RecoveryResult {
        switch one.state {
        case .void(let why, let evidence): return RecoveryResult(.void) { plan.void(why, evidence()) }
        case .traced(let trace):
            if case .untold(let why) = trace.outcome {
                return RecoveryResult(.void) {
                    plan.void("Whether \(trace.name) recovered cannot be told: \(why).", story(run, trace).evidence)
                }
            }
            guard let total = trace.total, total <= within else { return late(run, trace) }
            return RecoveryResult(.pass, excess: total / within) {
                let story = story(run, trace)
                return plan.pass(
                    story.passed(total), measured: total.seconds, bound: within.seconds, unit: "s", story.evidence)
            }
        }
    }

    /// One part of it; nil when the whole says enough of this session: it came too late, or cannot be judged.
    private func result(_ run: RunView, _ one: RecoveryCase, _ bound: Value.NamedDuration) -> RecoveryResult? {
        guard case .traced(let trace) = one.state, let total = trace.total, total <= within else { return nil }
        switch trace.stage(bound.name, detectFrom) {
        case .notNeeded: return nil
        case .took(let taken) where taken <= bound.duration:
            return RecoveryResult(.pass, excess: bound.duration > .zero ? taken / bound.duration : 0) {
                let story = story(run, trace)
                return plan.pass(
                    story.passed(total), measured: taken.seconds, bound: bound.duration.seconds, unit: "s",
                    story.evidence)
            }
        case .took(let taken):
            return failure(run, trace, bound, taken) { story in
                "\(story.passed(total)) But the stage '\(bound.name)' took \(taken.lengthText), and "
                    + "\(bound.duration.lengthText) were allowed."
            }
        case .never(let time) where time > bound.duration:
            return failure(run, trace, bound, time) { story in
                bound.name == "detect"
                    ? "\(story.passed(total)) But it noticed nothing while \(trace.strike.name) lasted, "
                        + "\(time.lengthText), and should have within \(bound.duration.lengthText): its connection "
                        + "was dead and it did not know. "
                        + "What usually causes it: no heartbeat, or one whose missing answer nobody looks for."
                    : "\(story.passed(total)) But in the \(time.lengthText) after \(story.origin) messages never came "
                        + "as often again as before; \(bound.duration.lengthText) were allowed for that. What usually "
                        + "causes it: only some of its subscriptions were made again."
            }
        case .never(let time) where bound.name == "steady":
            return RecoveryResult(.void) {
                let story = story(run, trace)
                return plan.void(
                    "\(story.passed(total)) Whether messages come as often again as before cannot be told: what can be "
                        + "judged ends \(time.lengthText) after \(story.origin).", story.evidence)
            }
        case .never: return nil
        case .untold(let why):
            return RecoveryResult(.void) {
                let story = story(run, trace)
                return plan.void(
                    "\(story.passed(total)) How long the stage '\(bound.name)' took cannot be told: \(why).",
                    story.evidence)
            }
        }
    }

    private func story(_ run: RunView, _ trace: RecoveryTrace) -> RecoveryStory {
        RecoveryStory(run, trace, within: within)
    }

    private func failure(
        _ run: RunView, _ trace: RecoveryTrace, _ bound: Value.NamedDuration, _ taken: Duration,
        _ summary: @escaping (RecoveryStory) -> String
    ) -> RecoveryResult {
        RecoveryResult(.fail, excess: bound.duration > .zero ? taken / bound.duration : .infinity) {
            let story = story(run, trace)
            return plan.fail(
                summary(story), measured: taken.seconds, bound: bound.duration.seconds, unit: "s", story.evidence)
        }
    }

    /// Too late, or never: the client's doing only if it had all the time that it was promised.
    private func late(_ run: RunView, _ trace: RecoveryTrace) -> RecoveryResult {
        if let why = excuse(run, trace) {
            return RecoveryResult(.void) { plan.void(why, story(run, trace).evidence) }
        }
        let measured = trace.total ?? run.stop - trace.owedFrom.time
        return RecoveryResult(.fail, excess: measured / within) {
            let story = story(run, trace)
            return plan.fail(
                story.failed(), measured: measured.seconds, bound: within.seconds, unit: "s", story.evidence)
        }
    }

    private func excuse(_ run: RunView, _ trace: RecoveryTrace) -> String? {
        let due = trace.owedFrom.time + within
        let next = run.strikes.first { other in
            other.plan.index != trace.strike.plan.index
                && other.struck.map { $0.time > trace.owedFrom.time && $0.time < due } ?? false
        }
        if let next {
            return "\(next.name) struck before the \(within.lengthText) that \(trace.name) had after "
                + "\(trace.strike.name) were over."
        }
        let sendings = run.sendings
        if !sendings.isEmpty, !sendings.contains(where: { $0 >= trace.owedFrom.time && $0 + run.underWay < due }) {
            return "Nobody sent anything in the \(within.lengthText) that \(trace.name) had after "
                + "\(story(run, trace).origin): there was nothing new to receive. Publishers may have been struck too."
        }
        if trace.total == nil, run.stop < due {
            return "The run ended \((run.stop - trace.owedFrom.time).lengthText) after \(trace.name) began to owe a "
                + "new message, before the \(within.lengthText) allowed were over."
        }
        return nil
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
