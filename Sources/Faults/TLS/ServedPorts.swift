import Labs
import Netlink
import Scenarios

/// Where an actor is served from: the ports that it listens at, and the wires by which others come to them.
struct ServedPorts {
    let host: String
    /// The TCP ports that it listens at when asked, in order.
    let ports: [Int]
    private let addresses: [IPv4Address]
    /// Every link that its host is on.
    let wires: [Wire]

    /// - Parameter only: this port and no other; all that the actor listens at when nil.
    init(of actor: String, only: Int?, in field: any FaultField) throws {
        host = field.actors.host(of: actor)
        let host = host
        ports =
            if let only {
                [only]
            } else {
                Set(try ActorSockets(of: actor, in: field).listeners.map(\.socket.local.port)).sorted()
            }
        addresses = field.lab.host(host).addresses.compactMap(IPv4Address.init)
        wires = field.lab.wires.filter { $0.first.host == host || $0.second.host == host }
    }

    /// What a client's packet to it looks like on a wire: one list of matches for each address and port.
    func requests(on wire: Wire) -> [[PacketFilter.Expression]] {
        let side = wire.first.host == host ? wire.second : wire.first
        return pairs.map { [.cameBy(side.index), .isTCP, .to($0), .toPort($1)] }
    }

    /// What its packet to a client looks like.
    func responses(on wire: Wire) -> [[PacketFilter.Expression]] {
        let side = wire.side(of: host)
        return pairs.map { [.cameBy(side.index), .isTCP, .from($0), .fromPort($1)] }
    }

    private var pairs: [(IPv4Address, Int)] { addresses.flatMap { address in ports.map { (address, $0) } } }

    static let parameter = Parameter(
        "port", .count(1...65535), "Only this TCP port of the actor; all that it listens at when left out.")
}
