import Recordings
import Scenarios

/// A client that comes back goes on where it was; where the server has forgotten it, it starts anew and whole.
struct Resume: Expectation {
    static let definition = ExpectationDefinition(
        name: "resume",
        summary: "A client that was cut off resumes, and starts wholly anew when its resume is refused.",
        details: """
            Judged for each session and each time that it was back in play (or, with `after`, back from faults of that \
            kind), by the `resumed` that its driver says beside `connected`. Confirmed (`ok` not false): it must go on \
            exactly where it was; of what was sent since its last message until it was lost again, nothing is \
            missing and nothing comes twice. Refused (`ok` false): its position is void; everything sent since it \
            was back must come, whatever its number, and with `since: start` everything since the server's (or \
            publisher's) last start. Not asked for at all, by a driver that says `resumed` elsewhere: failed. Where \
            the driver never says it, the messages must tell: what was sent while it was away came, or it did not.

            Measured is how many times it was back wrongly. `refused: never` fails a refusal: for servers that \
            keep what they must. `refused: always` fails a confirmation: for servers that have forgotten what there \
            was, so that who says that it resumed says what is not so.

            It is void when no connection was lost and came back, and when neither driver nor messages can tell.
            """,
        subject: .client,
        parameters: [
            Parameter("after", .fault, "Only returns after a fault of this kind struck."),
            Parameter(
                "refused", .choice(["allowed", "never", "always"]), default: .text("allowed"),
                "Whether the server may refuse a resume, or must have."),
            Parameter(
                "since", .choice(["connection", "start"]), default: .text("connection"),
                "From when on everything is owed after a refusal: the new connection, or the sender's last start."),
        ],
        example: "{ resume: subscriber, after: blackhole }")

