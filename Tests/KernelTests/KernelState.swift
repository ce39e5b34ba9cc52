import CNetlink
import Glibc
import Labs
import Netlink
import Nftables
import Testing

/// What stands in a lab's namespaces, as the kernel itself dumps it: devices, addresses, routes, policies, neighbours,
/// queues, rules, settings. Quicker than asking the system's tools (`LabState`), for tests that look very often.
/// Counters and times are left out.
struct KernelState: Equatable {
    /// By the namespace's owner and what it is.
    private var parts: [String: [String]] = [:]

    private struct Dump {
        var name: String
        var type: Int
        var headerSize: Int
        /// Attributes that count or tell the time.
        var without: Set<UInt16>
    }

    private static let dumps = [
        // Statistics, carrier changes, and the settings of protocols, which stand among the settings.
        Dump(
            name: "devices", type: RTM_GETLINK, headerSize: MemoryLayout<ifinfomsg>.size,
            without: [
                UInt16(IFLA_STATS), UInt16(IFLA_STATS64), UInt16(IFLA_AF_SPEC), UInt16(IFLA_CARRIER_CHANGES),
                UInt16(IFLA_CARRIER_UP_COUNT), UInt16(IFLA_CARRIER_DOWN_COUNT),
            ]),
        Dump(
            name: "addresses", type: RTM_GETADDR, headerSize: MemoryLayout<ifaddrmsg>.size,
            without: [UInt16(IFA_CACHEINFO)]),
        Dump(
            name: "routes", type: RTM_GETROUTE, headerSize: MemoryLayout<rtmsg>.size,
            without: [UInt16(RTA_CACHEINFO.rawValue)]),
        Dump(name: "policies", type: RTM_GETRULE, headerSize: MemoryLayout<rtmsg>.size, without: []),
        Dump(
            name: "neighbours", type: RTM_GETNEIGH, headerSize: MemoryLayout<ndmsg>.size,
            without: [UInt16(NDA_CACHEINFO), UInt16(NDA_PROBES)]),
        Dump(
            name: "queues", type: RTM_GETQDISC, headerSize: MemoryLayout<tcmsg>.size,
            without: [UInt16(TCA_STATS), UInt16(TCA_STATS2), UInt16(TCA_XSTATS)]),
    ]

    /// - Parameter learned: whether what a host has learned of a path and forgets by itself is part of it: the entries
    ///   of the routes' dump that are no routes but clones of one, with the path MTU that an ICMP message told. Nature
    ///   does not take that back when the path heals; Linux forgets it after ten minutes.
    init(of lab: Lab, learned: Bool) throws {
        for namespace in lab.hosts.map(\.namespace) + lab.wires.map(\.namespace) {
            let socket = try NetlinkSocket(NETLINK_ROUTE, in: namespace)
            for dump in Self.dumps {
                parts["\(namespace.owner), \(dump.name)"] = try Self.read(dump, socket, learned: learned)
            }
            let rules = try NFTables(in: namespace).run("list ruleset")
            parts["\(namespace.owner), rules"] = rules.split(separator: "\n").map(Self.withoutCounts)
            let settings = try LabState.output(of: ["sh", "-c", Self.settings], in: namespace.raw)
            parts["\(namespace.owner), settings"] =
                settings.split(separator: "\n").map(String.init).filter { !$0.contains("nf_conntrack_count") }.sorted()
        }
    }

    /// All but those of single protocols' devices, which are four times as many.
    private static let settings =
        "cd /proc/sys/net; grep -s '' core/* ipv4/* ipv4/conf/*/forwarding ipv4/conf/*/rp_filter netfilter/* "
        + "ipv6/conf/*/disable_ipv6"

    private static func read(_ dump: Dump, _ socket: NetlinkSocket, learned: Bool) throws -> [String] {
        let message = NetlinkMessage(dump.type, flags: NLM_F_DUMP)
        // Every one of these headers begins with the family, and 0 is any.
        if dump.type == RTM_GETQDISC { message.append(tcmsg()) } else { message.append(rtmsg()) }
        let replies = try socket.request("dump the \(dump.name) of", message)
        try #require(!replies.isEmpty, "every namespace has \(dump.name)")
        return replies.map { reply in
            // Neighbours that the kernel has looked up or made itself come and go.
            let isPermanent = reply.header(ndmsg.self).map { Int32($0.ndm_state) & NUD_PERMANENT != 0 } ?? false
            if dump.type == RTM_GETNEIGH && !isPermanent { return "" }
            let isClone = reply.header(rtmsg.self).map { $0.rtm_flags & UInt32(RTM_F_CLONED) != 0 } ?? false
            if dump.type == RTM_GETROUTE && isClone && !learned { return "" }
            var header = Array(reply.payload.prefix(dump.headerSize))
            // ifi_change says what the last change was.
            if dump.type == RTM_GETLINK { header.removeLast(4) }
            let attributes = reply.attributes(after: dump.headerSize).all.filter { !dump.without.contains($0.type) }
            return "\(header) " + attributes.map { "\($0.type)=\(Array($0.value))" }.joined(separator: " ")
        }.filter { !$0.isEmpty }.sorted()
    }

    private static func withoutCounts(_ line: Substring) -> String {
        String(line).replacing(/packets \d+ bytes \d+/, with: "")
    }

    /// The parts that differ, for messages.
    func differences(from other: KernelState) -> [String] {
        parts.keys.sorted().filter { parts[$0] != other.parts[$0] }.map { key in
            let (now, then) = (parts[key] ?? [], other.parts[key] ?? [])
            let came = now.filter { !then.contains($0) }.map { "+ \($0)" }
            let went = then.filter { !now.contains($0) }.map { "- \($0)" }
            return ([key] + came + went).joined(separator: "\n")
        }
    }
}
