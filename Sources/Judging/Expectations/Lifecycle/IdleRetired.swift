import Recordings
import Scenarios

/// Connections that nobody uses are closed.
struct IdleRetired: Expectation {
    static let definition = ExpectationDefinition(
        name: "idle-retired",
        summary: "A connection that carries nothing is closed by the client within a time.",
        details: """
            Judged for each connection of each instance in play, on the wire: no pause without new payload, in either \
            direction, may be longer than the bound while the client still holds the connection. Heartbeats are \
            payload; probes of TCP keep-alive are not.

            It is void when the client closed none of its connections after a pause of a second or more and none had a \
            longer pause than the bound, as then nothing was idle; and when the run did not record payload.
            """,
        subject: .client, needs: [.payload],
        parameters: [
            Parameter(
                "within", .duration(.seconds(1)...(.seconds(7 * 86400))), required: true,
                "Longest time without payload for which a connection may be kept.")
        ],
        example: "{ idle-retired: subscriber, within: 90s }")

    private let plan: ExpectationPlan
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        within = plan.duration("within") ?? .zero
    }

    private struct Pause {
        var connection: ConnectionInventory.Connection
        var from: Timestamp
        var to: Moment
        var endsWithClose: Bool
        var length: Duration { to.time - from }
    }

    private static let shortest = Duration.seconds(1)

    func judge(_ run: RunView) -> Finding {
        if let void = plan.unrecorded(.payload, run) { return void }
        return plan.judgeConnections(run) { judge(run, $0, $1) }
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        let found = connections.flatMap { pauses(run, $0) }
        guard let worst = found.max(by: { $0.length < $1.length }) else {
            return plan.void("No connection of \(instance) was silent in play.")
        }
        let length = worst.length.lengthText
        let after = worst.endsWithClose ? "its FIN, after" : "payload, or the end, after"
        let evidence = [
            run.evidence(worst.connection.began, "\(worst.connection.text) begun"),
            run.evidence(worst.to, "\(after) \(length) without payload"),
        ]
        if worst.length > within {
            let place = worst.connection.destination ?? "\(worst.connection.to)"
            let what =
                "\(instance) kept a connection to \(place) for \(length) without payload, from \(run.at(worst.from)) "
                + "on; "
            let cause =
                "\(within.lengthText) were allowed. What usually causes it: a pool without an idle timeout, or one "
                + "that "
                + "looks for idle connections only when one is asked for."
            return plan.fail(
                what + cause, measured: worst.length.seconds, bound: within.seconds, unit: "s", evidence)
        }
        let retired = found.count { $0.endsWithClose && $0.length >= IdleRetired.shortest }
        guard retired > 0 else {
            return plan.void(
                "No connection of \(instance) was idle: the longest pause was \(length), and none was closed after one."
            )
        }
        return plan.pass(
            "\(instance) closed \(retired) idle connections; none was kept for longer than \(length) without payload.",
            measured: worst.length.seconds, bound: within.seconds, unit: "s", evidence)
    }

    /// The pauses of a connection that ended in play; the end of the timeline ends one too.
    private func pauses(_ run: RunView, _ connection: ConnectionInventory.Connection) -> [Pause] {
        guard let play = run.play, let up = connection.established, let end = run.phases[.settle] ?? run.phases[.stop]
        else { return [] }
        var last = max(up.time, play)
        var found: [Pause] = []
        func pause(_ from: Timestamp, _ to: Moment, endsWithClose: Bool) {
            guard from < to.time else { return }
            found.append(Pause(connection: connection, from: from, to: to, endsWithClose: endsWithClose))
        }
        for seen in run.wire(of: connection) where seen.moment.time < end.time {
            let change = seen.change
            switch change.change {
            case .data where !change.repeated:
                // The other direction may have been busy since: its own last payload is the later one.
                let own = change.quiet.map { seen.moment.time + .nanoseconds(-$0) } ?? last
                pause(max(last, own), seen.moment, endsWithClose: false)
                last = max(last, seen.moment.time)
            case .fin where change.from == connection.from, .reset:
                let own = change.quiet.map { seen.moment.time + .nanoseconds(-$0) } ?? last
                pause(max(last, own), seen.moment, endsWithClose: change.change == .fin)
                return found
            case .attempt, .established, .firstRequest, .firstResponse, .fin, .data, .keepAlive: break
            }
        }
        pause(last, end, endsWithClose: false)
        return found
    }
}
