import Recordings
import Scenarios

/// A client does not speak to a server that shows it a bad certificate.
struct CertificateChecked: Expectation {
    static let definition = ExpectationDefinition(
        name: "certificate-checked",
        summary: "A client that is shown a bad certificate says nothing to that server.",
        details: """
            Judged for each fault `certificate` that makes a certificate bad, and each instance: no TLS connection to \
            the struck actor that was answered while the fault had its hits may carry application data of the client, \
            and the driver may not say `connected` on one. A handshake that is given up, with an alert or without, is \
            right; trying again is `attempts`' matter.

            Data is told from the handshake by the records in clear; in TLS 1.3 the client's first encrypted records \
            are its Finished, and what comes in later segments is data.

            It is void when the client began no handshake with the struck actor in that time, and when it used \
            connections of which some were resumed: those show no certificate, and which they were cannot be told.
            """,
        subject: .client, parameters: [], example: "{ certificate-checked: subscriber }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        if let void = plan.unrecorded(.connections, run) { return void }
        let strikes = run.strikes.filter { strike in
            strike.plan.kind == "certificate" && strike.plan.parameters["becomes"]?.text != "renewed"
        }
        guard !strikes.isEmpty else { return plan.void("No fault of the timeline makes a certificate bad.") }
        let findings = strikes.map { strike in
            let first = firstShown(run, strike)
            return plan.judgeConnections(run) { judge(run, strike, since: first, $0, $1) }
        }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(
        _ run: RunView, _ strike: FaultStrike, since first: Timestamp?, _ instance: Instance,
        _ own: [ConnectionInventory.Connection]
    ) -> Finding {
        let met = own.filter { isShown(run, strike, since: first, $0) }
        guard !met.isEmpty else {
            return plan.void("\(instance) began no TLS handshake that was answered during \(strike.name).")
        }
        let used = met.compactMap { connection in use(run, connection, of: instance).map { (connection, $0) } }
        guard let (one, moment) = used.first else {
            return plan.pass(
                "\(instance) was shown the bad certificate \(met.count) times during \(strike.name) and said nothing "
                    + "to "
                    + "that server.", measured: 0, bound: 0, unit: "connections", evidence(run, met))
        }
        let answered = run.inventory.connections.count { isShown(run, strike, since: first, $0) }
        if Int64(answered) > strike.hits {
            return plan.void(
                "During \(strike.name) \(answered) handshakes were answered and only \(strike.hits) showed a "
                    + "certificate: the others were resumed, and which is not known.", evidence(run, [one]))
        }
        return plan.fail(
            "\(instance) went on over \(used.count) of \(met.count) connections on which it was shown a bad "
                + "certificate "
                + "(\(strike.name)): first at \(run.at(moment.time)), \(one.text). Anybody between it and its "
                + "server can "
                + "read and change what it says. What usually causes it: verification that was switched off for a test "
                + "(CERT_NONE, InsecureSkipVerify, rejectUnauthorized: false), or a host name that nobody compares.",
            measured: Double(used.count), bound: 0, unit: "connections",
            evidence(run, [one]) + [run.evidence(moment, "it went on over this connection")])
    }

    /// When the bad certificate was first shown; nil when it never was. The handshake that made the first hit comes
    /// before the hit, which is told once the ServerHello has been seen.
    private func firstShown(_ run: RunView, _ strike: FaultStrike) -> Timestamp? {
        guard let hit = strike.firstHit?.time, let applied = strike.applied?.time else { return nil }
        let answers = run.inventory.connections.compactMap { connection -> Timestamp? in
            guard let answer = connection.choice?.moment.time, answer >= applied, answer <= hit,
                isTarget(run, strike, connection)
            else { return nil }
            return answer
        }
        return answers.max() ?? hit
    }

    /// The server answered it while what it showed was bad.
    private func isShown(
        _ run: RunView, _ strike: FaultStrike, since first: Timestamp?, _ connection: ConnectionInventory.Connection
    ) -> Bool {
        guard let first, let choice = connection.choice, isTarget(run, strike, connection) else { return false }
        return choice.moment.time >= first && choice.moment.time < strike.healed?.time ?? run.stop
    }

    private func isTarget(
        _ run: RunView, _ strike: FaultStrike, _ connection: ConnectionInventory.Connection
    ) -> Bool {
        strike.plan.target.actors.contains { isServed(run, connection, by: $0) }
    }

    private func isServed(_ run: RunView, _ connection: ConnectionInventory.Connection, by actor: String) -> Bool {
        connection.destination == actor || run.isPlace(actor, connection.to)
    }

    /// When it was used for anything.
    private func use(
        _ run: RunView, _ connection: ConnectionInventory.Connection, of instance: Instance
    ) -> Moment? {
        if let data = connection.firstData { return data }
        guard let choice = connection.choice, run.dialsAlone(instance) else { return nil }
        let end = connection.endings.first?.moment.time ?? run.stop
        let reports = run.sessions.filter { $0.key.instance == instance }.values.flatMap(\.reports)
        let others = run.inventory.connections(of: instance).contains { other in
            other.began.line != connection.began.line && other.isOpen(at: choice.moment.time)
        }
        // Where several stand, the word may be about another.
        if others { return nil }
        return reports.filter { said in
            said.kind == .connected && said.moment.time > choice.moment.time && said.moment.time < end
        }.map(\.moment).min { $0.time < $1.time }
    }

    private func evidence(_ run: RunView, _ connections: [ConnectionInventory.Connection]) -> [Evidence] {
        connections.prefix(4).flatMap { connection in
            connection.encryption.prefix(5).map { seen in
                run.evidence(seen.moment, "\(connection.text): \(CertificateChecked.words(seen))")
            }
        }
    }

    private static func words(_ seen: ConnectionInventory.Encryption) -> String {
        let who = seen.byInitiator ? "the client" : "the server"
        switch seen.change {
        case .clientHello(let version, let name):
            return "ClientHello, TLS \(version ?? "?"), name \(name ?? "none")"
        case .serverHello(let version, let cipher): return "ServerHello, TLS \(version), \(cipher)"
        case .alert(let name): return "\(who) sent an alert\(name.map { ", \($0)" } ?? "")"
        case .finished: return "the client finished the handshake"
        case .data: return "the client sent application data"
        case .plain(let guess): return "plain text\(guess.map { ", \($0)" } ?? "")"
        }
    }
}
