import Recordings
import Scenarios

/// Anything that the other expectations miss: a small statement over what was recorded.
struct Assert: Expectation {
    static let definition = ExpectationDefinition(
        name: "assert",
        summary: "A statement over recorded events and samples holds.",
        details: """
            A statement is a comparison (<=, <, ==, !=, >=, >) of numbers, durations or sizes, or one of \
            `never(EVENTS)` and `before(EVENTS, EVENTS)`: the first of these came before the first of those. In a \
            double-quoted text of the scenario it stands on one line; texts inside it have single quotation marks.

            EVENTS are `EVENT of ACTOR`, or of one instance, `subscriber#1`; then optionally `where FIELD = \
            VALUE and ...` (any field that the driver says, such as text, stream, seq, session, class, ok; with \
            =, !=, <, <=, >, >=), and a part of the timeline: `between 10m and 15m`, `before 10m`, `after 10m`, \
            `during FAULT`, `outside FAULT`. Without one all of play counts, until the actors are stopped. EVENT \
            is an event of the driver protocol (attempt, received, error, ...); started, exited or told, of the \
            process; syn, established, fin or reset, sent by the actor's host, on the wire; lookup, of the lab's \
            name server by that host.

            Numbers: `count(EVENTS)`; `peak(1s, EVENTS)`, the most in any time so long. Of many values `min`, `max`, \
            `mean`, `sum` and `quantile(99%, ...)`, by nearest rank: of `gap(EVENTS)`, the times between an event and \
            the next of the same session; of `latency(A -> B)`, from sent to received; of `FIELD of EVENTS`, a number \
            that the driver says (fields that end in _ns, and retry_after, are durations); of `memory of ACTOR`, \
            `cpu`, `descriptors` or `threads`, sampled. A measure may have a factor: `0.9 * count(...)`.

            It is void when a measure had no values, when a count holds only because there was nothing to count, and \
            when `before` had not both. `never` and a count that must be 0 need proof that the actor spoke at all: \
            otherwise they are void, too.
            """,
        subject: .statement, parameters: [],
        example: "{ assert: \"count(attempt of subscriber between 1s and 5s) <= 20\" }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        guard case .assertion(let assertion) = plan.subject else { return plan.void("There is no statement to judge.") }
        switch assertion.statement {
        case .never(let events): return never(run, events)
        case .before(let first, let second): return before(run, first, second)
        case .compare(let left, let comparison, let right): return compare(run, left, comparison, right)
        }
    }

    private func never(_ run: RunView, _ events: Assertion.Events) -> Finding {
        let found = Occurrences(run, events)
        guard let first = found.all.first else {
            if let silence = found.silence { return plan.void(silence) }
            return plan.pass("There was no \(events.inWords).", measured: 0, bound: 0, unit: "", [])
        }
        return plan.fail(
            "There was to be no \(events.inWords); there \(found.all.count == 1 ? "was" : "were") "
                + "\(found.all.count), the first at \(run.at(first.moment.time)), "
                + "\(run.context(at: first.moment.time)).",
            measured: Double(found.all.count), bound: 0, unit: "", found.evidence)
    }

    private func before(_ run: RunView, _ first: Assertion.Events, _ second: Assertion.Events) -> Finding {
        let (early, late) = (Occurrences(run, first), Occurrences(run, second))
        guard let latter = late.all.first else {
            return plan.void("There was no \(second.inWords): nothing for \(first.inWords) to come before.")
        }
        guard let former = early.all.first else {
            if let silence = early.silence { return plan.void(silence) }
            return plan.fail(
                "\(second.inWords) came at \(run.at(latter.moment.time)), and \(first.inWords) never.", measured: nil,
                bound: nil, unit: "s", late.evidence)
        }
        let ahead = latter.moment.time - former.moment.time
        let evidence = [former, latter].map { run.evidence($0.moment, $0.text) }
        let comes = (former.moment.time, former.moment.line) < (latter.moment.time, latter.moment.line)
        return comes
            ? plan.pass(
                "\(first.inWords) came first, \(ahead.lengthText) before \(second.inWords).", measured: ahead.seconds,
                bound: 0, unit: "s", evidence)
            : plan.fail(
                "\(second.inWords) came at \(run.at(latter.moment.time)), \((.zero - ahead).lengthText) before the "
                    + "first \(first.inWords).", measured: ahead.seconds, bound: 0, unit: "s", evidence)
    }

