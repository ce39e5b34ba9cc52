import Recordings
import Scenarios

/// TLS connections are of a version, and with a cipher, that is good enough, and name their server.
struct TLS: Expectation {
    static let definition = ExpectationDefinition(
        name: "tls",
        summary: "Every TLS connection is of a good version and cipher suite, and names its server.",
        details: """
            Judged on the wire, for each connection of each instance from its start to its end: the version and the \
            cipher suite that the server chose, and the server name that the client sent. A client that offers nothing \
            as high as the floor fails even where no server takes it up; one that refuses what the server chose, by an \
            alert or by ending the connection within a second, is right. Patterns of cipher suites are IANA's names, \
            `*` standing for anything: `TLS_AES_*`.

            Connections in plain text are not judged here: `no-plain-text` does that. It is void when the client made \
            no TLS connection.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "version", .choice(TLS.versions), default: .text("1.2"), "The lowest version that is good enough."),
            Parameter("ciphers", .texts, "Patterns of cipher suites of which one must fit."),
            Parameter("forbidden", .texts, "Patterns of cipher suites of which none may fit."),
            Parameter("server-name", .text, "The server name that must be sent."),
            Parameter("to", .place, "Only connections to this actor or host are judged."),
        ],
        example: "{ tls: subscriber, version: \"1.2\", forbidden: [\"*_CBC_*\", \"*_RC4_*\"] }")

    static let versions = ["1.0", "1.1", "1.2", "1.3"]

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        if let void = plan.unrecorded(.connections, run) { return void }
        return plan.judgeConnections(run) { judge(run, $0, $1) }
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        let to = plan.text("to")
        let encrypted = connections.filter { connection in
            connection.offer != nil && to.map { run.isPlace($0, connection.to) } ?? true
        }
        guard !encrypted.isEmpty else { return plan.void("\(instance) made no TLS connection that could be judged.") }
        let bad = encrypted.compactMap { connection in
            complaint(connection).map { run.evidence($0.moment, "\(connection.text): \($0.text)") }
        }
        guard let first = bad.first else {
            guard encrypted.contains(where: { $0.choice != nil }) else {
                return plan.void("No server answered any of the \(encrypted.count) TLS handshakes of \(instance).")
            }
            guard let last = encrypted.last(where: { $0.choice != nil && choiceComplaint($0) == nil })?.choice
            else {
                return plan.pass(
                    "\(instance) refused all servers that chose what is not good enough.", measured: 0, bound: 0,
                    unit: "connections", [])
            }
            return plan.pass(
                "All \(encrypted.count) TLS connections of \(instance) are as they should be; the last: "
                    + "\(last.version), "
                    + "\(last.cipher).", measured: 0, bound: 0, unit: "connections", [])
        }
        return plan.fail(
            "\(bad.count) of the \(encrypted.count) TLS connections of \(instance) are not good enough; first "
                + "\(first.text). What usually causes it: a library's defaults of years ago, or a context made by hand "
                + "without them.", measured: Double(bad.count), bound: 0, unit: "connections", Array(bad.prefix(8)))
    }

    private func complaint(
        _ connection: ConnectionInventory.Connection
    ) -> (moment: Moment, text: String)? {
        let floor = plan.text("version") ?? "1.2"
        guard let offer = connection.offer else { return nil }
        if let version = offer.version, TLS.rank(version) < TLS.rank(floor) {
            return (offer.moment, "it offers TLS \(version) at most, \(floor) is owed")
        }
        if let name = plan.text("server-name"), offer.name != name, offer.name != nil || offer.version != nil {
            return (offer.moment, offer.name.map { "it asks for the server name \($0)" } ?? "it sends no server name")
        }
        return refuses(connection) ? nil : choiceComplaint(connection)
    }

    /// What the server chose was not good enough for the client either.
    private func refuses(_ connection: ConnectionInventory.Connection) -> Bool {
        guard let choice = connection.choice?.moment else { return false }
        let next = connection.encryption.first { $0.byInitiator && $0.moment.line > choice.line }
        if let next { return if case .alert = next.change { true } else { false } }
        // What libraries that send no alert do; one that waits for the rest of the handshake has agreed.
        return connection.endings.first.map { $0.byInitiator && $0.moment.time - choice.time <= .seconds(1) } ?? false
    }

    private func choiceComplaint(
        _ connection: ConnectionInventory.Connection
    ) -> (moment: Moment, text: String)? {
        let floor = plan.text("version") ?? "1.2"
        guard let choice = connection.choice else { return nil }
        if TLS.rank(choice.version) < TLS.rank(floor) {
            return (choice.moment, "it is of TLS \(choice.version), \(floor) is owed")
        }
        if let allowed = plan.texts("ciphers"), !allowed.contains(where: { TLS.fits(choice.cipher, $0) }) {
            return (choice.moment, "its cipher suite \(choice.cipher) is none of those allowed")
        }
        if let pattern = plan.texts("forbidden")?.first(where: { TLS.fits(choice.cipher, $0) }) {
            return (choice.moment, "its cipher suite \(choice.cipher) is forbidden by \(pattern)")
        }
        return nil
    }

    /// SSL and unknown versions come before all others.
    private static func rank(_ version: String) -> Int { versions.firstIndex(of: version) ?? -1 }

    /// Whether a name is as a pattern has it, `*` standing for anything.
    static func fits(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return name == pattern }
        guard name.hasPrefix(first), name.hasSuffix(last), name.count >= first.count + last.count else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
