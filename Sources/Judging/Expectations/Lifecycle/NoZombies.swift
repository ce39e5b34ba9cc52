import Recordings
import Scenarios

/// A client that has moved on to a new connection lets go of the old one.
struct NoZombies: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-zombies",
        summary: "No connection stays open and silent once the client has moved on to a new one.",
        details: """
            For clients that keep one connection to a server, or speak on all they keep. When a new connection to the \
            same address and port is established in play, every older one of the same instance must, within the bound, \
            be let go of (a FIN of the client, a RST of anybody, or no socket for it when they are sampled: a FIN \
            stays behind data that nobody acknowledges), or bring something new from the server. What is \
            sent into it proves nothing: nobody may be there.

            It is void when the client never had a second connection to the same place, when the run ended before the \
            bound was over, and when the run did not record payload.
            """,
        subject: .client, needs: [.payload],
        parameters: [
            Parameter(
                "within", .duration(.zero...(.seconds(7 * 86400))), required: true,
                "Longest time from the new connection to the end of the old one.")
        ],
        example: "{ no-zombies: subscriber, within: 30s }")

    private let plan: ExpectationPlan
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        within = plan.duration("within") ?? .zero
    }

    /// An old connection, the one that came after it, and how long it was held since.
    private struct Held {
        var old: ConnectionInventory.Connection
        var new: Moment
        var time: Duration
        var isOver: Bool
    }

    func judge(_ run: RunView) -> Finding {
        if let void = plan.unrecorded(.payload, run) { return void }
        return plan.judgeConnections(run) { judge(run, $0, $1) }
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        guard let play = run.play else { return plan.void("The timeline was not played.") }
        var cases: [Held] = []
        for (place, old) in connections.enumerated() where old.established != nil {
            let next = connections.dropFirst(place + 1).first { new in
                new.to == old.to && new.established.map { $0.time >= play && $0.time < run.playEnd } ?? false
            }
            guard let new = next?.established, let held = held(run, old, since: new) else { continue }
            cases.append(held)
        }
        let judged = cases.filter { $0.isOver || $0.time > within }
        guard let worst = judged.max(by: { $0.time < $1.time }) else {
            return plan.void(
                cases.isEmpty
                    ? "\(instance) never had a second connection to the same place."
                    : "The run ended before \(within.lengthText) were over since \(instance) had moved on.")
        }
        let zombies = judged.filter { $0.time > within }
        let evidence = [
            run.evidence(worst.old.established ?? worst.old.began, "\(worst.old.text) was established"),
            run.evidence(worst.new, "its successor was established"),
        ]
        guard !zombies.isEmpty else {
            return plan.pass(
                "\(instance) let go of all \(judged.count) connections that it had left, the last after "
                    + "\(worst.time.lengthText).", measured: worst.time.seconds, bound: within.seconds, unit: "s",
                evidence)
        }
        let end = worst.isOver ? "it was let go of then" : "it was still open at the end"
        return plan.fail(
            "\(instance) kept \(zombies.count) of \(judged.count) connections open after it had moved on to a new one: "
                + "the worst stayed, with nothing from the server, for \(worst.time.lengthText) (\(end)); "
                + "\(within.lengthText) were allowed. On the server each holds a session, a descriptor and memory. "
                + "What "
                + "usually causes it: the old connection is dropped from the client's books and never closed.",
            measured: worst.time.seconds, bound: within.seconds, unit: "s", evidence)
    }

    /// Nil for one that was let go of before, or that the server still spoke on.
    private func held(_ run: RunView, _ old: ConnectionInventory.Connection, since new: Moment) -> Held? {
        if let released = old.released, released.time <= new.time {
            return Held(old: old, new: new, time: .zero, isOver: true)
        }
        let isAlive = run.wire(of: old).contains { seen in
            seen.change.change == .data && !seen.change.repeated && seen.change.from == old.to
                && seen.moment.time > new.time
        }
        if isAlive { return nil }
        let end = old.released?.time ?? run.stop
        return Held(old: old, new: new, time: end - new.time, isOver: old.released.map { $0.time < run.stop } ?? false)
    }
}
