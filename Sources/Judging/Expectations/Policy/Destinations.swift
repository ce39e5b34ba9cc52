import Recordings
import Scenarios

/// A client connects to nobody but those it should.
struct Destinations: Expectation {
    static let definition = ExpectationDefinition(
        name: "destinations",
        summary: "The client opens connections to these destinations only.",
        details: """
            Judged on the wire, for every TCP connection that an instance began, answered or not, from its start to \
            its end. An actor that is ready by a port is a destination at that port only; a host at every port; \
            `broker:8883`, `10.77.2.6` and `:443` say it otherwise. Questions to the name server are no connections.

            It is void when the client began no connection.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "only", .texts, required: true, "Actors, hosts or addresses, with a port or without; or ports alone.")
        ],
        example: "{ destinations: subscriber, only: [broker] }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding { plan.judgeConnections(run) { judge(run, $0, $1) } }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        guard !connections.isEmpty else { return plan.void("\(instance) began no connection.") }
        let allowed = plan.texts("only") ?? []
        let strays = connections.filter { connection in !allowed.contains { run.isPlace($0, connection.to) } }
        guard let first = strays.first else {
            return plan.pass(
                "All \(connections.count) connections of \(instance) went where they should.", measured: 0, bound: 0,
                unit: "connections", [])
        }
        var seen: Set<Endpoint> = []
        let evidence = strays.filter { seen.insert($0.to).inserted }.prefix(8).map { connection in
            run.evidence(
                connection.began,
                "\(connection.text), \(connection.established == nil ? "not answered" : "established")")
        }
        return plan.fail(
            "\(instance) began \(strays.count) of its \(connections.count) connections to \(seen.count) "
                + "\(seen.count == 1 ? "place" : "places") where it should not; first \(first.text) at "
                + "\(run.at(first.began.time)). What usually causes it: telemetry or an update check of a library, an "
                + "address from an old configuration, or a redirect that is followed anywhere.",
            measured: Double(strays.count), bound: 0, unit: "connections", evidence)
    }
}
