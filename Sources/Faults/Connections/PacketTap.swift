import Glibc
import Kernel
import Labs
import Netlink
import Scenarios

/// The wires next to a host, each with a packet filter of this fault's own. What comes and goes on the host's
/// connections has, there, the addresses and ports that the host's own sockets have.
struct NearWires {
    let host: String
    let wires: [Wire]

    /// Among the faults that stand in one wire, the lower comes first; a link's own drops are at 0.
    enum Place: Int32 {
        /// Drops by connection.
        case silence = 10
        /// Changes of headers.
        case rewrite = 20
        /// Decides, packet by packet, where a stream ends.
        case cut = 30
        /// Sends what is left of it in pieces.
        case pieces = 40
    }

    init(of host: String, in field: any FaultField) {
        self.host = host
        wires = field.lab.wires.filter { $0.first.host == host || $0.second.host == host }
    }

    /// The device by which the host's packets come.
    func device(_ wire: Wire) -> Int32 { wire.side(of: host).index }

    /// The host's connections, from its own point of view.
    static func flows(_ connections: [ChosenConnections.Connection]) -> [PacketFilter.Flow] {
        connections.compactMap { connection in
            let socket = connection.socket
            guard let local = IPv4Address(socket.local.address), let remote = IPv4Address(socket.remote.address) else {
                return nil
            }
            return PacketFilter.Flow(
                source: local, sourcePort: socket.local.port, destination: remote, destinationPort: socket.remote.port)
        }
    }

    /// One chain on the way through each wire.
    /// - Parameter rules: for the wire.
    func tables(
        at place: Place, hits: [String] = [], sets: [PacketFilter.FlowSet] = [],
        rules: (Wire) -> [[PacketFilter.Expression]]
    ) -> [FilterFault.Table] {
        wires.map { wire in
            let chain = PacketFilter.Chain(Self.chain, .forward, priority: place.rawValue, rules: rules(wire))
            return FilterFault.Table(namespace: wire.namespace, hits: hits, sets: sets, chains: [chain])
        }
    }

    static let chain = "forward"
}

/// Holds the packets of a host's connections in the wires next to it until they are decided on.
final class PacketTap {
    /// A segment on its way, and whether the host has sent it. True when it may pass.
    typealias Decide = (TCPSegment, _ isFromHost: Bool, Wire) throws -> Bool

    private let field: any FaultField
    private var filters: [PacketFilter] = []
    private var queues: [(queue: PacketQueue, wire: Wire)] = []
    private var tokens: [EventLoop.Token] = []
    private let near: NearWires
    private let decide: Decide

    /// What the kernel may lack for this.
    static let missing = (what: "packet queues (CONFIG_NFT_QUEUE)", codes: [ENOENT, EPROTONOSUPPORT, EOPNOTSUPP])

    /// - Parameters:
    ///   - number: the fault's place in the timeline; its queue has the same number.
    ///   - rules: what is held, for each wire; the verdict is added.
    init(
        _ number: Int, _ near: NearWires, at place: NearWires.Place, in field: any FaultField,
        rules: (Wire) -> [[PacketFilter.Expression]], decide: @escaping Decide
    ) throws {
        self.field = field
        self.near = near
        self.decide = decide
        let number = UInt16(number)
        do {
            for wire in near.wires {
                let queue = try PacketQueue(number, in: wire.namespace)
                queues.append((queue, wire))
                let place = queues.count - 1
                tokens.append(try field.watch(queue.descriptor) { [unowned self] in try drain(place) })
            }
            for table in near.tables(at: place, rules: { rules($0).map { [.isTCP] + $0 + [.queue(number)] } }) {
                let name = "halfopen-fault\(number)"
                filters.append(try PacketFilter(name, in: table.namespace, chains: table.chains))
            }
        } catch {
            for token in tokens { field.cancel(token) }
            for filter in filters { _ = try? filter.remove() }
            throw error
        }
    }

    private func drain(_ place: Int) throws {
        let (queue, wire) = queues[place]
        while let packet = try queue.next() {
            let isFromHost = packet.device == near.device(wire)
            // What is no segment (a fragment) is nobody's business here.
            let passes = try TCPSegment(packet: packet.bytes).map { try decide($0, isFromHost, wire) } ?? true
            if passes { try queue.pass(packet) } else { try queue.drop(packet) }
        }
    }

    /// What waits is decided on; nothing is held any more.
    func remove() throws {
        for token in tokens { field.cancel(token) }
        tokens = []
        for (place, filter) in filters.enumerated() {
            try filter.replace([], in: NearWires.chain)
            try drain(place)
            try filter.remove()
        }
        filters = []
        queues = []
    }
}
