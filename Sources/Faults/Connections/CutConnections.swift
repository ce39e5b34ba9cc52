import Kernel
import Labs
import Netlink
import Scenarios

/// What a cut after bytes and a cut after a message have in common: which connections, in which direction, and how they
/// end.
struct CutPlan {
    static let parameters = [
        Parameter(
            "direction", .choice(["out", "in"]), default: .text("out"),
            "Whose data is counted: what the actor sends, or what is sent to it."),
        Parameter(
            "ending", .choice(StreamCut.Ending.allCases.map(\.rawValue)), default: .text("fin"),
            "What the receiver gets at the cut: an orderly end, an abort, or nothing any more."),
    ]

    let plan: FaultPlan
    let isOutgoing: Bool
    let ending: StreamCut.Ending

    init(_ plan: FaultPlan) {
        self.plan = plan
        isOutgoing = plan.text("direction") != "in"
        ending = plan.text("ending").flatMap(StreamCut.Ending.init) ?? .fin
    }
}

/// Every connection that fits, watched until it is cut.
final class CutConnections: ActiveFault {
    private let kind: any Fault.Type
    private let plan: CutPlan
    private let make: () -> StreamCut
    private let fitting: FittingConnections
    private var tap: PacketTap?
    private var cuts: [PacketFilter.Flow: StreamCut] = [:]
    private var count: Int64 = 0
    private(set) var firstHit: Int64?

    init(
        _ kind: any Fault.Type, _ plan: CutPlan, in field: any FaultField, make: @escaping () -> StreamCut
    ) throws(FaultError) {
        self.kind = kind
        self.plan = plan
        self.make = make
        let choice = plan.plan.connections
        fitting = try kind.attempt { try FittingConnections(choice, in: field) }
        for flow in fitting.flows { cuts[flow] = make() }
        tap = try kind.attempt(missing: PacketTap.missing) {
            try PacketTap(plan.plan.index, NearWires(of: fitting.host, in: field), at: .cut, in: field) { _ in
                // Only what may fit is held.
                choice.port.map { [[.fromPort($0)], [.toPort($0)]] } ?? [[]]
            } decide: { [unowned self] segment, isFromHost, wire in
                try saw(segment, isFromHost: isFromHost, on: wire)
            }
        }
    }

    private func saw(_ segment: TCPSegment, isFromHost: Bool, on wire: Wire) throws -> Bool {
        guard let (flow, isNew) = try fitting.flow(of: segment, isFromHost: isFromHost) else { return true }
        var cut = isNew ? make() : cuts[flow]!
        let wasCut = cut.isCut
        let decision = cut.saw(segment, from: isFromHost == plan.isOutgoing ? .sender : .receiver)
        cuts[flow] = cut
        if cut.isCut && !wasCut {
            count += 1
            firstHit = firstHit ?? Clock.now
        }
        let far = wire.first.host == fitting.host ? wire.second.host : wire.first.host
        for injection in decision.injected {
            let isFromHost = (injection.from == .sender) == plan.isOutgoing
            try wire.enter(from: isFromHost ? fitting.host : far, injection.segment.packet)
        }
        return decision.passes
    }

    func hits() -> Int64 { count }

    func heal() throws(FaultError) {
        guard let tap else { return }
        self.tap = nil
        try kind.attempt { try tap.remove() }
    }
}

/// The connections that fit a choice: those that stand, and those that begin later.
final class FittingConnections {
    let host: String
    /// From the host's point of view.
    private(set) var flows: Set<PacketFilter.Flow>
    private let choice: ConnectionChoice
    private let field: any FaultField
    /// Where the actor was seen to listen: a storm of new connections does not look at all sockets for each.
    private var ports: Set<Int> = []

    init(_ choice: ConnectionChoice, in field: any FaultField) throws {
        self.choice = choice
        self.field = field
        // Those that are coming up this moment included: their SYN has passed, and nobody will see it again.
        let states: [TCPState] = [
            .established, .synSent, .synReceived, .newSynReceived, .closeWait, .finWait1, .finWait2,
        ]
        let chosen = try ChosenConnections(choice, states: states, crossing: true, in: field)
        host = chosen.host
        flows = Set(NearWires.flows(chosen.connections))
    }

    /// Which of them a segment belongs to, and whether it begins it. Nil for any other.
    func flow(of segment: TCPSegment, isFromHost: Bool) throws -> (flow: PacketFilter.Flow, isNew: Bool)? {
        guard let flow = PacketFilter.Flow(segment, reversed: !isFromHost) else { return nil }
        let isNew = segment.flags.intersection([.syn, .ack]) == .syn
        if isNew {
            if try fits(segment, isFromHost: isFromHost) { flows.insert(flow) } else { flows.remove(flow) }
        }
        return flows.contains(flow) ? (flow, isNew) : nil
    }

    private func fits(_ syn: TCPSegment, isFromHost: Bool) throws -> Bool {
        if let port = choice.port, syn.destination.port != port { return false }
        let (local, remote) = isFromHost ? (syn.source, syn.destination) : (syn.destination, syn.source)
        if let peer = choice.peer {
            var peers = PeerHosts(in: field)
            guard try peers.names(from: local, to: remote).contains(peer) else { return false }
        }
        if !isFromHost && ports.contains(local.port) { return true }
        let sockets = try ActorSockets(of: choice.actor, in: field, states: [.synSent])
        ports.formUnion(sockets.listeners.map(\.socket.local.port))
        return isFromHost
            ? sockets.held.contains { $0.socket.local.port == local.port && $0.socket.remote == remote }
            : ports.contains(local.port)
    }
}

extension PacketFilter.Flow {
    /// Of the one who has sent the segment, or of the other. Nil when it is not IPv4.
    init?(_ segment: TCPSegment, reversed: Bool) {
        guard let source = IPv4Address(segment.source.address),
            let destination = IPv4Address(segment.destination.address)
        else { return nil }
        let flow = PacketFilter.Flow(
            source: source, sourcePort: segment.source.port, destination: destination,
            destinationPort: segment.destination.port)
        self = flow
        if reversed {
            self = PacketFilter.Flow(
                source: destination, sourcePort: flow.destinationPort, destination: source,
                destinationPort: flow.sourcePort)
        }
    }
}
