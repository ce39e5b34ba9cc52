import Recordings
import Scenarios

/// A client that comes back goes to the server it was at, or to another one.
struct Affinity: Expectation {
    static let definition = ExpectationDefinition(
        name: "affinity",
        summary: "Coming back, the client keeps to its server, or lets go of it.",
        details: """
            For each connection of an instance that was established in play after the one before it had ended or was \
            left: `kept` demands the same address and port, `released` another one. With `after`, only the first such \
            connection after each strike of that fault is judged. The number of those that went elsewhere than owed is \
            held against none.

            It is void when the instance did not come back, or not after the fault.
            """,
        subject: .client,
        parameters: [
            Parameter("server", .choice(["kept", "released"]), required: true, "Whether it is to be the same server."),
            Parameter("after", .fault, "Only the first connection after this fault is judged."),
        ],
        example: "{ affinity: subscriber, server: kept, after: blackhole }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding { plan.judgeConnections(run) { judge(run, $0, $1) } }

    private typealias Return = (before: ConnectionInventory.Connection, after: ConnectionInventory.Connection)

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        guard let play = run.play else { return plan.void("The timeline was not played.") }
        let up = connections.filter { $0.established.map { $0.time < run.playEnd } ?? false }
        var returns: [Return] = zip(up, up.dropFirst()).filter { $1.began.time >= play }.map { ($0, $1) }
        if let fault = plan.text("after") {
            let strikes = run.strikes.filter { $0.plan.kind == fault }.compactMap(\.struck?.time)
            returns = strikes.compactMap { struck in returns.first { $0.after.began.time >= struck } }
        }
        guard !returns.isEmpty else {
            return plan.void(
                "\(instance) did not come back\(plan.text("after").map { " after \($0)" } ?? " in play").")
        }
        let keeps = plan.text("server") != "released"
        let wrong = returns.filter { ($0.before.to == $0.after.to) != keeps }
        let owed = keeps ? "the server it had been at" : "another server"
        guard let first = wrong.first else {
            return plan.pass(
                "\(instance) came back \(returns.count) times, always to \(owed).", measured: 0, bound: 0,
                unit: "connections", [])
        }
        let cause =
            keeps
            ? "its session and what the server kept for it are elsewhere now; a client that shuffles its addresses at "
                + "each attempt, or forgets the one that worked, does this"
            : "the server that it came back to may be the one that asked it to go; a client that tries the first "
                + "address of its list again, or caches a resolved one, does this"
        return plan.fail(
            "\(instance) owed \(owed) when it came back, and \(wrong.count) of \(returns.count) times went elsewhere: "
                + "first at \(run.at(first.after.began.time)), \(run.context(at: first.after.began.time)), from "
                + "\(first.before.to) to \(first.after.to). What it means: \(cause).",
            measured: Double(wrong.count), bound: 0, unit: "connections",
            wrong.prefix(4).flatMap {
                [run.evidence($0.before.began, $0.before.text), run.evidence($0.after.began, $0.after.text)]
            })
    }
}
