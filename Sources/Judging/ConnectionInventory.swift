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
        /// Its first SYN.
        package let began: Moment
        /// Those that came again.
        var again: [Moment] = []
        package var established: Moment?
        package var firstRequest: Moment?
        package var firstResponse: Moment?
        /// FINs and RSTs, in time order.
        package var endings: [Ending] = []
        package var encryption: [Encryption] = []
        /// One or none: an optional of this size would be most of what a connection takes.
        private var counted: [(moment: Moment, totals: ConnectionTotals)] = []
        /// From when on, at the earliest, its own side held it no more, where only the host's sockets tell.
        package private(set) var letGo: Moment?
        /// Places in `RunView.wire` of its host.
        fileprivate(set) var places: [Int] = []
        fileprivate let ends: ConnectionEnds
        /// The place in `connections` of the one before it that had the same ends.
        fileprivate let sameBefore: Int?

        /// SYNs, those that came again too.
        package var attempts: [Moment] { [began] + again }

        package fileprivate(set) var totals: (moment: Moment, totals: ConnectionTotals)? {
            get { counted.first }
            set { counted = newValue.map { [$0] } ?? [] }
        }

        fileprivate init(_ seen: RunView.Wire, at place: Int, of host: String, sameBefore: Int?) {
            self.host = host
            link = seen.change.link
            (from, to, ends) = (seen.from, seen.to, seen.ends)
            began = seen.moment
            self.sameBefore = sameBefore
            // As many as a connection has that comes up, says something and is closed.
            places.reserveCapacity(6)
            places.append(place)
        }

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
    /// The last connection of these ends; `sameBefore` leads to the others.
    private var latest: [Ends: Int] = [:]

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
        takeOwners(run)
        let (facts, said) = told(run)
        take(facts)
        let sessions = take(said, run)
        for host in run.scenario.lab.hosts.map(\.name) { takeSockets(run, host) }
        nameDestinations(run)
        var places: [[Int]] = Array(repeating: [], count: run.sessionOrder.count)
        for (place, session) in sessions.enumerated() {
            guard let owner = connections[place].owner else { continue }
            byOwner[owner, default: []].append(place)
            if let session { places[session].append(place) }
        }
        for (name, places) in zip(run.sessionOrder, places) where !places.isEmpty { bySession[name] = places }
    }

    private mutating func take(_ wire: [RunView.Wire], of host: String) {
        // Those before it are of other hosts, as whose these packets are no news.
        let first = connections.count
        // Growing step by step would copy a hundred thousand connections again and again.
        let attempts = wire.count { $0.kind == .attempt }
        connections.reserveCapacity(connections.count + attempts)
        latest.reserveCapacity(connections.count + attempts)
        for (place, seen) in wire.enumerated() {
            // Nobody of this host has dialled so far.
            if connections.count == first, seen.kind != .attempt { continue }
            let ends = seen.ends
            if seen.kind == .attempt {
                guard seen.sends else { continue }
                let before = latest[ends]
                if seen.isRepeated, let known = before, known >= first {
                    connections[known].again.append(seen.moment)
                    connections[known].places.append(place)
                    continue
                }
                latest[ends] = connections.count
                connections.append(Connection(seen, at: place, of: host, sameBefore: before))
                continue
            }
            let forward = latest[ends].flatMap { $0 >= first ? $0 : nil }
            guard let known = forward ?? latest[ends.turned], known >= first else { continue }
            connections[known].places.append(place)
            connections[known].take(seen.kind, at: seen.moment, byInitiator: forward != nil)
        }
    }

    /// Those of these ends, in the order in which they began; nil when there are none.
    private func places(_ ends: Ends) -> [Int]? {
        guard let last = latest[ends] else { return nil }
        return Array(sequence(first: last) { connections[$0].sameBefore }).reversed()
    }

    /// The one that had begun last at this moment.
    private func place(_ places: [Int]?, at time: Timestamp) -> Int? {
        places?.last { connections[$0].began.time <= time } ?? places?.first
    }

    /// What is known of single connections, each with its place.
    private typealias Facts = (
        encryption: [(place: Int, Encryption)], totals: [(place: Int, moment: Moment, totals: ConnectionTotals)]
    )

    /// Two looks through all connections, of which neither changes any.
    private func told(_ run: RunView) -> (Facts, [[Int?]]) {
        var (facts, said): (Facts, [[Int?]]) = (([], []), [])
        run.workers.together {
            facts = self.facts(run)
        } _: {
            said = self.said(run)
        }
        return (facts, said)
    }

    private func facts(_ run: RunView) -> Facts {
        var facts: Facts = ([], [])
        let endpoints = run.endpoints
        for (moment, change) in run.tls {
            guard let ends = endpoints.ends(from: change.from, to: change.to) else { continue }
            let isForward = latest[ends] != nil
            guard let known = place(places(isForward ? ends : ends.turned), at: moment.time) else { continue }
            facts.encryption.append(
                (known, Encryption(moment: moment, change: change.change, byInitiator: isForward)))
        }
        var isCounted = [Bool](repeating: false, count: connections.count)
        facts.totals.reserveCapacity(run.totals.count)
        for (moment, totals) in run.totals {
            guard let ends = endpoints.ends(from: totals.from, to: totals.to) else { continue }
            // The last that may be it: one that replaces it began at the same moment and comes after it.
            var next = latest[ends]
            while let place = next, isCounted[place] || connections[place].began.line >= moment.line {
                next = connections[place].sameBefore
            }
            guard let place = next else { continue }
            isCounted[place] = true
            facts.totals.append((place, moment, totals))
        }
        return facts
    }

    private mutating func take(_ facts: Facts) {
        for (place, encryption) in facts.encryption { connections[place].encryption.append(encryption) }
        for (place, moment, totals) in facts.totals { connections[place].totals = (moment, totals) }
    }

    private mutating func takeOwners(_ run: RunView) {
        var alone: [String: Instance] = [:]
        for actor in run.scenario.actors where run.dialsAlone(Instance(actor.name)) {
            alone[actor.host] = Instance(actor.name)
        }
        for place in alone.isEmpty ? 0..<0 : connections.indices {
            connections[place].owner = alone[connections[place].host]
        }
        for (moment, owner) in run.owners {
            // Its SYN left the host before it entered the link.
            let places = run.endpoints.ends(from: owner.from, to: owner.to).flatMap { self.places($0) }
            let next = places?.first { connections[$0].began.time >= moment.time }
            if let next { connections[next].owner = owner.instance }
        }
    }

    /// What drivers said of their own end of a connection, `local`: of each of `RunView.sessionOrder` the places of the
    /// connections, nil for one that the wire does not show.
    private func said(_ run: RunView) -> [[Int?]] {
        // Taken out of the run once: each look at what a class holds counts references.
        let endpoints = run.endpoints
        let locals = Locals(connections, endpoints)
        return run.sessionOrder.map { name in
            (run.sessions[name]?.ends ?? []).map { moment, local in
                endpoints.known(local).flatMap { locals.place(of: $0, saidAt: moment.time) }
            }
        }
    }

    /// - Returns: of each connection the place of its session in `RunView.sessionOrder`.
    private mutating func take(_ said: [[Int?]], _ run: RunView) -> [Int?] {
        var sessions = [Int?](repeating: nil, count: connections.count)
        for (number, (name, places)) in zip(run.sessionOrder, said).enumerated() where !places.isEmpty {
            hasNamedSessions.insert(name.instance)
            for case let place? in places {
                if let owner = connections[place].owner, owner != name.instance { continue }
                connections[place].owner = name.instance
                connections[place].session = name.session
                sessions[place] = number
            }
        }
        return sessions
    }

    private mutating func nameDestinations(_ run: RunView) {
        var hosts: [IPAddress: String] = [:]
        for host in run.scenario.lab.hosts {
            for address in run.addresses(of: host.name) { hosts[address] = host.name }
        }
        var names: [Endpoint: String] = [:]
        for place in connections.indices {
            let end = connections[place].to
            // As most go where the one before went.
            if place > 0, connections[place - 1].to == end {
                connections[place].destination = connections[place - 1].destination
                continue
            }
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
        var all: [Int] = []
        all.reserveCapacity(places.reduce(0) { $0 + connections[$1].places.count })
        for place in places { all += connections[place].places }
        // Connections of one session mostly come one after the other.
        if zip(all, all.dropFirst()).contains(where: >) { all.sort() }
        return all.map { wire[$0] }
    }

    /// Those that a session's driver named, in the order in which they began; nil when it named none.
    func dials(of name: RunView.SessionName) -> [Dial]? { bySession[name]?.map { Dial(connections, at: $0) } }

    /// The connections that are known to be this instance's.
    package func connections(of instance: Instance) -> [Connection] {
        (byOwner[instance] ?? []).map { connections[$0] }
    }
}

