import Recordings
import Scenarios

/// One connection as one of its sides lives it: what it sends, what is sent to it, who ended it.
struct SideConnection {
    /// A burst of payload, or a keep-alive probe.
    struct Burst {
        enum Kind {
            /// New payload; the pause before it in this direction, nil for the first.
            case new(quiet: Duration?)
            /// Payload that had been sent before.
            case repeated
            case keepAlive
        }
        var moment: Moment
        var kind: Kind

        var isNew: Bool { if case .new = kind { true } else { false } }
    }

    let dial: Dial
    /// Whether this side sent the SYN.
    let dialed: Bool
    private(set) var sent: [Burst] = []
    private(set) var heard: [Burst] = []

    var peer: Endpoint { dialed ? dial.server : dial.client }
    var up: Moment? { dial.established ?? dial.firstResponse }
    var ownEnd: Dial.Ending? { dialed ? dial.clientEnd : dial.serverEnd }
    var peerEnd: Dial.Ending? { dialed ? dial.serverEnd : dial.clientEnd }

    func stands(at time: Timestamp) -> Bool {
        up.map { $0.time <= time } ?? false && dial.ended.map { $0.moment.time > time } ?? true
    }

    /// Those of a client's session.
    static func all(_ signs: ClientSigns) -> [SideConnection] { all(signs.dials, signs.wire ?? [], dialed: true) }

    /// Those that were made to a server.
    static func all(_ run: RunView, server: ActorPlan) -> [SideConnection] {
        let wire = run.wire[server.host] ?? []
        let isOwn = { run.isAddress($0, of: Instance(server.name)) }
        var dials = Dial.dials(wire, sends: { !isOwn($0.from.address) }, gets: { !isOwn($0.to.address) }).filter {
            isOwn($0.server.address)
        }
        if case .port(let port) = server.ready { dials = dials.filter { $0.server.port == port } }
        return all(dials, wire, dialed: false)
    }

    private static func all(_ dials: [Dial], _ wire: [RunView.Wire], dialed: Bool) -> [SideConnection] {
        var connections = dials.map { SideConnection(dial: $0, dialed: dialed) }
        var places: [[Endpoint]: [Int]] = [:]
        for (place, dial) in dials.enumerated() { places[[dial.client, dial.server], default: []].append(place) }
        for seen in wire {
            let kind: Burst.Kind
            switch seen.kind {
            case .data where seen.isRepeated: kind = .repeated
            case .data: kind = .new(quiet: seen.change.quiet.map { .nanoseconds($0) })
            case .keepAlive: kind = .keepAlive
            case .attempt, .established, .firstRequest, .firstResponse, .fin, .reset: continue
            }
            let ends = [seen.from, seen.to]
            let byClient = places[ends] != nil
            let candidates = places[ends] ?? places[ends.reversed()] ?? []
            let place = candidates.last { dials[$0].began.map { $0.time <= seen.moment.time } ?? false }
            guard let place else { continue }
            let burst = Burst(moment: seen.moment, kind: kind)
            if byClient == dialed {
                connections[place].sent.append(burst)
            } else {
                connections[place].heard.append(burst)
            }
        }
        return connections
    }
}
