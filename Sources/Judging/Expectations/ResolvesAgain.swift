import Recordings
import Scenarios

/// Names are asked for again: a server that has moved is found.
struct ResolvesAgain: Expectation {
    static let definition = ExpectationDefinition(
        name: "resolves-again",
        summary: "A client asks for its server's name again before it connects, once the last answer has expired.",
        details: """
            Judged in labs with a name server, for clients whose connections can only be their host's. Before each \
            attempt (a new SYN) the host must have asked for a name within the time that the latest answer may be \
            remembered (its TTL) and one second; with `every: attempt`, since the attempt before. An answer that \
            never came counts: asking is what is owed. The attempt with the oldest answer decides.

            It is void without a name server, when the host never asked (its programs may be given an address), when \
            every attempt came while the first answer was still good, and when the wire cannot tell.
            """,
        subject: .client,
        parameters: [
            Parameter("name", .text, "The name that has to be asked for; any when not given."),
            Parameter(
                "every", .choice(["ttl", "attempt"]), default: .text("ttl"),
                "How often: when the answer has expired, or before every attempt."),
        ],
        example: "{ resolves-again: subscriber, every: attempt }")

    private let plan: ExpectationPlan
    private let wanted: String?
    private let isEveryAttempt: Bool
    /// Answers are remembered in whole seconds.
    private static let rounding = Duration.seconds(1)

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        wanted = plan.text("name")
        isEveryAttempt = plan.text("every") == "attempt"
    }

    func judge(_ run: RunView) -> Finding {
        guard run.scenario.lab.nameServer != nil else {
            return plan.void("The lab has no name server: names stand in a hosts file, and nobody sees who reads it.")
        }
        let histories = AttemptHistory.all(run, of: plan.actor, preferringWire: true).filter { $0.source == .wire }
        guard !histories.isEmpty else {
            return plan.void(
                "On the host of \(plan.actor) others dial too: nobody can tell whose question or attempt is whose.")
        }
        let findings = histories.map { judge(run, $0) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    /// An attempt and the question that it rests on.
    private struct Basis {
        var attempt: Attempt
        var before: Attempt?
        var question: RunView.Lookup
        var age: Duration
        var allowed: Duration
    }

    private func judge(_ run: RunView, _ history: AttemptHistory) -> Finding {
        let host = run.plan(of: history.name.instance.actor)?.host
        let questions = run.lookups.filter { $0.lookup.host == host && isWanted($0.lookup.name) }
        guard let first = questions.first else {
            let name = wanted.map { "the name \($0)" } ?? "a name"
            return plan.void("\(history.name) never asked for \(name): it may have been given an address.")
        }
        let bases = bases(history, questions)
        guard let worst = bases.max(by: { $0.age - $0.allowed < $1.age - $1.allowed }) else {
            return plan.void(
                "\(history.name) made no attempt that shows whether it asks again: each came first, or while the "
                    + "answer to its first question was still good.",
                [run.evidence(first.moment, "it asked for \(first.lookup.name) first")])
        }
        let evidence = [
            run.evidence(worst.question.moment, "the latest question for \(worst.question.lookup.name)"),
            run.evidence(worst.attempt.start, "attempt: \(worst.attempt.text)"),
        ]
        let late = bases.filter { $0.age > $0.allowed }.count
        guard late > 0 else {
            return plan.pass(
                "\(history.name) asked in time before each of \(bases.count) attempts.",
                measured: worst.age.seconds, bound: worst.allowed.seconds, unit: "s", evidence)
        }
        let owed = isEveryAttempt ? "before every attempt" : "once an answer had expired"
        return plan.fail(
            "\(history.name) owed a question \(owed); \(late) of \(bases.count) attempts rest on an older one, the "
                + "worst on one \(worst.age.lengthText) old where \(worst.allowed.lengthText) were allowed. An address "
                + "that is resolved once, at start, is what a client dials for ever after its server has moved.",
            measured: worst.age.seconds, bound: worst.allowed.seconds, unit: "s", evidence)
    }

    private func bases(_ history: AttemptHistory, _ questions: [RunView.Lookup]) -> [Basis] {
        var (bases, next, ttl) = ([Basis](), 0, Duration.zero)
        let firstExpiry = questions[0].moment.time + expiry(questions[0], Duration.zero)
        for (place, attempt) in history.attempts.enumerated() {
            while next < questions.count, questions[next].moment.time <= attempt.start.time {
                ttl = expiry(questions[next], ttl)
                next += 1
            }
            guard next > 0 else { continue }
            let question = questions[next - 1]
            let age = attempt.start.time - question.moment.time
            let before = place > 0 ? history.attempts[place - 1] : nil
            if isEveryAttempt {
                // The first attempt shows nothing: who asks once asks before it.
                guard let before else { continue }
                let since = attempt.start.time - before.start.time
                bases.append(Basis(attempt: attempt, before: before, question: question, age: age, allowed: since))
            } else if attempt.start.time > firstExpiry {
                bases.append(Basis(attempt: attempt, before: before, question: question, age: age, allowed: ttl))
            }
        }
        return bases
    }

    /// For how long the answers may be remembered; one that brought no address changes nothing.
    private func expiry(_ question: RunView.Lookup, _ before: Duration) -> Duration {
        guard let ttl = question.lookup.ttl else { return max(before, Self.rounding) }
        return .seconds(min(max(ttl, 0), 366 * 86400)) + Self.rounding
    }

    private func isWanted(_ name: String) -> Bool {
        guard let wanted else { return true }
        // A resolver may add a domain or the root's point.
        return name == wanted || name.hasPrefix(wanted + ".")
    }
}
