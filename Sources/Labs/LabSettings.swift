import Glibc
import Kernel
import Netlink

/// Kernel settings of a lab's namespaces: what differs between kernels and machines, and changes behaviour, is set to
/// one value everywhere, so that the virtual lab and the host lab agree.
enum LabSettings {
    typealias Setting = NetworkNamespace.Setting

    /// For every namespace, before it has any device.
    static let everywhere = [
        // No duplicate-address probes with their random delays; labs speak IPv4 for now.
        Setting("net.ipv6.conf.all.disable_ipv6", "1"),
        Setting("net.ipv6.conf.default.disable_ipv6", "1"),
        // Copied from the machine's own namespace (net.core.devconf_inherit_init_net); distributions set 1 or 2, and a
        // host with two links may be left by one and reached by the other.
        Setting("net.ipv4.conf.all.rp_filter", "0"),
        Setting("net.ipv4.conf.default.rp_filter", "0"),
    ]

    /// For hosts, which have sockets.
    static let endpoints = [
        // When an interface's first address goes the others on its subnet stay, as network managers set it; without,
        // one address could not follow another without a moment between.
        Setting("net.ipv4.conf.all.promote_secondaries", "1"),
        // The kernel's default is cubic, but a machine's may be another (bbr), and new namespaces take it over.
        Setting("net.ipv4.tcp_congestion_control", "cubic"),
        // These four follow the machine's memory. Buffers: the defaults of a machine of 4 GiB or more.
        Setting("net.ipv4.tcp_rmem", "4096 131072 6291456"),
        Setting("net.ipv4.tcp_wmem", "4096 16384 4194304"),
        Setting("net.ipv4.tcp_max_syn_backlog", "4096"),
        Setting("net.ipv4.tcp_max_tw_buckets", "262144"),
        // 1 MiB until Linux 6.17, 4 MiB since.
        Setting("net.ipv4.tcp_limit_output_bytes", "1048576"),
        // On by default where the kernel is built with it.
        Setting("net.ipv4.tcp_syncookies", "1"),
    ]

    static let forwarding = [Setting("net.ipv4.ip_forward", "1")]

    /// For wires.
    static let wires = [
        // An ICMP error for every packet that deserves one: how many answers there are is a fault's to say, and not
        // that of the kernel's rate limit, which draws lots (icmp_ratemask: no type is limited).
        Setting("net.ipv4.icmp_ratemask", "0"),
        // For the faults that track connections: retransmissions from before a long silence belong to theirs.
        Setting("net.netfilter.nf_conntrack_tcp_be_liberal", "1"),
    ]

    /// For NAT routers.
    static let tracking = [
        // A packet in the middle of a connection that is not known makes no mapping: what a NAT has forgotten it
        // cannot guess.
        Setting("net.netfilter.nf_conntrack_tcp_loose", "0"),
        // A retransmission from before a long silence may lie outside the window; it belongs to its mapping all the
        // same. So "invalid" means "no mapping", and nothing else.
        Setting("net.netfilter.nf_conntrack_tcp_be_liberal", "1"),
        // For the probes: events of all mappings, with counters and stamps.
        Setting("net.netfilter.nf_conntrack_events", "1"),
        Setting("net.netfilter.nf_conntrack_acct", "1"),
        Setting("net.netfilter.nf_conntrack_timestamp", "1"),
    ]

    /// After this long without a packet a mapping of a TCP connection is forgotten. Linux would go down to 300 s by
    /// itself for a connection with unanswered data (the last two); a scenario's figure holds in every case.
    /// - Parameter seconds: at least 1.
    static func idleTimeout(_ seconds: Int64) -> [Setting] {
        ["established", "unacknowledged", "max_retrans"].map {
            Setting("net.netfilter.nf_conntrack_tcp_timeout_\($0)", String(seconds))
        }
    }

    /// Limits that the whole kernel shares, and that follow its memory. Only the lab kernel is ours to change.
    static func applyToLabKernel() throws(SystemError) -> [String] {
        // A storm of reconnecting clients leaves an old and a new mapping each; 512 MiB would allow 8,192. The default
        // of a machine of 4 GiB or more.
        try apply([Setting("net.netfilter.nf_conntrack_max", "262144")], to: .current())
    }

    /// Writes what must be there, and gives a note for each of the others that this kernel does not have.
    static func apply(_ settings: [Setting], to namespace: NetworkNamespace) throws(SystemError) -> [String] {
        var notes: [String] = []
        for (setting, code) in try namespace.write(settings) {
            switch (setting.name, code) {
            case ("net.ipv6.conf.all.disable_ipv6", ENOENT), ("net.ipv6.conf.default.disable_ipv6", ENOENT):
                // No IPv6 at all is as good.
                break
            case ("net.ipv4.tcp_congestion_control", ENOENT), ("net.ipv4.tcp_congestion_control", EPERM):
                // Only what the machine's tcp_allowed_congestion_control lists can be set in a namespace; reno always
                // can, and takes loss as congestion like cubic.
                try namespace.write(setting.name, "reno")
                notes.append("TCP's congestion control is reno: this kernel does not allow cubic in namespaces")
            case (_, ENOENT):
                notes.append("this kernel has no setting \(setting.name); the lab wants \(setting.value)")
            default:
                throw SystemError("set \(setting.name) for", namespace.owner, code: code)
            }
        }
        return notes
    }
}
