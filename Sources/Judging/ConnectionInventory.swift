import JSONLines
import Recordings
import Scenarios

/// Every TCP connection that programs of the lab opened or tried to, as their own host saw it: who opened it, where to,
/// whether it is encrypted, for how long it stood and what went over it.
package struct ConnectionInventory: Sendable {
    /// One connection, from its first SYN.
    package struct Connection: Sendable {
        /// Where the side that sent the SYN is, and the link that the SYN took.
        package var host: String
        package var link: String
        package var from: Endpoint
        package var to: Endpoint
        /// The actor, or the host, that has this address; nil for an address outside the lab.
        package var destination: String?
        /// Nil when nobody can tell.
        package var owner: Instance?
        /// The driver's session, where it named this connection.
        package var session: String?
        /// SYNs, those that came again too.
        package var attempts: [Moment]
        package var established: Moment?
        package var firstRequest: Moment?
        package var firstResponse: Moment?
        /// FINs and RSTs, in time order.
        package var endings: [Ending] = []
        package var encryption: [Encryption] = []
        package var totals: (moment: Moment, totals: ConnectionTotals)?
        /// From when on, at the earliest, its own side held it no more, where only the host's sockets tell.
        package private(set) var letGo: Moment?
        /// Places in `RunView.wire` of its host.
        var places: [Int] = []

        package var began: Moment { attempts[0] }

        mutating func releasedUnseen(_ moment: Moment) { letGo = moment }
    }

    /// A FIN or a RST.
    package struct Ending: Sendable {
        package var moment: Moment
        package var isReset: Bool
        /// By the side that had sent the SYN.
        package var byInitiator: Bool
    }

    /// What was in clear of a connection's beginning.
    package struct Encryption: Sendable {
        package var moment: Moment
        package var change: TLSChange.Change
        package var byInitiator: Bool
    }

    /// In the order in which they began.
    package internal(set) var connections: [Connection] = []
    /// Places in `connections`.
    private(set) var byOwner: [Instance: [Int]] = [:]
    private(set) var bySession: [RunView.SessionName: [Int]] = [:]
    /// Whose drivers say which connection is which session's.
    private(set) var hasNamedSessions: Set<Instance> = []
    private var byEnds: [Ends: [Int]] = [:]

    init() {}

    private typealias Ends = ConnectionEnds

    /// What the wire tells of them; `complete` adds the rest.
    init(wireOf run: RunView) {
        let hosts = Set(run.scenario.actors.map(\.host))
        for host in run.scenario.lab.hosts.map(\.name) where hosts.contains(host) {
            take(run.wire[host] ?? [], of: host)
        }
    }

    /// What drivers, sockets and the bytes on the wire tell of them.
    mutating func complete(_ run: RunView) {
        takeFacts(run)
        takeOwners(run)
        takeSessions(run)
        for host in run.scenario.lab.hosts.map(\.name) { takeSockets(run, host) }
        nameDestinations(run)
        for place in connections.indices {
            guard let owner = connections[place].owner else { continue }
            byOwner[owner, default: []].append(place)
            if let session = connections[place].session {
                bySession[RunView.SessionName(instance: owner, session: session), default: []].append(place)
            }
        }
    }

    private mutating func take(_ wire: [RunView.Wire], of host: String) {
        var current: [Ends: Int] = [:]
        // Growing step by step would copy a hundred thousand connections again and again.
        connections.reserveCapacity(connections.count + wire.count { $0.kind == .attempt })
        for (place, seen) in wire.enumerated() {
            // Nobody of this host has dialled so far.
            if current.isEmpty, seen.kind != .attempt { continue }
            let ends = seen.ends
            if seen.kind == .attempt {
                guard seen.sends else { continue }
                if seen.isRepeated, let known = current[ends] {
                    connections[known].attempts.append(seen.moment)
                    connections[known].places.append(place)
                    continue
                }
                current[ends] = connections.count
                byEnds[ends, default: []].append(connections.count)
                connections.append(
                    Connection(
                        host: host, link: seen.change.link, from: seen.from, to: seen.to, attempts: [seen.moment],
                        places: [place]))
                continue
            }
            let forward = current[ends]
            guard let known = forward ?? current[ends.turned] else { continue }
            connections[known].places.append(place)
            connections[known].take(seen.kind, at: seen.moment, byInitiator: forward != nil)
        }
    }

    /// The one of these ends that had begun last at this moment.
    private func place(_ places: [Int]?, at time: Timestamp) -> Int? {
        places?.last { connections[$0].began.time <= time } ?? places?.first
    }

    private mutating func takeFacts(_ run: RunView) {
        for (moment, change) in run.tls {
            guard let ends = run.endpoints.ends(from: change.from, to: change.to) else { continue }
            let isForward = byEnds[ends] != nil
            guard let known = place(byEnds[ends] ?? byEnds[ends.turned], at: moment.time) else { continue }
            connections[known].encryption.append(
                Encryption(moment: moment, change: change.change, byInitiator: isForward))
        }
        for (moment, totals) in run.totals {
            // The one that replaces it began at the same moment and comes after it.
            let ends = run.endpoints.ends(from: totals.from, to: totals.to)
            let began = ends.flatMap { byEnds[$0] }?.last { place in
                connections[place].began.line < moment.line && connections[place].totals == nil
            }
            if let began { connections[began].totals = (moment, totals) }
        }
    }

    private mutating func takeOwners(_ run: RunView) {
        var alone: [String: Instance] = [:]
        for actor in run.scenario.actors where run.dialsAlone(Instance(actor.name)) {
            alone[actor.host] = Instance(actor.name)
        }
        for place in connections.indices { connections[place].owner = alone[connections[place].host] }
        for (moment, owner) in run.owners {
            // Its SYN left the host before it entered the link.
            let places = run.endpoints.ends(from: owner.from, to: owner.to).flatMap { byEnds[$0] }
            let next = places?.first { connections[$0].began.time >= moment.time }
            if let next { connections[next].owner = owner.instance }
        }
    }

    /// What drivers said of their own end of a connection, `local`.
    private mutating func takeSessions(_ run: RunView) {
        var byLocal: [Endpoint: [Int]] = [:]
        for place in connections.indices { byLocal[connections[place].from, default: []].append(place) }
        for (name, session) in run.sessions.sorted(by: { $0.key < $1.key }) {
            for (moment, local) in session.ends {
                hasNamedSessions.insert(name.instance)
                guard let place = place(byLocal[local], saidAt: moment.time) else { continue }
                if let owner = connections[place].owner, owner != name.instance { continue }
                connections[place].owner = name.instance
                connections[place].session = name.session
            }
        }
    }

    /// An `attempt` may be said before its SYN, everything else comes after it.
    private func place(_ places: [Int]?, saidAt time: Timestamp) -> Int? {
        guard let places else { return nil }
        let before = places.last { connections[$0].began.time <= time }
        if let before, connections[before].isOpen(at: time) { return before }
        return places.first { connections[$0].began.time > time && connections[$0].began.time <= time + .seconds(1) }
            ?? before
    }

    private mutating func nameDestinations(_ run: RunView) {
        var hosts: [IPAddress: String] = [:]
        for host in run.scenario.lab.hosts {
            for address in run.addresses(of: host.name) { hosts[address] = host.name }
        }
        var names: [Endpoint: String] = [:]
        for place in connections.indices {
            let end = connections[place].to
            guard let host = hosts[end.address] else { continue }
            if names[end] == nil {
                let server = run.scenario.actors.first { $0.host == host && $0.ready == .port(end.port) }
                let only = run.scenario.actors.filter { $0.host == host && $0.role == .server }
                names[end] = server?.name ?? (only.count == 1 ? only[0].name : host)
            }
            connections[place].destination = names[end]
        }
    }

    /// Wire changes of these connections, in time order.
    func wire(ofConnections places: [Int], in run: RunView) -> [RunView.Wire] {
        guard let first = places.first else { return [] }
        // An instance has one host.
        let wire = run.wire[connections[first].host] ?? []
        return places.flatMap { connections[$0].places }.sorted().map { wire[$0] }
    }

    /// Those that a session's driver named, in the order in which they began; nil when it named none.
    func dials(of name: RunView.SessionName) -> [Dial]? { bySession[name]?.map { Dial(connections[$0]) } }

    /// The connections that are known to be this instance's.
    package func connections(of instance: Instance) -> [Connection] {
        (byOwner[instance] ?? []).map { connections[$0] }
    }
}

extension ConnectionInventory.Connection {
    fileprivate mutating func take(_ change: WireChange.Change, at moment: Moment, byInitiator: Bool) {
        switch change {
        case .established: established = established ?? moment
        case .firstRequest: firstRequest = firstRequest ?? moment
        case .firstResponse: firstResponse = firstResponse ?? moment
        case .fin, .reset:
            endings.append(
                ConnectionInventory.Ending(moment: moment, isReset: change == .reset, byInitiator: byInitiator))
        case .attempt, .data, .keepAlive: break
        }
    }

    /// When its own side let go of it: its FIN, or a RST from anybody, or before that by what its host's sockets say;
    /// nil when it never did.
    package var released: Moment? {
        let seen = endings.first { $0.byInitiator || $0.isReset }?.moment
        guard let letGo else { return seen }
        return seen.map { $0.time < letGo.time ? $0 : letGo } ?? letGo
    }

    /// Begun, and not let go of.
    package func isOpen(at time: Timestamp) -> Bool {
        began.time <= time && released.map { $0.time > time } ?? true
    }
}
