import Recordings
import Scenarios

/// Requests of a class are treated as their class promises: critical ones fast, bulk degraded but not dropped.
struct Quality: Expectation {
    static let definition = ExpectationDefinition(
        name: "quality",
        summary: "Requests of a class are answered: fast enough, often enough, and never dropped without a word.",
        details: """
            Judged over all sessions of the actor, from its driver's request and response, of one `class` or of all. \
            Every request must be answered or failed explicitly (a response, `ok` or not) within `answered`. With \
            `within`, the quantile of the time to an answer that was ok is held against it, by nearest rank; a failed \
            request took longer than any bound. With `served`, at least that share must be answered ok. So \
            `class: critical, within: 200ms` protects what matters, and `class: bulk, served: 20%` lets the rest be \
            degraded and not dropped. `during` and `outside` choose requests by when they were asked.

            It is void when no request of the class was asked then, when there are fewer than the quantile needs to be \
            another than the largest (100 for 99 %), and for those asked too near the end to be answered in time.
            """,
        subject: .client,
        parameters: [
            Parameter("class", .text, "The class of requests; all when left out."),
            Parameter(
                "within", .duration(.microseconds(1) ... .seconds(86_400)), "Longest time to an answer that is ok."),
            Parameter(
                "quantile", .fraction(0.01...1), default: .fraction(0.99),
                "The share of requests that must be so fast."),
            Parameter("served", .fraction(0...1), "The least share that must be answered ok."),
            Parameter(
                "answered", .duration(.milliseconds(1) ... .seconds(86_400)), default: .duration(.seconds(30)),
                "Longest time until a request is answered or failed."),
        ] + FaultScope.parameters,
        example: "{ quality: subscriber, class: critical, quantile: 99%, within: 200ms, served: 100% }")

    private let plan: ExpectationPlan
    private let importance: String?
    private let within: Duration?
    private let share: Double
    private let served: Double?
    private let answered: Duration
    private let scope: FaultScope

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        importance = plan.text("class")
        within = plan.duration("within")
        share = plan.fraction("quantile") ?? 0.99
        served = plan.fraction("served")
        answered = plan.duration("answered") ?? .seconds(30)
        scope = FaultScope(plan)
    }

    func judge(_ run: RunView) -> Finding {
        let isIn = scope.filter(run)
        let due = run.stop + (.zero - answered)
        let asked = Requests(run, of: plan.actor).all.filter { request in
            importance.map { $0 == request.importance } ?? true && isIn(request.asked.time)
                && (request.answered != nil || request.asked.time <= due)
        }
        guard !asked.isEmpty else {
            return plan.void("\(plan.actor) made no request\(which)\(scope.text).")
        }
        let findings = [dropped(run, asked), share(run, asked), latency(run, asked)].compactMap { $0 }
        return Finding.worst(findings) ?? plan.void("There is nothing to hold \(plan.actor) to.")
    }

    private func dropped(_ run: RunView, _ asked: [Requests.Request]) -> Finding {
        let dropped = asked.filter { request in
            request.answered.map { $0.time - request.asked.time > answered } ?? true
        }
        let what = "\(asked.count.counted("request"))\(which) that \(plan.actor) made\(scope.text)"
        guard let first = dropped.first else {
            return plan.pass(
                "Each of the \(what) was answered or failed within \(answered.lengthText).", measured: 0, bound: 0,
                unit: "requests", [])
        }
        return plan.fail(
            "\(dropped.count) of the \(what) had no answer within \(answered.lengthText), not even a failure; first "
                + "\(text(first)), asked at \(run.at(first.asked.time)), \(run.context(at: first.asked.time)). Usually "
                + "a queue that drops silently, or a request that was lost with its connection.",
            measured: Double(dropped.count), bound: 0, unit: "requests",
            dropped.prefix(8).map { run.evidence($0.asked, "\(text($0)) asked by \($0.name), not answered") })
    }

    private func share(_ run: RunView, _ asked: [Requests.Request]) -> Finding? {
        guard let served else { return nil }
        let failed = asked.filter { !$0.isServed }
        let share = Double(asked.count - failed.count) / Double(asked.count)
        let summary =
            "\(asked.count - failed.count) of \(asked.count.counted("request"))\(which) that \(plan.actor) "
            + "made\(scope.text) were served"
        let evidence = failed.prefix(8).map { request in
            run.evidence(
                request.answered ?? request.asked,
                "\(text(request)) failed\(request.reason.map { " (\($0))" } ?? ""), asked at "
                    + run.at(request.asked.time))
        }
        return share >= served
            ? plan.pass(summary + ".", measured: share * 100, bound: served * 100, unit: "%", [])
            : plan.fail(
                "\(summary); \(Units.text(fraction: served)) were owed.", measured: share * 100, bound: served * 100,
                unit: "%", evidence)
    }

    private func latency(_ run: RunView, _ asked: [Requests.Request]) -> Finding? {
        guard let within else { return nil }
        let least = NearestRank.leastCount(share)
        guard asked.count >= least else {
            return plan.void(
                "\(plan.actor) made \(asked.count.counted("request"))\(which)\(scope.text); \(least) are "
                    + "the least of which \(Units.text(fraction: share)) can be told from all.")
        }
        let never = Duration.seconds(Int64.max / 4)
        let sorted = asked.map { request -> (Duration, Requests.Request) in
            guard request.isServed, let moment = request.answered else { return (never, request) }
            return (moment.time - request.asked.time, request)
        }
        .sorted { ($0.0, $0.1.asked.line) < ($1.0, $1.1.asked.line) }
        guard let quantile = NearestRank.of(share, sorted: sorted)?.0 else { return nil }
        let shown = quantile == never ? "failed" : "were answered within \(quantile.lengthText)"
        let slow = sorted.filter { $0.0 > within }
        let lines = slow.suffix(8).map { taken, request in
            let how = taken == never ? "failed" : "took \(taken.lengthText)"
            return run.evidence(request.asked, "\(text(request)) asked; it \(how)")
        }
        .sorted { ($0.at, $0.line) < ($1.at, $1.line) }
        let summary =
            "\(Units.text(fraction: share)) of \(asked.count.counted("request"))\(which) that "
            + "\(plan.actor) made\(scope.text) \(shown)"
        let measured = quantile == never ? nil : quantile.seconds
        return quantile <= within
            ? plan.pass(summary + ".", measured: measured, bound: within.seconds, unit: "s", lines)
            : plan.fail(
                quantile == never
                    ? "More than \(Units.text(fraction: 1 - share)) of \(asked.count.counted("request"))"
                        + "\(which) that \(plan.actor) made\(scope.text) failed; "
                        + "\(within.lengthText) were allowed."
                    : "\(summary); \(within.lengthText) were allowed. Usually they wait in one queue with what matters "
                        + "less.",
                measured: measured, bound: within.seconds, unit: "s", lines)
    }

    private var which: String { importance.map { " of class \($0)" } ?? "" }

    private func text(_ request: Requests.Request) -> String { request.id.map { "request \($0)" } ?? "a request" }
}
