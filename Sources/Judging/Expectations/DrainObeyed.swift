import Recordings
import Scenarios

/// A client that is told to go finishes what it has in flight, and goes.
struct DrainObeyed: Expectation {
    static let definition = ExpectationDefinition(
        name: "drain-obeyed",
        summary: "When the server says goodbye the client finishes its requests, sends no new ones, and closes.",
        details: """
            Judged for each goodbye: each strike of the fault (`drain` unless `after` names another), and each `drain` \
            that the timeline tells the client. Every session connected then must have ended its connection within \
            `within`, by the wire where its driver gives the connection's `local` address, by its driver's words \
            otherwise. Every request that it had in flight must be answered ok by the end, on whatever connection; \
            with `answered`, so soon after the goodbye that the connection which was taken away must have brought it. \
            Where the server's driver reports requests, none arrives at the server that is being drained from when the \
            goodbye has had time to arrive (twice all delays of the lab and a second) until it is healed.

            It is void when nobody said goodbye, when no session was connected then, and when the run stopped before \
            `within` was over.
            """,
        subject: .client,
        parameters: [
            Parameter("after", .fault, "The fault by which the server says goodbye; drain when left out."),
            Parameter(
                "within", .duration(.milliseconds(1) ... .seconds(86_400)), default: .duration(.seconds(10)),
                "Longest time from the goodbye to the end of the connection."),
            Parameter(
                "answered", .duration(.milliseconds(1) ... .seconds(86_400)),
                "Longest time from the goodbye to the answer of a request in flight; by the end when left out."),
        ],
        example: "{ drain-obeyed: subscriber, within: 5s }")

