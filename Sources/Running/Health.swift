import Recordings
import Scenarios

/// Has every client shown that it works? Facts in (events), an answer out.
///
/// A client with a driver is healthy once it is connected and, when the scenario expects messages to reach it, has
/// received one. Without a driver the wire must do: the client's host opened a connection and was answered on it.
package struct Health {
    private struct Client {
        var isConnected = false
        var hasReceived = false
        var hasSpoken = false
    }

    private var clients: [Instance: Client] = [:]
    private var answered: Set<IPAddress> = []
    private let addresses: [String: Set<IPAddress>]
    private let receivers: Set<String>

    package init(_ scenario: Scenario) {
        for actor in scenario.actors where actor.role == .client {
            for index in 0..<actor.count { clients[Instance(actor.name, index)] = Client() }
        }
        let hosts = Dictionary(scenario.lab.hosts.map { ($0.name, Set($0.addresses.map { IPAddress($0) })) }) { $1 }
        addresses = Dictionary(scenario.actors.map { ($0.name, hosts[$0.host] ?? []) }) { first, _ in first }
        receivers = Set(
            scenario.expectations.compactMap {
                if case .flow(_, let to) = $0.subject { to } else { nil }
            })
    }

    package mutating func saw(_ event: Event) {
        switch event.body {
        case .driver(let report):
            guard clients[report.instance] != nil else { return }
            clients[report.instance]!.hasSpoken = true
            switch report.kind {
            case .connected: clients[report.instance]!.isConnected = true
            case .received, .response: clients[report.instance]!.hasReceived = true
            case .hello, .state, .attempt, .sent, .acked, .request, .resumed, .refused, .queue, .breaker, .error, .note,
                .unsupported:
                break
            }
        case .wire(let change) where change.change == .firstResponse: answered.insert(change.to.address)
        case .wire, .tls, .connection, .owner, .phase, .actor, .fault, .mapping, .traffic, .sockets, .process,
            .lookup, .lost, .end:
            break
        }
    }

    package var isHealthy: Bool { clients.allSatisfy { isHealthy($0.key, $0.value) } }

    /// What the first client that is not healthy still lacks, in words; nil when all are.
    package var complaint: String? {
        let ill = clients.filter { !isHealthy($0.key, $0.value) }.sorted { $0.key < $1.key }
        guard let (instance, client) = ill.first else { return nil }
        let others = ill.count > 1 ? " (and \(ill.count - 1) more)" : ""
        if !client.hasSpoken { return "\(instance)\(others) said nothing and no connection of its host was answered" }
        if !client.isConnected { return "\(instance)\(others) never said that it is connected" }
        return "\(instance)\(others) is connected but has received no message"
    }

    private func isHealthy(_ instance: Instance, _ client: Client) -> Bool {
        guard client.hasSpoken else { return !answered.isDisjoint(with: addresses[instance.actor] ?? []) }
        let needsMessage = receivers.contains(instance.actor)
        return client.hasReceived || (client.isConnected && !needsMessage)
    }
}