/// The connections of each own end, as a driver names it.
private struct Locals {
    /// The last one of each, by the place of the end.
    private var latest: [Int?]
    /// Of each connection the one before it from the same end.
    private var before: [Int?] = []
    /// When each began, and was let go of. Apart, because each look at a whole connection counts references.
    private var spans: [(began: Timestamp, released: Timestamp?)] = []
    /// None began earlier than the one before it: so it is unless two hosts have the same address.
    private var areInOrder = true

    init(_ connections: [ConnectionInventory.Connection], _ endpoints: Endpoints) {
        latest = Array(repeating: nil, count: endpoints.count)
        before.reserveCapacity(connections.count)
        spans.reserveCapacity(connections.count)
        for (place, connection) in connections.enumerated() {
            let end = connection.ends.from.index
            if let last = latest[end], spans[last].began > connection.began.time { areInOrder = false }
            spans.append((connection.began.time, connection.released?.time))
            before.append(latest[end])
            latest[end] = place
        }
    }

    /// An `attempt` may be said before its SYN, everything else comes after it.
    func place(of end: Endpoints.Place, saidAt time: Timestamp) -> Int? {
        var (known, soon): (Int?, Int?)
        var next = latest[end.index]
        while let place = next {
            let (began, released) = spans[place]
            if began > time {
                if began <= time + .seconds(1) { soon = place }
            } else if known == nil {
                if released.map({ $0 > time }) ?? true { return place }
                known = place
                if areInOrder { break }
            }
            next = before[place]
        }
        return soon ?? known
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