    private let plan: ExpectationPlan
    private let fault: String
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? "drain"
        within = plan.duration("within") ?? .seconds(10)
    }

    func judge(_ run: RunView) -> Finding {
        let goodbyes = Goodbyes(run, actor: plan.actor, fault: fault)
        guard !goodbyes.all.isEmpty else { return plan.void("Nobody told \(plan.actor) to go.") }
        let requests = Requests(run, of: plan.actor).all
        let findings = goodbyes.all.flatMap { goodbye in
            [closing(run, goodbyes, goodbye), inFlight(run, goodbye, requests), late(run, goodbye)].compactMap { $0 }
        }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func closing(_ run: RunView, _ goodbyes: Goodbyes, _ goodbye: Goodbyes.Goodbye) -> Finding {
        let host = run.plan(of: plan.actor)?.host ?? ""
        let closes = goodbyes.closes(goodbye, host: host)
        var slowest: (name: RunView.SessionName, taken: Duration, how: String, moment: Moment)?
        var staying: [RunView.SessionName] = []
        var count = 0
        for name in run.sessionNames(of: plan.actor) where goodbye.instance.map({ $0 == name.instance }) ?? true {
            switch goodbyes.ending(name, goodbye, closes) {
            case .untold: continue
            case .stays: staying.append(name)
            case .ended(let moment, let how):
                let taken = moment.time - goodbye.moment.time
                if taken > slowest?.taken ?? .nanoseconds(-1) { slowest = (name, taken, how, moment) }
            }
            count += 1
        }
        let start = run.evidence(goodbye.moment, "\(goodbye.what): goodbye")
        guard count > 0 else {
            return plan.void("No session of \(plan.actor) is known to have been connected at \(goodbye.what).")
        }
        if let first = staying.first {
            let waited = run.stop - goodbye.moment.time
            guard waited >= within else {
                return plan.void("The run stopped \(waited.lengthText) after \(goodbye.what).", [start])
            }
            return plan.fail(
                "\(staying.count) of \(count.counted("session")) of \(plan.actor) kept the connection over which "
                    + "\(goodbye.what) had said goodbye, to the end; first \(first). \(within.lengthText) were "
                    + "allowed. Usually the goodbye is not looked at, and the connection lost when the server is gone.",
                measured: waited.seconds, bound: within.seconds, unit: "s", [start])
        }
        guard let slowest else { return plan.void("No connection of \(plan.actor) is known to have ended.") }
        let evidence = [start, run.evidence(slowest.moment, "\(slowest.name): \(slowest.how)")]
        let summary =
            "\(count.counted("session")) of \(plan.actor) ended the connection after \(goodbye.what), the last "
            + "\(slowest.taken.lengthText) after the goodbye"
        return slowest.taken <= within
            ? plan.pass(
                summary + ".", measured: slowest.taken.seconds, bound: within.seconds, unit: "s", evidence)
            : plan.fail(
                "\(summary); \(within.lengthText) were allowed.", measured: slowest.taken.seconds,
                bound: within.seconds, unit: "s", evidence)
    }

    /// What it had asked for and not got when it was told to go.
    private func inFlight(
        _ run: RunView, _ goodbye: Goodbyes.Goodbye, _ requests: [Requests.Request]
    ) -> Finding? {
        let told = goodbye.moment.time
        let pending = requests.filter { request in
            request.asked.time < told && request.answered.map { $0.time >= told } ?? true
                && goodbye.instance.map { $0 == request.name.instance } ?? true
        }
        guard !pending.isEmpty else { return nil }
        let due = plan.duration("answered").map { told + $0 }
        let lost = pending.filter { request in
            !request.isServed || (due.map { due in request.answered.map { $0.time > due } ?? true } ?? false)
        }
        guard let first = lost.first else {
            return plan.pass(
                "All \(pending.count.counted("request")) in flight at \(goodbye.what) were answered.", measured: 0,
                bound: 0, unit: "requests", [])
        }
        return plan.fail(
            "\(lost.count) of the \(pending.count.counted("request")) that \(plan.actor) had in flight at "
                + "\(goodbye.what) were lost\(due == nil ? "" : " or answered too late"); first "
                + "\(first.id.map { "request \($0)" } ?? "a request"), asked at \(run.at(first.asked.time)). Usually "
                + "the connection is closed at the goodbye, before the answers came.",
            measured: Double(lost.count), bound: 0, unit: "requests",
            [run.evidence(goodbye.moment, "\(goodbye.what): goodbye")]
                + lost.prefix(8).map { request in
                    let id = request.id.map { "request \($0)" } ?? "a request"
                    let how =
                        request.isServed
                        ? "answered late"
                        : request.answered == nil
                            ? "never answered" : "failed\(request.reason.map { " (\($0))" } ?? "")"
                    return run.evidence(request.answered ?? request.asked, "\(id) \(how)")
                })
    }

    /// What arrived at a server that had said goodbye long enough ago.
    private func late(_ run: RunView, _ goodbye: Goodbyes.Goodbye) -> Finding? {
        guard let server = goodbye.server else { return nil }
        let from = goodbye.moment.time + run.underWay
        var all = 0
        var late: [RunView.Report] = []
        for name in run.sessionNames(of: server) {
            for said in run.sessions[name]?.reports ?? [] where said.kind == .request {
                all += 1
                if said.moment.time >= from, said.moment.time < goodbye.until { late.append(said) }
            }
        }
        guard all > 0 else { return nil }
        guard let first = late.first else {
            return plan.pass(
                "No request came to \(server) once it had said goodbye.", measured: 0, bound: 0, unit: "requests", [])
        }
        return plan.fail(
            "\(late.count.counted("request")) came to \(server) after it had said goodbye, the first at "
                + "\(run.at(first.moment.time)), \((first.moment.time - goodbye.moment.time).lengthText) after it. "
                + "Usually a connection stays in the pool although the server has taken it back.",
            measured: Double(late.count), bound: 0, unit: "requests",
            [run.evidence(goodbye.moment, "\(goodbye.what): goodbye")]
                + late.prefix(8).map { said in
                    run.evidence(said.moment, "request \(said.report.id ?? "") came to \(server)")
                })
    }
}