    private func compare(
        _ run: RunView, _ left: Assertion.Operand, _ comparison: Assertion.Comparison, _ right: Assertion.Operand
    ) -> Finding {
        let sides = [left, right].map { Measured(run, $0) }
        if let void = sides.compactMap(\.void).first { return plan.void(void) }
        guard let a = sides[0].value, let b = sides[1].value else { return plan.void("There was nothing to measure.") }
        let (unit, other) = (sides[0].unit, sides[1].unit)
        let (x, y) = (a * Assert.scale(unit, beside: other), b * Assert.scale(other, beside: unit))
        let holds = comparison.holds(x, y)
        let counts = sides.filter { $0.isCount }
        if !counts.isEmpty, counts.allSatisfy({ $0.value == 0 }) {
            let silence = counts.compactMap(\.silence).first
            if let silence { return plan.void(silence) }
            let saysNone = holds && Assert.saysNone(left, comparison, right)
            if holds, !saysNone {
                return plan.void(
                    "There was no \(counts[0].what): the statement holds of nothing. To say that there is none, "
                        + "write never(...) or count(...) == 0.")
            }
        }
        let shown = unit == .unknown ? other : unit
        let evidence = sides.flatMap(\.evidence).sorted { ($0.at, $0.line) < ($1.at, $1.line) }
        let summary = sides.filter { !$0.what.isEmpty }.map {
            "\($0.summary) was \(shown.text(($0.value ?? 0) * Assert.scale($0.unit, beside: shown)))"
        }.joined(separator: ", ")
        return holds
            ? plan.pass("\(summary).", measured: x, bound: y, unit: shown.finding, evidence)
            : plan.fail(
                "\(summary); \(comparison.rawValue) \(shown.text(y)) was to hold.", measured: x, bound: y,
                unit: shown.finding, evidence)
    }

    /// A field's number has the unit of what it is compared with; drivers say times in nanoseconds.
    private static func scale(_ unit: Assertion.Unit, beside other: Assertion.Unit) -> Double {
        unit == .unknown && other == .seconds ? 1e-9 : 1
    }

    /// `count(...) == 0`, `<= 0`, `< 1`, either way round.
    private static func saysNone(
        _ left: Assertion.Operand, _ comparison: Assertion.Comparison, _ right: Assertion.Operand
    ) -> Bool {
        switch (left, comparison, right) {
        case (.measure, .equal, .value(0, _)), (.measure, .atMost, .value(0, _)), (.measure, .below, .value(1, _)),
            (.value(0, _), .equal, .measure), (.value(0, _), .atLeast, .measure), (.value(1, _), .above, .measure):
            true
        default: false
        }
    }
}

extension Assertion.Unit {
    /// As findings have it.
    var finding: String {
        switch self {
        case .count, .unknown: ""
        case .seconds: "s"
        case .bytes: "B"
        }
    }

    func text(_ value: Double) -> String {
        switch self {
        case .count, .unknown: TimeText.rounded(value, digits: 3)
        case .seconds: value.magnitude < 9e9 ? Duration.nanoseconds(Int64(value * 1e9)).lengthText : "\(value) s"
        case .bytes: value.magnitude < 9e18 ? Units.sizeText(Int64(value)) : "\(value) B"
        }
    }
}

extension Assertion.Events {
    /// `attempt of subscriber between 10m and 15m`
    var inWords: String {
        let index = actor.index.map { "#\($0)" } ?? ""
        let conditions = conditions.map { condition in
            switch condition.value {
            case .number(let number):
                "\(condition.field.text) \(condition.comparison.rawValue) \(Units.text(number: number))"
            case .text(let text): "\(condition.field.text) \(condition.comparison.rawValue) \(text)"
            }
        }
        let those = conditions.isEmpty ? "" : " where \(conditions.joined(separator: " and "))"
        return "\(kind.rawValue) of \(actor.name.text)\(index)\(those)\(window.map { " \($0.inWords)" } ?? "")"
    }
}

extension Assertion.Window {
    var inWords: String {
        switch self {
        case .between(let start, let end): "between \(Units.text(start)) and \(Units.text(end))"
        case .before(let end): "before \(Units.text(end))"
        case .after(let start): "after \(Units.text(start))"
        case .during(let fault): "during \(fault.text)"
        case .outside(let fault): "outside \(fault.text)"
        }
    }
}
