import Recordings
import Scenarios

/// A circuit breaker opens when it must, lets nothing through while it is open, tries again with as few calls as it
/// says, and closes when these succeed.
struct Breaker: Expectation {
    static let definition = ExpectationDefinition(
        name: "breaker",
        summary: "The client's circuit breaker opens, stays open, probes, closes and opens again as it should.",
        details: """
            Judged for each session from its calls alone, whatever its driver says of breakers. Calls are its tries to \
            connect as the wire shows them (SYNs; one succeeds with the server's first payload, and fails with a RST, \
            with an end, with its driver's complaint, or after `timeout`), or with `of: requests` the requests that \
            arrive at a server whose driver reports them (one fails with a response that is not ok, or none).

            It must open with the last of `failures` in a row, or when `failure-rate` of at least `calls` calls in \
            `window` fail. Then no call may come for `open`, and one must come within `open-at-most`. That one and \
            those beside it until the first result are its probes, at most `probes`. A probe that fails opens it \
            again; \
            when all succeed it is closed and counts from zero. What was on its way when the breaker opened is no \
            breach. `changes` bounds how often it may change in `changes-window`.

            When the driver reports `breaker` events, these must tell the same: no opening before the failures that it \
            takes, half-open between open and closed, closed once its probes have succeeded.

            It is void when the failures never sufficed to open it, when the run ended before it could be seen to try \
            again, and when neither the wire nor a server's driver shows this client's calls.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "of", .choice(["connections", "requests"]), default: .text("connections"),
                "What it guards: tries to connect, or requests."),
            Parameter("at", .place, "The server at whose driver requests are counted; all of them when not given."),
            Parameter(
                "failures", .count(1...10_000), "So many failures in a row open it; 5 when nothing else is said."),
            Parameter("failure-rate", .fraction(0.01...1), "This share of failures opens it, instead of `failures`."),
            Parameter(
                "window", .duration(.milliseconds(1)...(.seconds(86400))), default: .duration(.seconds(60)),
                "Over how long the rate is taken."),
            Parameter("calls", .count(1...1_000_000), default: .count(10), "A rate is one of at least so many calls."),
            Parameter(
                "open", .duration(.milliseconds(1)...(.seconds(86400))), required: true,
                "How long it stays open at least."),
            Parameter(
                "open-at-most", .duration(.milliseconds(1)...(.seconds(86400))),
                "How long it stays open at most; twice `open` when not given."),
            Parameter("probes", .count(1...10_000), default: .count(1), "How many calls it lets through half-open."),
            Parameter(
                "timeout", .duration(.milliseconds(1)...(.seconds(3600))), default: .duration(.seconds(10)),
                "After how long without an answer a call has failed."),
            Parameter("changes", .count(1...1_000_000), "How often it may change its state in `changes-window`."),
            Parameter(
                "changes-window", .duration(.seconds(1)...(.seconds(86400))), default: .duration(.seconds(600)),
                "Over how long changes are counted."),
        ],
        example: "{ breaker: subscriber, failures: 5, open: 30s, open-at-most: 40s }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    private var guardsRequests: Bool { plan.text("of") == "requests" }
    private var timeout: Duration { plan.duration("timeout") ?? .seconds(10) }
    private var callWord: String { guardsRequests ? "request" : "attempt" }
    private var oneCall: String { guardsRequests ? "a request" : "an attempt" }

    private func rule(_ run: RunView) -> BreakerCourse.Rule {
        let open = plan.duration("open") ?? .zero
        let rate = plan.fraction("failure-rate")
        return BreakerCourse.Rule(
            failures: rate == nil ? plan.count("failures") ?? 5 : nil, rate: rate ?? 1,
            window: plan.duration("window") ?? .seconds(60), fewest: plan.count("calls") ?? 10, open: open,
            openAtMost: plan.duration("open-at-most") ?? open * 2, probes: plan.count("probes") ?? 1,
            // A request travels to the server that counts it; a SYN is seen as it leaves.
            slack: guardsRequests ? run.underWay - .milliseconds(900) : .milliseconds(10))
    }

    func judge(_ run: RunView) -> Finding {
        let findings = run.sessionNames(of: plan.actor).map { judge(run, ClientSigns(run, $0)) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ signs: ClientSigns) -> Finding {
        let calls: [BreakerCall]
        if guardsRequests {
            guard let seen = BreakerCall.requests(run, signs, at: plan.text("at"), timeout: timeout) else {
                return plan.void(
                    "No server's driver reports requests: what \(signs.name)'s breaker lets through is unseen.")
            }
            calls = seen
        } else {
            guard signs.wire != nil else {
                return plan.void("On the wire \(signs.name) cannot be told from others on its host.")
            }
            calls = BreakerCall.attempts(signs, timeout: timeout, stop: run.stop)
        }
        let rule = rule(run)
        let course = BreakerCourse(calls, rule, stop: run.stop)
        let words = BreakerWords(signs)
        let breaches = course.breaches.filter { wasAsked($0, signs, rule) }
        if let breach = breaches.first { return tell(run, signs, breach, rule) }
        if let finding = words.contradiction(run, plan, course) { return finding }
        if let finding = flapping(run, signs, words.changes.isEmpty ? course.changes : words.changes) { return finding }
        return course.openings.isEmpty || course.periods.isEmpty
            ? unseen(run, signs, course, rule, calls.count) : pass(run, signs, course, rule)
    }

    /// A breaker that nobody asks for anything cannot be seen to be stuck. Connections are always wanted.
    private func wasAsked(_ breach: BreakerCourse.Breach, _ signs: ClientSigns, _ rule: BreakerCourse.Rule) -> Bool {
        guard guardsRequests, case .stuckOpen(_, let next, let opening) = breach else { return true }
        return signs.reports.contains { said in
            said.kind == .request && said.moment.time > opening.latest + rule.openAtMost
                && next.map { said.moment.time < $0.began.time } ?? true
        }
    }

    private func unseen(
        _ run: RunView, _ signs: ClientSigns, _ course: BreakerCourse, _ rule: BreakerCourse.Rule, _ count: Int
    ) -> Finding {
        guard let opening = course.openings.first else {
            let need =
                rule.failures.map { "\($0) failures in a row" }
                ?? "failures of \(Units.text(fraction: rule.rate)) of \(rule.fewest) calls"
            return plan.void(
                "\(signs.name) made \(count) \(callWord)s, and never came to \(need): its breaker had no reason to "
                    + "open."
            )
        }
        return plan.void(
            "The run ended before \(signs.name)'s breaker, which opened at \(run.at(opening.latest)), could be seen "
                + "to try "
                + "again.", evidence(run, opening))
    }

    private func pass(
        _ run: RunView, _ signs: ClientSigns, _ course: BreakerCourse, _ rule: BreakerCourse.Rule
    ) -> Finding {
        let shortest = course.periods.min() ?? .zero, longest = course.periods.max() ?? .zero
        let times = BreakerCourse.times(course.openings.count)
        return plan.pass(
            "\(signs.name)'s breaker opened \(times), stayed open for \(shortest.lengthText)"
                + (shortest == longest ? "" : " to \(longest.lengthText)") + ", let \(course.probed.count) "
                + "\(callWord)s through to try, and closed \(BreakerCourse.times(course.closings.count)).",
            measured: shortest.seconds, bound: rule.open.seconds, unit: "s",
            course.openings.prefix(4).flatMap { evidence(run, $0) }
                + course.probed.prefix(4).map { run.evidence($0.began, "probe: \($0.text)") })
    }

    private func evidence(_ run: RunView, _ opening: BreakerCourse.Opening) -> [Evidence] {
        let why = opening.isReopened ? "the probe that failed" : "failure \(opening.failures), which opens it"
        return [run.evidence(opening.by.began, "\(opening.by.text): \(why)")]
    }

    private func tell(
        _ run: RunView, _ signs: ClientSigns, _ breach: BreakerCourse.Breach, _ rule: BreakerCourse.Rule
    ) -> Finding {
        switch breach {
        case .calledWhileOpen(let calls, let opening):
            let gap = (calls[0].began.time - opening.latest).lengthText
            let cause =
                opening.isReopened
                ? "What usually causes it: one failed probe is counted like any other failure, instead of opening "
                    + "again."
                : "What usually causes it: this call does not ask the breaker, or the breaker counts other failures."
            return plan.fail(
                "\(reason(run, signs, opening)) and owed \(rule.open.lengthText) without \(oneCall); \(calls.count) "
                    + "came, "
                    + "the first after \(gap). \(cause)",
                measured: Double(calls.count), bound: 0, unit: "\(callWord)s",
                evidence(run, opening) + calls.prefix(8).map { run.evidence($0.began, "while open: \($0.text)") })
        case .stuckOpen(let time, let next, let opening):
            let how =
                next == nil ? "none came in the \(time.lengthText) to the end" : "one came after \(time.lengthText)"
            return plan.fail(
                "\(reason(run, signs, opening)) and had to try again within \(rule.openAtMost.lengthText); \(how). "
                    + "What usually causes it: only a success closes it, and nothing that could succeed is let "
                    + "through.",
                measured: time.seconds, bound: rule.openAtMost.seconds, unit: "s",
                evidence(run, opening) + [next].compactMap { $0 }.map { run.evidence($0.began, "next: \($0.text)") })
        case .tooManyProbes(let calls, let opening):
            return plan.fail(
                "\(reason(run, signs, opening)), and when it tried again it let \(rule.probes + calls.count) "
                    + "\(callWord)s through before it knew the result of the first \(rule.probes); \(rule.probes) were "
                    + "allowed. What usually causes it: half-open is a state without a count, so all that waited go.",
                measured: Double(rule.probes + calls.count), bound: Double(rule.probes), unit: "\(callWord)s",
                evidence(run, opening) + calls.prefix(8).map { run.evidence($0.began, "beside the probe: \($0.text)") })
        }
    }

    private func reason(_ run: RunView, _ signs: ClientSigns, _ opening: BreakerCourse.Opening) -> String {
        let time = run.at(opening.latest)
        return opening.isReopened
            ? "\(signs.name)'s breaker had to open again when its probe failed, by \(time)"
            : "\(signs.name)'s breaker had to open after \(opening.failures) failures, by \(time)"
    }

    private func flapping(_ run: RunView, _ signs: ClientSigns, _ changes: [Timestamp]) -> Finding? {
        guard let most = plan.count("changes") else { return nil }
        let window = plan.duration("changes-window") ?? .seconds(600)
        var worst = (count: 0, from: run.stop)
        for (index, start) in changes.enumerated() {
            let count = changes[index...].prefix { $0 - start <= window }.count
            if count > worst.count { worst = (count, start) }
        }
        guard worst.count > most else { return nil }
        return plan.fail(
            "\(signs.name)'s breaker changed its state \(worst.count) times in the \(window.lengthText) from "
                + "\(run.at(worst.from)) on; \(most) were allowed. What usually causes it: it closes after one "
                + "success of a "
                + "server that is still failing, or opens for too short a time.",
            measured: Double(worst.count), bound: Double(most), unit: "changes", [])
    }
}