    private let plan: ExpectationPlan
    private let fault: String?
    private let mayBeRefused: Bool
    private let mustBeRefused: Bool
    private let sinceStart: Bool

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after")
        mayBeRefused = plan.text("refused") != "never"
        mustBeRefused = plan.text("refused") == "always"
        sinceStart = plan.text("since") == "start"
    }

    private enum Outcome {
        case right, wrong(String), untold(String)
    }

    func judge(_ run: RunView) -> Finding {
        let names = run.sessionNames(of: plan.actor)
        let speaks = names.contains { name in
            (run.sessions[name]?.reports ?? []).contains { $0.kind == .resumed }
        }
        let sendings = sender(run).map { Sendings(run, $0) }
        let findings = names.map { judge(run, $0, sendings, speaks: speaks) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    /// Whose messages tell what was resumed: a publisher's, or else a server's.
    private func sender(_ run: RunView) -> Flow? {
        let senders = [ActorPlan.Role.publisher, .server].flatMap { role in
            run.scenario.actors.filter { $0.role == role }
        }
        return senders.lazy.map { Flow(run, .flow(from: $0.name, to: plan.actor)) }.first { $0.void == nil }
    }

    private func judge(
        _ run: RunView, _ name: RunView.SessionName, _ sendings: Sendings?, speaks: Bool
    ) -> Finding {
        let play = run.play ?? run.stop
        let returns = SessionReturns(run, name).returns.filter { back in
            back.back.time >= play && (fault == nil || lastStrike(run, before: back.lost.time) == fault)
        }
        guard !returns.isEmpty else {
            return plan.void(
                "\(name) lost no connection and came back\(fault.map { " after \($0)" } ?? ""): there was nothing to "
                    + "resume.")
        }
        let arrivals = sendings.map { Arrivals($0, run.sessions[name]?.received ?? []) }
        var wrong: [(back: SessionReturns.Return, what: String)] = []
        var untold: String?
        for back in returns {
            switch outcome(run, back, sendings, arrivals, speaks: speaks) {
            case .right: break
            case .wrong(let what): wrong.append((back, what))
            case .untold(let why): untold = untold ?? why
            }
        }
        if let first = wrong.first {
            return plan.fail(
                "\(name) was back \(returns.count.counted("time")), \(wrong.count) of them wrongly; first at "
                    + "\(run.at(first.back.back.time)), \(run.context(at: first.back.back.time)): \(first.what).",
                measured: Double(wrong.count), bound: 0, unit: "returns",
                wrong.prefix(8).flatMap { back, what in
                    [
                        run.evidence(back.lost, "\(name) had lost its connection"),
                        run.evidence(back.back, "\(name) was back; \(what)"),
                    ]
                })
        }
        if let untold { return plan.void("Whether \(name) resumed cannot be told: \(untold).") }
        let refused = returns.count { $0.resumed.map { !$0.report.isOK } ?? false }
        let how =
            refused == 0
            ? "went on where it was each time" : "was refused \(refused.counted("time")) and started wholly anew"
        return plan.pass(
            "\(name) was back \(returns.count.counted("time")) and \(how).", measured: 0, bound: 0, unit: "returns",
            returns.prefix(8).map { run.evidence($0.back, "\(name) was back; \(word($0))") })
    }

    private func word(_ back: SessionReturns.Return) -> String {
        guard let resumed = back.resumed else { return "what it had missed came" }
        return resumed.report.isOK ? "its resume was confirmed" : "its resume was refused"
    }

    /// The kind of the last fault that struck before a connection was lost.
    private func lastStrike(_ run: RunView, before time: Timestamp) -> String? {
        let before = run.strikes.filter { $0.struck.map { $0.time <= time } ?? false }
        return before.max { a, b in (a.struck?.time ?? run.stop) < (b.struck?.time ?? run.stop) }?.plan.kind
    }

    private func outcome(
        _ run: RunView, _ back: SessionReturns.Return, _ sendings: Sendings?, _ arrivals: Arrivals?, speaks: Bool
    ) -> Outcome {
        guard let resumed = back.resumed else {
            if speaks { return .wrong("it did not ask to resume: it connected as if it had never been there") }
            return byMessages(run, back, sendings, arrivals)
        }
        if !resumed.report.isOK, !mayBeRefused {
            return .wrong("its resume was refused: it asked with something that the server does not know")
        }
        if resumed.report.isOK, mustBeRefused {
            return .wrong("it says that it resumed, and the server had nothing left of its session")
        }
        guard let sendings, let arrivals else { return .right }
        let end = min(back.lostAgain ?? run.stop, run.playEnd) + (.zero - run.underWay)
        return resumed.report.isOK
            ? position(run, back, sendings, arrivals, end) : newStart(run, back, sendings, arrivals, end)
    }

    /// When the latest message was sent that it had received before it was back.
    private func position(_ sendings: Sendings, _ arrivals: Arrivals, _ back: SessionReturns.Return) -> Timestamp? {
        let before = arrivals.order.filter { arrivals.first[$0].map { $0.time < back.back.time } ?? false }.max()
        return before.map { sendings.sent[$0].moment.time }
    }

    /// Confirmed: nothing is skipped, nothing repeated.
    private func position(
        _ run: RunView, _ back: SessionReturns.Return, _ sendings: Sendings, _ arrivals: Arrivals, _ end: Timestamp
    ) -> Outcome {
        let owed = sendings.between(position(sendings, arrivals, back) ?? back.back.time, end)
        let skipped = arrivals.missing(owed)
        let again = arrivals.repeated.filter { repetition in
            repetition.earlier.time < back.back.time && repetition.message.moment.time >= back.back.time
                && back.lostAgain.map { repetition.message.moment.time < $0 } ?? true
        }
        var parts: [String] = []
        if let first = skipped.first {
            parts.append("skipped \(skipped.count.counted("message")), first \(run.text(of: sendings.sent[first]))")
        }
        if let first = again.first {
            parts.append("got \(again.count.counted("message")) again, first \(run.text(of: first.message))")
        }
        if parts.isEmpty { return .right }
        return .wrong(
            "its resume was confirmed, and it \(parts.joined(separator: " and ")): its position, or the server's, was "
                + "not that of the last message handed over")
    }

    /// Refused: all that is sent from the new start on comes, whatever its number.
    private func newStart(
        _ run: RunView, _ back: SessionReturns.Return, _ sendings: Sendings, _ arrivals: Arrivals, _ end: Timestamp
    ) -> Outcome {
        var start = back.back.time
        if sinceStart, let restart = run.restarts.last(where: { $0 < start }) { start = restart }
        let owed = sendings.between(start, end)
        if owed.isEmpty { return .untold("nothing was sent after its resume was refused") }
        let missing = arrivals.missing(owed)
        guard let first = missing.first else { return .right }
        return .wrong(
            "its resume was refused, and \(missing.count) of the \(owed.count.counted("message")) since its new start "
                + "never came, first \(run.text(of: sendings.sent[first])): it kept a position that was void, "
                + "or did not ask for everything")
    }

    private func byMessages(
        _ run: RunView, _ back: SessionReturns.Return, _ sendings: Sendings?, _ arrivals: Arrivals?
    ) -> Outcome {
        guard let sendings, let arrivals, let listened = arrivals.listened else {
            return .untold("its driver never says resumed, and no messages were numbered at both ends")
        }
        let away = sendings.between(position(sendings, arrivals, back) ?? listened, back.back.time)
        if away.isEmpty { return .untold("its driver never says resumed, and nothing was sent while it was away") }
        let missing = away.filter { arrivals.first[$0] == nil }
        guard let first = missing.first else { return .right }
        return .wrong(
            "\(missing.count) of the \(away.count.counted("message")) sent while it was away never came, first "
                + "\(run.text(of: sendings.sent[first])): it connected as if it had never been there")
    }
}
