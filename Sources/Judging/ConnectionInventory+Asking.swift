import Recordings
import Scenarios

// What a connection shows of itself.
extension ConnectionInventory.Connection {
    /// What a client offered first: its highest version and the server's name; nil without a ClientHello.
    package var offer: (moment: Moment, version: String?, name: String?)? {
        for seen in encryption {
            if case .clientHello(let version, let name) = seen.change { return (seen.moment, version, name) }
        }
        return nil
    }

    /// What the server chose; nil without a ServerHello.
    package var choice: (moment: Moment, version: String, cipher: String)? {
        for seen in encryption {
            if case .serverHello(let version, let cipher) = seen.change { return (seen.moment, version, cipher) }
        }
        return nil
    }

    /// Its first payload, when that was no TLS and no TLS followed; and what it looked like.
    package var plain: (moment: Moment, guess: String?)? {
        guard offer == nil else { return nil }
        for seen in encryption {
            if case .plain(let guess) = seen.change { return (seen.moment, guess) }
        }
        return nil
    }

    /// The client's first application data behind a TLS handshake.
    package var firstData: Moment? { encryption.first { $0.change == .data }?.moment }

    /// `10.77.1.1:40001 to broker (10.77.2.1:1883)`
    package var text: String { "\(from) to \(destination.map { "\($0) (\(to))" } ?? "\(to)")" }

    /// How long it stood, to the first end of either side or to `end`; nil when it never did.
    package func length(until end: Timestamp) -> Duration? {
        established.map { (endings.first?.moment.time ?? end) - $0.time }
    }
}

extension RunView {
    /// The connections that this instance opened; nil when nobody can tell them from others of its host.
    package func ownConnections(of instance: Instance) -> [ConnectionInventory.Connection]? {
        guard dialsAlone(instance) || recording.header.records.contains(.connections) else { return nil }
        return inventory.connections(of: instance)
    }

    /// Wire changes of this connection, in time order.
    func wire(of connection: ConnectionInventory.Connection) -> [Wire] {
        let all = wire[connection.host] ?? []
        return connection.places.map { all[$0] }
    }

    /// Whether this is where an actor, a host, an address or a port of it is: `broker`, `cloud`, `10.77.2.1`,
    /// `broker:1883`, `:1883`. An actor that is ready by a port is at that port only, unless another is named.
    func isPlace(_ text: String, _ endpoint: Endpoint) -> Bool {
        let colon = text.lastIndex(of: ":")
        let port = colon.flatMap { Int(text[text.index(after: $0)...]) }
        let name = port == nil ? text : String(text[..<(colon ?? text.endIndex)])
        if let port, port != endpoint.port { return false }
        if name.isEmpty || name == "\(endpoint.address)" { return true }
        func isAt(_ host: String) -> Bool {
            addresses(of: host).contains(endpoint.address)
        }
        if let actor = plan(of: name) {
            guard isAt(actor.host) else { return false }
            if port == nil, case .port(let own) = actor.ready { return own == endpoint.port }
            return true
        }
        return isAt(name)
    }
}

extension ExpectationPlan {
    /// The worst of what was found of each instance's connections; void for those whose connections nobody can tell.
    func judgeConnections(
        _ run: RunView, _ judge: (Instance, [ConnectionInventory.Connection]) -> Finding
    ) -> Finding {
        let findings = run.instances(of: actor).map { instance in
            run.ownConnections(of: instance).map { judge(instance, $0) }
                ?? void(
                    "Which connections are \(instance)'s cannot be told: others dial from its host, and the recording "
                        + "is of a format that does not say whose they are.")
        }
        return Finding.worst(findings) ?? void("\(actor) left no trace in the recording.")
    }

    /// Void when the run did not record what this needs; nil when it did.
    func unrecorded(_ record: Header.Record, _ run: RunView) -> Finding? {
        if run.recording.header.records.contains(record) { return nil }
        return void(
            "The run did not record what this needs (`\(record.rawValue)` is not among the header's records): its "
                + "scenario did not expect this when it was played. Play it again with this expectation.")
    }
}
