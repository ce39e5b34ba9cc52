import Recordings
import Scenarios

/// One request of a user is not many at the server.
struct Amplification: Expectation {
    static let definition = ExpectationDefinition(
        name: "amplification",
        summary: "The server sees no more requests than so many for each one of the client's users.",
        details: """
            Measured is how many requests the server's driver reports for each request that the client's driver \
            reports: retries, hedges and repeats after a reconnect make it more than one. Where the two name requests \
            by the same id, all arrivals of the chosen requests count, whenever they came; otherwise arrivals in the \
            same time. `during` and `outside` choose requests by when the client asked.

            It is void when either driver reports no request then.
            """,
        subject: .flow,
        parameters: [
            Parameter(
                "most", .number(1...1000), required: true, "Most requests at the server for each of the client's.")
        ] + FaultScope.parameters,
        example: "{ amplification: subscriber -> broker, most: 1.5 }")

    private let plan: ExpectationPlan
    private let most: Double
    private let scope: FaultScope

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        most = plan.parameters["most"]?.number ?? 1
        scope = FaultScope(plan)
    }

    private struct Said {
        var id: String?
        var moment: Moment
    }

    func judge(_ run: RunView) -> Finding {
        guard case .flow(let client, let server) = plan.subject else { return plan.void("There is no flow to judge.") }
        let isIn = scope.filter(run)
        let asked = said(run, client).filter { isIn($0.moment.time) }
        let arrived = said(run, server)
        guard !asked.isEmpty else { return plan.void("\(client) reported no request\(scope.text).") }
        let ids = Set(asked.compactMap(\.id))
        let sharesIDs = arrived.contains { $0.id.map(ids.contains) ?? false }
        let counted = arrived.filter { said in
            sharesIDs ? said.id.map(ids.contains) ?? false : isIn(said.moment.time)
        }
        guard !counted.isEmpty else {
            return plan.void("\(server) reported no request\(scope.text): what came to it cannot be told.")
        }
        let ratio = Double(counted.count) / Double(asked.count)
        let summary =
            "\(asked.count.counted("request")) of \(client)\(scope.text) came to \(server) as \(counted.count): "
            + "\(TimeText.rounded(ratio, digits: 2)) for each"
        let evidence = sharesIDs ? often(run, counted) : []
        return ratio <= most
            ? plan.pass(summary + ".", measured: ratio, bound: most, unit: "times", evidence)
            : plan.fail(
                "\(summary); \(TimeText.rounded(most, digits: 2)) were allowed. Usually retries at more than one "
                    + "layer, or without a budget.",
                measured: ratio, bound: most, unit: "times", evidence)
    }

    private func said(_ run: RunView, _ actor: String) -> [Said] {
        run.sessionNames(of: actor).flatMap { name in
            (run.sessions[name]?.reports ?? []).filter { $0.kind == .request && $0.moment.time < run.stop }
                .map { Said(id: $0.report.id, moment: $0.moment) }
        }
        .sorted { ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line) }
    }

    /// The requests that came most often.
    private func often(_ run: RunView, _ arrived: [Said]) -> [Evidence] {
        let byID = Dictionary(grouping: arrived) { $0.id ?? "" }.filter { $0.value.count > 1 }
        let worst = byID.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.prefix(8)
        return worst.map { id, all in
            let last = all[all.count - 1].moment
            return run.evidence(
                all[0].moment,
                "request \(id) came \(all.count) times, the last at \(run.at(last.time)) (line \(last.line))")
        }
        .sorted { ($0.at, $0.line) < ($1.at, $1.line) }
    }
}
