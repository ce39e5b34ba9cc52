import Recordings
import Scenarios

/// Connections are used again instead of opened anew.
struct Reuse: Expectation {
    static let definition = ExpectationDefinition(
        name: "reuse",
        summary: "Connections carry many requests, or few new ones are opened in a minute.",
        details: """
            `requests`: requests and messages that the driver reported (`request`, `sent`) in play, for each \
            connection that stood in play. `per-minute`: connections that were established within any minute of \
            play. Judged for each instance; the worst decides.

            It is void when no connection of the instance stood in play and, with `requests`, when its driver reported \
            no request.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "requests", .number(0...1_000_000), "How many requests a connection carries at least, on average."),
            Parameter("per-minute", .count(0...1_000_000), "How many connections are opened in a minute at most."),
        ],
        example: "{ reuse: subscriber, requests: 10, per-minute: 6 }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        guard plan.parameters["requests"]?.number != nil || plan.count("per-minute") != nil else {
            return plan.void("Neither `requests` nor `per-minute` is given: there is nothing to hold it against.")
        }
        return plan.judgeConnections(run) { instance, connections in
            let play = run.play ?? run.stop
            let standing = connections.filter { connection in
                connection.established.map { $0.time < run.playEnd } ?? false
                    && connection.released.map { $0.time > play } ?? true
            }
            guard !standing.isEmpty else { return plan.void("No connection of \(instance) stood in play.") }
            var findings: [Finding] = []
            if let owed = plan.parameters["requests"]?.number {
                findings.append(requests(run, instance, standing, from: play, owed: owed))
            }
            if let most = plan.count("per-minute") {
                findings.append(rate(run, instance, standing.filter { $0.began.time >= play }, most: most))
            }
            return Finding.worst(findings) ?? plan.void("There is nothing to judge.")
        }
    }

    private func requests(
        _ run: RunView, _ instance: Instance, _ standing: [ConnectionInventory.Connection], from play: Timestamp,
        owed: Double
    ) -> Finding {
        let sessions = run.sessions.filter { $0.key.instance == instance }.values
        let moments =
            sessions.flatMap { session in
                session.reports.filter { $0.kind == .request }.map(\.moment) + session.sent.map(\.moment)
            }
        let count = moments.count { $0.time >= play && $0.time < run.playEnd }
        guard count > 0 else { return plan.void("\(instance) reported no request in play.") }
        let each = Double(count) / Double(standing.count)
        let words =
            "\(instance) made \(count) requests over \(standing.count) connections, "
            + "\(TimeText.rounded(each, digits: 2)) each"
        if each >= owed { return plan.pass(words + ".", measured: each, bound: owed, unit: "requests", []) }
        return plan.fail(
            words + "; \(TimeText.rounded(owed, digits: 2)) were owed. What usually causes it: a connection for each "
                + "request, a pool that is made anew each time, or answers that are not read to their end.",
            measured: each, bound: owed, unit: "requests",
            standing.prefix(8).map { run.evidence($0.began, "\($0.text) begun") })
    }

    private func rate(
        _ run: RunView, _ instance: Instance, _ new: [ConnectionInventory.Connection], most: Int
    ) -> Finding {
        let times = new.map(\.began).sorted { $0.time < $1.time }
        var (first, worst) = (0, 0..<0)
        for last in times.indices {
            while times[last].time - times[first].time >= .seconds(60) { first += 1 }
            if last + 1 - first > worst.count { worst = first..<(last + 1) }
        }
        let words = "\(instance) opened \(worst.count) connections within a minute"
        guard worst.count > most else {
            return plan.pass(
                words + " at most.", measured: Double(worst.count), bound: Double(most), unit: "connections", [])
        }
        return plan.fail(
            "\(words), from \(run.at(times[worst.lowerBound].time)) on, "
                + "\(run.context(at: times[worst.lowerBound].time)); "
                + "\(most) at most were owed. What usually causes it: connections that are not given back to the pool, "
                + "or a retry that dials anew each time.", measured: Double(worst.count), bound: Double(most),
            unit: "connections", worst.prefix(8).map { run.evidence(times[$0], "a connection was opened") })
    }
}
