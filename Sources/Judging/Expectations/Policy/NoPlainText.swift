import Recordings
import Scenarios

/// Whatever a client says over TCP is encrypted.
struct NoPlainText: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-plain-text",
        summary: "No connection of the client carries plain text.",
        details: """
            Judged on the wire, for each connection of each instance that carried payload, from its start to its end: \
            it begins with a TLS handshake, or goes over to TLS within its first 16 segments, as PostgreSQL and SMTP \
            do. What a connection in plain text looks like (http, mqtt) is a guess from its first bytes.

            It is void when no connection of the client carried payload.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "except", .texts, "Where plain text is allowed: actors, hosts or addresses, with a port or without.")
        ],
        example: "{ no-plain-text: subscriber, except: [\"cloud:9090\"] }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        if let void = plan.unrecorded(.connections, run) { return void }
        return plan.judgeConnections(run) { judge(run, $0, $1) }
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        let excepted = plan.texts("except") ?? []
        let judged = connections.filter { connection in
            !connection.encryption.isEmpty && !excepted.contains { run.isPlace($0, connection.to) }
        }
        guard !judged.isEmpty else {
            return plan.void("\(instance) had no connection with payload that could be judged.")
        }
        let bad = judged.compactMap { connection in
            connection.plain.map { plain in
                run.evidence(
                    plain.moment,
                    "\(connection.text): plain text\(plain.guess.map { ", it looks like \($0)" } ?? "")")
            }
        }
        guard let first = bad.first else {
            return plan.pass(
                "All \(judged.count) connections of \(instance) that carried payload are encrypted.", measured: 0,
                bound: 0, unit: "connections", [])
        }
        return plan.fail(
            "\(bad.count) of the \(judged.count) connections of \(instance) carry plain text; first \(first.text). "
                + "What "
                + "usually causes it: a default port or scheme without TLS, or a way back to plain text when TLS "
                + "fails.",
            measured: Double(bad.count), bound: 0, unit: "connections", Array(bad.prefix(8)))
    }
}
