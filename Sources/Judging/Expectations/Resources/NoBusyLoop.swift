import Recordings
import Scenarios

/// A client that waits sleeps.
struct NoBusyLoop: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-busy-loop",
        summary: "The client neither tries, nor wakes, nor speaks more often than a client that sleeps when it waits.",
        details: """
            Judged for each instance in play, in the lab's time, in which computing takes none: connections begun \
            within any second (where the wire tells whose they are), wake-ups a second between any two samples of its \
            processes (voluntary context switches), and events of its driver within any second. The one that is worst \
            against its bound decides. A loop that never sleeps at all is ended by the run, which fails it anyway.

            It is void when no two samples of the instance were taken in play.
            """,
        subject: .client,
        parameters: [
            Parameter("attempts", .count(1...1_000_000), default: .count(20), "Connections begun in a second at most."),
            Parameter("wakeups", .count(1...10_000_000), default: .count(200), "Wake-ups in a second at most."),
            Parameter("events", .count(1...10_000_000), default: .count(5000), "Driver events in a second at most."),
        ],
        example: "{ no-busy-loop: subscriber, attempts: 20, wakeups: 200 }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    /// How often in a second, at worst, and where that begins.
    private struct Rate {
        var name: String
        var perSecond: Double
        var bound: Double
        var moment: Moment
        var cause: String
    }

    func judge(_ run: RunView) -> Finding {
        let findings = run.instances(of: plan.actor).map { judge(run, $0) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ instance: Instance) -> Finding {
        guard let play = run.play else { return plan.void("The timeline was not played.") }
        guard let wakeups = wakeups(run, instance, from: play) else {
            return plan.void("No two samples of \(instance) with its wake-ups were taken in play.")
        }
        let dials = (run.ownConnections(of: instance) ?? []).map(\.began)
        let said = run.sessions.filter { $0.key.instance == instance }.values.flatMap { session in
            session.reports.map(\.moment) + session.sent.map(\.moment) + session.received.map(\.moment)
        }
        let rates =
            [wakeups]
            + [
                busiest(
                    run, dials, "connections begun", plan.count("attempts") ?? 20,
                    "a retry without a delay, or a delay that is never waited for"),
                busiest(
                    run, said, "events of its driver", plan.count("events") ?? 5000,
                    "a loop around something that is always ready"),
            ].compactMap { $0 }
        let worst = rates.max { $0.perSecond / $0.bound < $1.perSecond / $1.bound } ?? wakeups
        let words =
            "\(TimeText.rounded(worst.perSecond, digits: 1)) \(worst.name) in a second, from "
            + "\(run.at(worst.moment.time)) on"
        let evidence = [run.evidence(worst.moment, words)]
        guard worst.perSecond > worst.bound else {
            return plan.pass(
                "\(instance) sleeps when it waits: \(words) at worst.", measured: worst.perSecond, bound: worst.bound,
                unit: "/s", evidence)
        }
        return plan.fail(
            "\(instance) is busy: \(words), \(run.context(at: worst.moment.time)); "
                + "\(TimeText.rounded(worst.bound, digits: 0)) were allowed. On a battery or a shared machine this "
                + "is what "
                + "users notice. What usually causes it: \(worst.cause).", measured: worst.perSecond,
            bound: worst.bound, unit: "/s", evidence)
    }

    private func wakeups(_ run: RunView, _ instance: Instance, from play: Timestamp) -> Rate? {
        let samples = (run.samples[instance] ?? []).filter { seen in
            seen.moment.time >= play && seen.moment.time <= run.stop && seen.sample.wakeups != nil
        }
        var worst: Rate?
        for (before, after) in zip(samples, samples.dropFirst()) {
            let time = (after.moment.time - before.moment.time).seconds
            // A process that was started again counts from zero.
            guard time >= 1, let from = before.sample.wakeups, let to = after.sample.wakeups else { continue }
            let rate = Double(max(0, to - from)) / time
            if rate > worst?.perSecond ?? -1 {
                worst = Rate(
                    name: "wake-ups", perSecond: rate, bound: Double(plan.count("wakeups") ?? 200),
                    moment: before.moment, cause: "polling with a short sleep or none, or a timer that rearms itself")
            }
        }
        return worst
    }

    /// Most within any second of play; nil when there were none.
    private func busiest(_ run: RunView, _ moments: [Moment], _ name: String, _ bound: Int, _ cause: String) -> Rate? {
        guard let play = run.play else { return nil }
        let times = moments.filter { $0.time >= play && $0.time < run.stop }.sorted { $0.time < $1.time }
        var (first, count, place) = (0, 0, 0)
        for last in times.indices {
            while times[last].time - times[first].time >= .seconds(1) { first += 1 }
            if last + 1 - first > count { (count, place) = (last + 1 - first, first) }
        }
        guard count > 0 else { return nil }
        return Rate(
            name: name, perSecond: Double(count), bound: Double(bound), moment: times[place], cause: cause)
    }
}
