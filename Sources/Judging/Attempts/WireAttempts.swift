import Recordings
import Scenarios

/// Tries to connect as the wire of a host shows them that nobody else dials from: new SYNs, and what became of each.
struct WireAttempts {
    private(set) var attempts: [Attempt] = []
    /// By how much a time between two of them may be wrong.
    let noise: Duration
    private var places: [Connection: Int] = [:]
    private let delays: [String: Duration]

    private struct Connection: Hashable {
        var client: Endpoint
        var server: Endpoint
    }

    /// A client that tries the next address while the last one does not answer (RFC 8305 has 250 ms) makes one attempt,
    /// not two.
    private static let sameTry = Duration.milliseconds(500)
    /// Names are asked for by TCP when an answer is long.
    private static let namePort = 53

    init(_ run: RunView, _ instance: Instance, _ wire: [RunView.Wire]) {
        let host = run.plan(of: instance.actor)?.host ?? ""
        let links = run.scenario.lab.links.filter { $0.first.host == host || $0.second.host == host }
        // What the other side sends is seen where it enters the last link; it arrives by the link's delay later.
        var delays: [String: Duration] = [:]
        var jitter = Duration.zero
        for link in links {
            let other = link.first.host == host ? link.second.host : link.first.host
            delays[link.name] = link.impairment(from: other).delay
            jitter = max(jitter, link.impairment(from: other).jitter)
        }
        self.delays = delays
        noise = .milliseconds(2) + jitter
        let lives = (run.lives[instance] ?? []).compactMap { life in
            if case .started = life.change { life.moment.time } else { nil }
        }
        for seen in wire where seen.moment.time < run.stop {
            let isOurs = seen.sends
            let (client, server) = isOurs ? (seen.from, seen.to) : (seen.to, seen.from)
            guard server.port != Self.namePort else { continue }
            let life = lives.filter { $0 <= seen.moment.time }.count
            take(seen, isOurs: isOurs, Connection(client: client, server: server), life)
        }
    }

    private mutating func take(_ seen: RunView.Wire, isOurs: Bool, _ connection: Connection, _ life: Int) {
        let place = places[connection]
        switch seen.kind {
        case .attempt:
            guard isOurs, !seen.isRepeated else { return }
            start(seen.moment, connection, life)
        case .firstResponse:
            guard !isOurs, let place, attempts[place].up == nil else { return }
            attempts[place].up = arrival(of: seen)
            attempts[place].end = nil
        case .fin, .reset:
            guard let place, attempts[place].end == nil else { return }
            let word = seen.kind == .fin ? "FIN" : "RST"
            attempts[place].end = isOurs ? seen.moment : arrival(of: seen)
            attempts[place].endText = "\(seen.from) sent a \(word)"
            places[connection] = nil
        case .established, .firstRequest, .data, .keepAlive: break
        }
    }

    private mutating func start(_ moment: Moment, _ connection: Connection, _ life: Int) {
        let server = connection.server
        if let last = attempts.indices.last, attempts[last].up == nil, attempts[last].life == life,
            !attempts[last].destinations.contains(where: { $0.address == server.address }),
            moment.time - attempts[last].start.time < Self.sameTry, attempts[last].end == nil
        {
            attempts[last].destinations.append(server)
            places[connection] = last
            return
        }
        places[connection] = attempts.count
        attempts.append(
            Attempt(start: moment, text: "it sent a SYN to \(server)", life: life, destinations: [server]))
    }

    private func arrival(of seen: RunView.Wire) -> Moment {
        Moment(time: seen.moment.time + (delays[seen.change.link] ?? .zero), line: seen.moment.line)
    }
}
