import Recordings
import Scenarios

/// One address does not answer: the others are tried.
struct TriesAddresses: Expectation {
    static let definition = ExpectationDefinition(
        name: "tries-addresses",
        summary: "While attempts fail, a client tries each of its addresses within so many attempts.",
        details: """
            Judged for clients whose connections can only be their host's, by the destinations of their new SYNs. In \
            any `within` attempts in a row that failed, each address of the `servers` must be among the destinations. \
            The most attempts in a row without one of them decides; the series ends with a success.

            It is void when there was no series of `within` failed attempts, and when the wire cannot tell.
            """,
        subject: .client,
        parameters: [
            Parameter("servers", .texts, required: true, "The actors or hosts that it may connect to."),
            Parameter("within", .count(1...1000), required: true, "In how many attempts each has to be tried."),
        ],
        example: "{ tries-addresses: subscriber, servers: [broker], within: 4 }")

    private let plan: ExpectationPlan
    private let servers: [String]
    private let within: Int

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        servers = plan.texts("servers") ?? []
        within = plan.count("within") ?? 1
    }

    func judge(_ run: RunView) -> Finding {
        let hosts = servers.map { name in run.plan(of: name)?.host ?? name }
        let addresses = zip(servers, hosts).map { name, host in
            (name, run.addresses(of: host))
        }
        if let unknown = addresses.first(where: { $0.1.isEmpty }) {
            return plan.void("\(unknown.0) is no actor or host of this lab.")
        }
        let histories = AttemptHistory.all(run, of: plan.actor, preferringWire: true).filter { $0.source == .wire }
        guard !histories.isEmpty else {
            return plan.void("On the host of \(plan.actor) others dial too: nobody can tell whose attempt is whose.")
        }
        let findings = histories.compactMap { judge(run, $0, addresses) }
        return Finding.worst(findings)
            ?? plan.void(
                "\(plan.actor) had no \(within) attempts in a row that failed: nothing made it try another one."
            )
    }

    private func judge(
        _ run: RunView, _ history: AttemptHistory, _ addresses: [(name: String, all: Set<IPAddress>)]
    ) -> Finding? {
        var worst: (missed: ArraySlice<Attempt>, name: String)?
        var longest = 0
        for series in Self.failedSeries(history.attempts) {
            longest = max(longest, series.count)
            for address in addresses {
                for missed in series.split(whereSeparator: { Self.goes($0, to: address.all) })
                where missed.count > worst?.missed.count ?? 0 {
                    worst = (missed, address.name)
                }
            }
        }
        guard longest >= within else { return nil }
        let count = worst?.missed.count ?? 0
        let evidence = (worst?.missed.prefix(6) ?? []).map { run.evidence($0.start, "attempt: \($0.text)") }
        guard let worst, count >= within else {
            return plan.pass(
                "\(history.name) tried each of \(servers.joined(separator: ", ")) within \(count + 1) attempts, in "
                    + "series of up to \(longest).", measured: Double(count + 1), bound: Double(within),
                unit: "attempts", evidence)
        }
        return plan.fail(
            "\(history.name) owed an attempt at \(worst.name) in any \(within) attempts that fail; it made \(count) in "
                + "a row without one \(run.context(at: worst.missed.first?.start.time ?? run.stop)). It knows, or "
                + "keeps to, one address only.",
            measured: Double(count), bound: Double(within), unit: "attempts", evidence)
    }

    private static func goes(_ attempt: Attempt, to addresses: Set<IPAddress>) -> Bool {
        attempt.destinations.contains { addresses.contains($0.address) }
    }

    /// Attempts in a row that did not lead to a session.
    private static func failedSeries(_ attempts: [Attempt]) -> [ArraySlice<Attempt>] {
        attempts.split { $0.up != nil }
    }
}
