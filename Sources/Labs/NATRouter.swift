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
    package private(set) var idleTimeout: Duration
    package private(set) var onExpiry: NATPlan.OnExpiry
    private let tables: NFTables

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

    init(_ host: LabHost, _ plan: NATPlan) throws {
        guard let outside = host.interfaces.first(where: { $0.link == plan.outside }) else {
            preconditionFailure("the router \(host.name) has no link \(plan.outside)")
        }
        self.host = host
        self.outside = outside
        idleTimeout = plan.idleTimeout
        onExpiry = plan.onExpiry
        tables = try NFTables(in: host.namespace)
        try tables.run(Self.ruleset(outside: outside.device, plan.onExpiry))
        _ = try LabSettings.apply(LabSettings.tracking, to: host.namespace)
        try setIdleTimeout(plan.idleTimeout)
    }

    /// No mid-stream pick-up (nf_conntrack_tcp_loose is 0), so a TCP packet without a mapping is "invalid". One that
    /// comes from the outside has the router's own address and would be answered by the router's own RST: the input
    /// chain sees to it.
    private static func ruleset(outside: String, _ onExpiry: NATPlan.OnExpiry) -> String {
        """
        table inet halfopen {
            counter from_inside {}
            counter from_outside {}
            counter unsolicited {}
            chain refuse {
                \(verdict(onExpiry))
            }
            chain forward {
                type filter hook forward priority filter; policy drop;
                ct state established,related accept
                iifname "\(outside)" counter name unsolicited drop
                meta l4proto tcp ct state invalid counter name from_inside goto refuse
                ct state new accept
            }
            chain input {
                type filter hook input priority filter; policy accept;
                iifname != "\(outside)" accept
                ct state established,related accept
                meta l4proto tcp ct state invalid counter name from_outside goto refuse
                counter name unsolicited drop
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                oifname "\(outside)" masquerade
            }
        }
        """
    }

    private static func verdict(_ onExpiry: NATPlan.OnExpiry) -> String {
        switch onExpiry {
        case .drop: "drop"
        case .reset: "reject with tcp reset"
        }
    }

    /// What becomes of packets of forgotten connections from now on.
    package func setOnExpiry(_ wanted: NATPlan.OnExpiry) throws(LabError) {
        if wanted == onExpiry { return }
        try LabError.of("the refusals of router \(name)") {
            _ = try tables.run(
                "flush chain inet halfopen refuse; add rule inet halfopen refuse \(Self.verdict(wanted))")
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

    package func refused() throws(LabError) -> Refused {
        try LabError.of("the counters of router \(name)") {
            Refused(
                fromInside: try tables.counter("from_inside", table: "inet halfopen").packets,
                fromOutside: try tables.counter("from_outside", table: "inet halfopen").packets,
                unsolicited: try tables.counter("unsolicited", table: "inet halfopen").packets)
        }
    }
}
