import Kernel
import Labs
import Netlink
import Scenarios

/// Connections on a wire have a time to live, counted from their SYN-ACK; those that stand when it begins, from then.
///
/// The kernel keeps the time: a SYN-ACK puts the connection into a set whose elements expire, and once the first of
/// them may have expired, packets of connections that are not in it are stopped.
struct AgeLimit {
    /// What becomes of a connection whose time is over.
    enum Ending: Equatable {
        case drop
        /// Both ends are asked for a packet, and each packet is answered by RST.
        case reset
    }

    let wire: Wire
    let time: Duration
    let ending: Ending

    /// In it while their time runs.
    static let alive = "alive"
    /// In it once their time is over and they have been stopped.
    static let ended = "ended"
    /// In it once they have said goodbye, by FIN or RST.
    static let over = "over"
    /// In it when they spoke in the beginning without having been seen to open: those that stood.
    static let standing = "standing"
    /// Connections that were stopped; packets that were.
    static let connections = "connections"
    static let packets = "packets"

    var sets: [PacketFilter.FlowSet] {
        [
            .init(Self.alive, isDynamic: true, timeout: time), .init(Self.ended, isDynamic: true),
            .init(Self.over, isDynamic: true), .init(Self.standing, isDynamic: true),
        ]
    }

    /// While nobody's time can be over.
    var firstRules: [[PacketFilter.Expression]] {
        wire.sides(from: nil).flatMap { side, reversed in
            opening(side, reversed) + [
                [
                    .cameBy(side.index), .isTCP, .notInSet(Self.alive, reversed: reversed),
                    .remember(in: Self.standing, reversed: reversed),
                ]
            ]
        }
    }

    /// From then on.
    var laterRules: [[PacketFilter.Expression]] {
        wire.sides(from: nil).flatMap { side, reversed in
            let dead: [PacketFilter.Expression] = [
                .cameBy(side.index), .isTCP, .notInSet(Self.alive, reversed: reversed),
            ]
            return opening(side, reversed) + [
                // A RST is no sign of life.
                dead + [
                    .flags([], of: [.rst]), .notInSet(Self.ended, reversed: reversed),
                    .remember(in: Self.ended, reversed: reversed), .count(Self.connections),
                ],
                dead + [.count(Self.packets), ending == .drop ? .drop : .reset],
            ]
        }
    }

    private func opening(_ side: Wire.Side, _ reversed: Bool) -> [[PacketFilter.Expression]] {
        let here: [PacketFilter.Expression] = [.cameBy(side.index), .isTCP]
        let known = [Self.alive, Self.ended, Self.over, Self.standing]
        return [
            here + [.flags([.syn], of: [.syn, .ack])]
                + known.map { .forget(in: $0, reversed: reversed) } + [.accept],
            here + [.flags([.syn, .ack], of: [.syn, .ack]), .remember(in: Self.alive, reversed: reversed), .accept],
            here + [.flags([.fin], of: [.fin]), .remember(in: Self.over, reversed: reversed)],
            here + [.flags([.rst], of: [.rst]), .remember(in: Self.over, reversed: reversed)],
        ]
    }
}

/// An age limit that is in force: it turns from the first rules to the later ones, and tells idle connections when
/// their time is over.
final class AgeLimitKeeper {
    private let limit: AgeLimit
    private let filter: PacketFilter
    private let chain: String
    private unowned let field: any FaultField
    private let probe: SegmentProbe?
    private var tokens: Set<EventLoop.Token> = []

    /// Time of the kernel's sets is in ticks of up to 10 ms: behind it by a little more than one.
    private static let tick = Duration.milliseconds(20)

    /// - Parameter otherRules: of the same chain, ahead of these.
    init(
        _ limit: AgeLimit, in filter: PacketFilter, chain: String, otherRules: [[PacketFilter.Expression]] = [],
        field: any FaultField
    ) throws {
        self.limit = limit
        self.filter = filter
        self.chain = chain
        self.field = field
        probe = limit.ending == .reset ? try SegmentProbe(in: limit.wire.namespace) : nil
        after(limit.time) { [unowned self] in
            try filter.replace(otherRules + limit.laterRules, in: chain)
            if probe != nil { try ask(filter.flows(in: AgeLimit.standing).map(\.flow)) }
        }
        if probe != nil { after(limit.time / 2) { [unowned self] in try look() } }
    }

    func cancel() {
        for token in tokens { field.cancel(token) }
        tokens = []
    }

    private func after(_ delay: Duration, _ body: @escaping () throws -> Void) {
        var token: EventLoop.Token?
        token = field.after(delay) { [unowned self] in
            if let token { tokens.remove(token) }
            try body()
        }
        if let token { tokens.insert(token) }
    }

    /// Looks which connections' time will be over before the next look: whoever comes later has longer than that.
    private func look() throws {
        let next = limit.time / 2
        var due: [Duration: [PacketFilter.Flow]] = [:]
        for (flow, left) in try filter.flows(in: AgeLimit.alive) {
            if let left, left <= next + Self.tick { due[left, default: []].append(flow) }
        }
        for (left, flows) in due.sorted(by: { $0.key < $1.key }) {
            after(left + Self.tick) { [unowned self] in try ask(flows) }
        }
        after(next) { [unowned self] in try look() }
    }

    /// Makes both ends of each that has not said goodbye send a packet, which meets the rules.
    private func ask(_ flows: [PacketFilter.Flow]) throws {
        let over = Set(try filter.flows(in: AgeLimit.over).map(\.flow))
        let ended = Set(try filter.flows(in: AgeLimit.ended).map(\.flow))
        for flow in flows where !over.contains(flow) && !ended.contains(flow) { try probe?.ask(flow) }
    }
}
