import Glibc
import Kernel
import Netlink
import Scenarios

/// A host that translates addresses: everything behind it appears outside under its own address.
package final class NATRouter {
    package let host: LabHost
    package var name: String { host.name }
    package var namespace: NetworkNamespace { host.namespace }
    package let outside: LabHost.Interface
    /// A second address on the outside, which nobody uses until a mapping is moved to it.
    package let spare: IPv4Address
    package private(set) var idleTimeout: Duration
    package private(set) var onExpiry: NATPlan.OnExpiry
    private let filter: PacketFilter

    /// Packets that found no mapping, by where they came from.
    package struct Refused: Equatable, Sendable {
        /// In the middle of a TCP connection that the router does not know (any more), from behind it.
        package var fromInside: Int64
        /// Likewise from the outside, to the router's own address.
        package var fromOutside: Int64
        /// Everything else from the outside that nobody asked for.
        package var unsolicited: Int64
        /// Packets of forgotten connections.
        package var expired: Int64 { fromInside + fromOutside }
    }

    init(_ host: LabHost, _ plan: NATPlan, spare: IPv4Address) throws {
        guard let outside = host.interfaces.first(where: { $0.link == plan.outside }) else {
            preconditionFailure("the router \(host.name) has no link \(plan.outside)")
        }
        self.host = host
        self.outside = outside
        self.spare = spare
        try host.routes.add(spare, prefix: 32, to: outside.index)
        idleTimeout = plan.idleTimeout
        onExpiry = plan.onExpiry
        filter = try PacketFilter(
            in: host.namespace, counters: Counter.allCases.map(\.rawValue),
            chains: Self.chains(outside: outside.index, plan.onExpiry))
        _ = try LabSettings.apply(LabSettings.tracking, to: host.namespace)
        try setIdleTimeout(plan.idleTimeout)
    }

    private enum Counter: String, CaseIterable {
        case fromInside = "from-inside"
        case fromOutside = "from-outside"
        case unsolicited
    }

    private static let refusals = "refuse"

    /// In nft's words, for a router whose eth1 is outside and which drops on expiry:
    ///
    ///     chain refuse {
    ///         drop
    ///     }
    ///     chain forward {
    ///         type filter hook forward priority filter; policy drop;
    ///         ct state established,related accept
    ///         iif eth1 counter name unsolicited drop
    ///         meta l4proto tcp ct state invalid counter name from-inside goto refuse
    ///         ct state new accept
    ///     }
    ///     chain input {
    ///         type filter hook input priority filter; policy accept;
    ///         iif != eth1 accept
    ///         ct state established,related accept
    ///         meta l4proto tcp ct state invalid counter name from-outside goto refuse
    ///         counter name unsolicited drop
    ///     }
    ///     chain postrouting {
    ///         type nat hook postrouting priority srcnat; policy accept;
    ///         oif eth1 masquerade
    ///     }
    ///
    /// No mid-stream pick-up (nf_conntrack_tcp_loose is 0), so a TCP packet without a mapping is "invalid". One that
    /// comes from the outside has the router's own address and would be answered by the router's own RST: the input
    /// chain sees to it.
    private static func chains(outside: Int32, _ onExpiry: NATPlan.OnExpiry) -> [PacketFilter.Chain] {
        func count(_ counter: Counter) -> PacketFilter.Expression { .count(counter.rawValue) }
        let forward: [[PacketFilter.Expression]] = [
            [.state([.established, .related]), .accept],
            [.cameBy(outside), count(.unsolicited), .drop],
            [.isTCP, .state(.invalid), count(.fromInside), .goTo(refusals)],
            [.state(.new), .accept],
        ]
        let input: [[PacketFilter.Expression]] = [
            [.cameNotBy(outside), .accept],
            [.state([.established, .related]), .accept],
            [.isTCP, .state(.invalid), count(.fromOutside), .goTo(refusals)],
            [count(.unsolicited), .drop],
        ]
        let postrouting: [[PacketFilter.Expression]] = [[.leavesBy(outside), .masquerade]]
        return [
            .init(refusals, nil, rules: [[refusal(onExpiry)]]),
            .init("forward", .forward, policy: .drop, rules: forward),
            .init("input", .input, rules: input),
            .init("postrouting", .postrouting, isTranslation: true, rules: postrouting),
        ]
    }

    private static func refusal(_ onExpiry: NATPlan.OnExpiry) -> PacketFilter.Expression {
        switch onExpiry {
        case .drop: .drop
        case .reset: .reset
        }
    }

    /// What becomes of packets of forgotten connections from now on.
    package func setOnExpiry(_ wanted: NATPlan.OnExpiry) throws(LabError) {
        if wanted == onExpiry { return }
        try LabError.of("the refusals of router \(name)") {
            try filter.replace([[Self.refusal(wanted)]], in: Self.refusals)
        }
        onExpiry = wanted
    }

    /// After this long without a packet the mapping of a TCP connection is forgotten. Holds for a mapping that stands
    /// from its next packet on. Rounded up to whole seconds.
    package func setIdleTimeout(_ timeout: Duration) throws(LabError) {
        let (seconds, rest) = timeout.components
        let whole = max(1, rest > 0 ? seconds + 1 : seconds)
        try LabError.of("the idle timeout of router \(name)") {
            for (setting, code) in try namespace.write(LabSettings.idleTimeout(whole)) {
                throw SystemError("set \(setting.name) for", namespace.owner, code: code)
            }
        }
        idleTimeout = timeout
    }

    /// The address by which it is known outside.
    package var first: IPv4Address {
        // From the plan, which made it.
        IPv4Address(outside.address)!
    }

    /// Whether this mapping gives packets from behind the router an outside address.
    package func translates(_ entry: ConntrackEntry) -> Bool {
        let known = entry.reply.destination.address
        return entry.original.source.address != known && (known == outside.address || known == spare.description)
    }

    package func refused() throws(LabError) -> Refused {
        try LabError.of("the counters of router \(name)") {
            Refused(
                fromInside: try filter.count(Counter.fromInside.rawValue),
                fromOutside: try filter.count(Counter.fromOutside.rawValue),
                unsolicited: try filter.count(Counter.unsolicited.rawValue))
        }
    }
}
