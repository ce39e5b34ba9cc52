import Actors
import Kernel
import Labs
import Netlink
import Scenarios

/// The TCP connections of an actor that fit a fault's choice, at one moment: what every fault of this folder strikes.
struct ChosenConnections {
    struct Connection {
        var socket: TCPSocket
        /// Nil while it waits to be accepted.
        var holder: ActorSockets.Holder?
    }

    /// How many of those that fit are struck. Both may be given: of the share, at most so many.
    struct Lot {
        var count: Int?
        var share: Double?
        /// Of this fault alone.
        var seed: UInt64

        static let parameters = [
            Parameter(
                "share", .fraction(0...1),
                "This share of those that fit, rounded up, drawn by lot from the run's seed; all when left out."),
            Parameter(
                "count", .count(1...1_000_000),
                "At most so many of them, drawn by lot from the run's seed; all when left out."),
        ]

        init(_ plan: FaultPlan, in field: any FaultField) {
            count = plan.count("count").map { Int($0) }
            share = plan.fraction("share")
            seed = Seed.derived(from: field.seed, for: "connections of fault \(plan.index)")
        }

        /// In the order they had.
        func draw<Element>(from all: [Element]) -> [Element] {
            var size = all.count
            if let share { size = min(size, Int((share * Double(all.count)).rounded(.up))) }
            if let count { size = min(size, count) }
            if size == all.count { return all }
            // The first so many of a shuffled deck (Fisher and Yates).
            var places = Array(all.indices)
            var state = seed
            for place in 0..<size {
                state = Seed.mixed(state)
                let left = UInt64(places.count - place)
                places.swapAt(place, place + Int(state % left))
            }
            return places[..<size].sorted().map { all[$0] }
        }
    }

    /// The host that the actor runs on.
    let host: String
    /// Those that are held first, in the order in which they were made; then those that wait to be accepted.
    let connections: [Connection]
    /// Ports that the actor listens at, in order.
    let ports: [Int]

    /// - Parameters:
    ///   - states: of the connection; ESTABLISHED when not given.
    ///   - crossing: only those that leave the host by a link: what is to befall them befalls them there.
    init(
        _ choice: ConnectionChoice, _ lot: Lot? = nil, states: [TCPState] = [.established], crossing: Bool = false,
        in field: any FaultField
    ) throws {
        let host = field.actors.host(of: choice.actor)
        self.host = host
        let sockets = try ActorSockets(of: choice.actor, in: field, states: states)
        ports = Set(sockets.listeners.map(\.socket.local.port)).sorted()
        let all =
            sockets.held.map { Connection(socket: $0.socket, holder: $0.holder) }
            + sockets.waiting.map { Connection(socket: $0) }
        var peers = PeerHosts(in: field)
        let fitting = try all.filter { connection in
            let socket = connection.socket
            if let port = choice.port, port != (sockets.serves(socket) ? socket.local.port : socket.remote.port) {
                return false
            }
            if crossing && !field.lab.crosses(socket) { return false }
            if let peer = choice.peer { return try peers.names(of: socket, from: host).contains(peer) }
            return true
        }
        connections = lot?.draw(from: fitting) ?? fitting
    }

    private init(host: String, connections: [Connection], ports: [Int]) {
        self.host = host
        self.connections = connections
        self.ports = ports
    }

    func filter(_ isWanted: (Connection) -> Bool) -> ChosenConnections {
        ChosenConnections(host: host, connections: connections.filter(isWanted), ports: ports)
    }
}

extension Lab {
    /// It goes from one host to another: neither end is on loopback, and they are not the same address.
    func crosses(_ socket: TCPSocket) -> Bool {
        !socket.local.address.hasPrefix("127.") && socket.local.address != socket.remote.address
            && !socket.local.address.contains(":")
    }
}

/// Which hosts are at the other end of a connection: the one with that address and, when that is a NAT router which
/// translates the connection, whoever is behind it.
struct PeerHosts {
    private let field: any FaultField
    private var tables: [String: [ConntrackEntry]] = [:]

    init(in field: any FaultField) { self.field = field }

    /// - Parameter host: where the socket is.
    mutating func names(of socket: TCPSocket, from host: String) throws -> [String] {
        field.lab.crosses(socket) ? try names(from: socket.local, to: socket.remote) : [host]
    }

    mutating func names(from local: TransportAddress, to remote: TransportAddress) throws -> [String] {
        var names: [String] = []
        var remote = remote
        // Each router is passed once.
        while let found = field.lab.plan.hosts.first(where: { $0.addresses.contains(remote.address) }),
            !names.contains(found.name)
        {
            names.append(found.name)
            guard found.nat != nil else { break }
            let entry = try table(of: found.name).first {
                $0.isTCP && $0.reply.source == local && $0.reply.destination == remote
            }
            guard let entry else { break }
            remote = entry.original.source
        }
        return names
    }

    private mutating func table(of router: String) throws -> [ConntrackEntry] {
        if let table = tables[router] { return table }
        let table = try Conntrack(namespace: field.namespace(of: router), host: router).entries()
        tables[router] = table
        return table
    }
}
