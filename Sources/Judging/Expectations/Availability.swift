import Recordings
import Scenarios

/// The client is connected for a share of the timeline, and never for long without a connection.
struct Availability: Expectation {
    static let definition = ExpectationDefinition(
        name: "availability",
        summary: "The client is connected for a share of the time, and no outage is long.",
        details: """
            From the start of play to the end of the timeline, for each session; the worst decides. A session is \
            connected from its driver's word (`connected`, or a state that means it) to the next word that it is not \
            (another state, an attempt, the end of its process), and only while the wire does not show that its \
            connection was ended by either side. Without a driver's word it is connected while the wire shows a \
            connection that was established and not ended. A connection that is dead and looks alive counts as \
            connected: `detection` is about that.

            It is void when neither driver nor wire can tell.
            """,
        subject: .client,
        parameters: [
            Parameter("at-least", .fraction(0...1), "Share of the time; 99% when no bound at all is given."),
            Parameter(
                "down-at-most", .duration(.zero ... .seconds(366 * 86400)), "Longest time without a connection, in all."
            ),
            Parameter("longest", .duration(.zero ... .seconds(366 * 86400)), "Longest single outage."),
        ],
        example: "{ availability: subscriber, at-least: 95%, longest: 2m }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        guard let play = run.play, run.playEnd > play else { return plan.void("Nothing was played.") }
        let findings = run.sessionNames(of: plan.actor).map { judge(run, ClientSigns(run, $0), play) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ signs: ClientSigns, _ play: Timestamp) -> Finding {
        guard signs.driverSpeaksOfUp || !signs.dials.isEmpty else {
            return plan.void(
                "Whether \(signs.name) was connected cannot be told: its driver does not say, and on the wire no "
                    + "connection is known to be its own.")
        }
        let outages = Outage.all(run, signs, from: play, to: run.playEnd)
        let span = run.playEnd - play
        let down = outages.reduce(Duration.zero) { $0 + $1.length }
        let longest = outages.map(\.length).max() ?? .zero
        let share = 1 - down / span
        let times = outages.count == 1 ? "once" : "\(outages.count) times"
        let told =
            outages.isEmpty
            ? "\(signs.name) was connected all the time"
            : "\(signs.name) was connected for \(Units.text(fraction: share)) of the time; it was down \(times), "
                + "for \(down.lengthText) in all and \(longest.lengthText) at the longest"
        let evidence = outages.sorted { $0.length > $1.length }.prefix(8).sorted { $0.from.time < $1.from.time }.map {
            run.evidence(
                $0.from, "down for \($0.length.lengthText): \($0.text), \(run.context(at: $0.from.time))")
        }
        let isBare = ["at-least", "down-at-most", "longest"].allSatisfy { plan.parameters[$0] == nil }
        let least = plan.fraction("at-least") ?? (isBare ? 0.99 : nil)
        let over = [(plan.duration("down-at-most"), down), (plan.duration("longest"), longest)]
        for case (let bound?, let taken) in over where taken > bound {
            return plan.fail(
                "\(told). \(bound.lengthText) were allowed. \(Availability.advice)", measured: taken.seconds,
                bound: bound.seconds, unit: "s", evidence)
        }
        if let least, share < least {
            return plan.fail(
                "\(told). \(Units.text(fraction: least)) were owed. \(Availability.advice)", measured: share * 100,
                bound: least * 100, unit: "%", evidence)
        }
        guard let least else {
            let (bound, taken) = over.first { $0.0 != nil } ?? (nil, down)
            return plan.pass(
                "\(told).", measured: taken.seconds, bound: bound?.seconds, unit: "s", evidence)
        }
        return plan.pass("\(told).", measured: share * 100, bound: least * 100, unit: "%", evidence)
    }

    private static let advice =
        "Each outage is the time to notice and the time to come back: `recovery` tells which of them was long."
}

/// A time without a connection.
struct Outage {
    var from: Moment
    var length: Duration
    var text: String

    private struct Change {
        var moment: Moment
        var isUp: Bool
        var text: String
    }

    /// In time order; one that is still on at the end ends there.
    static func all(_ run: RunView, _ signs: ClientSigns, from play: Timestamp, to end: Timestamp) -> [Outage] {
        let said = driverChanges(run, signs)
        let seen = wireChanges(signs)
        var isUp = (said: false, seen: false)
        var down: (from: Moment, text: String)?
        var outages: [Outage] = []
        let start = Moment(time: play, line: run.phases[.play]?.line ?? 1)
        let facts = said.map { ($0, true) } + seen.map { ($0, false) }
        let sorted = facts.sorted { ($0.0.moment.time, $0.0.moment.line) < ($1.0.moment.time, $1.0.moment.line) }
        func works() -> Bool {
            signs.driverSpeaksOfUp ? isUp.said && (isUp.seen || seen.isEmpty) : isUp.seen
        }
        var next = sorted[...]
        func take(_ fact: (Change, Bool)) {
            if fact.1 { isUp.said = fact.0.isUp } else { isUp.seen = fact.0.isUp }
        }
        while let fact = next.first, fact.0.moment.time <= play {
            take(fact)
            next.removeFirst()
        }
        if !works() { down = (start, "it was not connected") }
        for fact in next where fact.0.moment.time < end {
            take(fact)
            if works(), let since = down {
                outages.append(Outage(from: since.from, length: fact.0.moment.time - since.from.time, text: since.text))
                down = nil
            } else if !works(), down == nil {
                down = (fact.0.moment, fact.0.text)
            }
        }
        if let down { outages.append(Outage(from: down.from, length: end - down.from.time, text: down.text)) }
        return outages
    }

    private static func driverChanges(_ run: RunView, _ signs: ClientSigns) -> [Change] {
        var changes = signs.signs.filter(\.fromDriver).compactMap { sign -> Change? in
            switch sign.kind {
            case .up: Change(moment: sign.moment, isUp: true, text: sign.text)
            case .down, .attempt: Change(moment: sign.moment, isUp: false, text: sign.text)
            // It may be about anything.
            case .complaint, .response: nil
            }
        }
        for life in run.lives[signs.name.instance] ?? [] {
            guard case .exited = life.change else { continue }
            changes.append(Change(moment: life.moment, isUp: false, text: "its process ended"))
        }
        return changes
    }

    /// From none of its connections standing to one or more, and back.
    private static func wireChanges(_ signs: ClientSigns) -> [Change] {
        var facts: [(moment: Moment, change: Int)] = []
        for dial in signs.dials {
            guard let up = dial.established ?? dial.firstResponse else { continue }
            facts.append((up, 1))
            if let end = dial.ended, end.moment.time >= up.time { facts.append((end.moment, -1)) }
        }
        var open = 0
        var changes: [Change] = []
        for fact in facts.sorted(by: { ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line) }) {
            let before = open
            open += fact.change
            if before == 0, open > 0 { changes.append(Change(moment: fact.moment, isUp: true, text: "")) }
            if before > 0, open == 0 {
                changes.append(Change(moment: fact.moment, isUp: false, text: "its connection was ended on the wire"))
            }
        }
        return changes
    }
}
