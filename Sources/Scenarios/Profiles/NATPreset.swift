/// What NAT routers and balancers of the field have: a name for `nat: { preset: home-router }`.
package struct NATPreset: Equatable, Sendable {
    package var name: String
    /// What it stands for and where the figures come from.
    package var summary: String
    package var idleTimeout: Duration
    package var onExpiry: NATPlan.OnExpiry

    package static func named(_ name: String) -> NATPreset? { shipped.first { $0.name == name } }

    /// By name.
    package static let shipped = [
        NATPreset(
            name: "aws-nat-gateway",
            summary: """
                AWS NAT gateway: forgets after 350 s and answers what comes later with RST (Amazon VPC User Guide, \
                "Troubleshoot NAT gateways" and "Compare NAT gateways and NAT instances").
                """,
            idleTimeout: .seconds(350), onExpiry: .reset),
        NATPreset(
            name: "aws-nlb",
            summary: """
                AWS Network Load Balancer, TCP listener: forgets after 350 s unless set otherwise (60 s to 6000 s) and \
                answers what comes later with RST (Elastic Load Balancing, "Listeners for your Network Load \
                Balancers", connection idle timeout).
                """,
            idleTimeout: .seconds(350), onExpiry: .reset),
        NATPreset(
            name: "azure-load-balancer",
            summary: """
                Azure Load Balancer: forgets after 4 min unless set otherwise and drops in silence, for TCP reset is \
                off by default (Microsoft Learn, "Load Balancer TCP Reset and Idle Timeout").
                """,
            idleTimeout: .seconds(240), onExpiry: .drop),
        NATPreset(
            name: "carrier-grade",
            summary: """
                Carrier-grade NAT of a mobile network: 5 min, in silence. Our reasoned default at the short end: \
                carriers were seen to take minutes to an hour (Wang et al., "An Untold Story of Middleboxes in \
                Cellular Networks", SIGCOMM 2011), where RFC 6888 with RFC 5382 asks for 2 h 4 min.
                """,
            idleTimeout: .seconds(300), onExpiry: .drop),
        NATPreset(
            name: "corporate-firewall",
            summary: """
                Corporate firewall: 1 h, in silence, as Cisco ASA ("timeout conn 1:00:00"), PAN-OS (TCP session \
                timeout 3600 s) and FortiGate (session-ttl 3600) have it by default.
                """,
            idleTimeout: .seconds(3600), onExpiry: .drop),
        NATPreset(
            name: "gcp-nat",
            summary: """
                Google Cloud: 10 min, in silence: its VPC firewall forgets connections without a packet in 10 min \
                (Google Cloud, "VPC firewall rules", idle connections), before Cloud NAT itself does after 20 min \
                (tcp-established-idle-timeout, 1200 s).
                """,
            idleTimeout: .seconds(600), onExpiry: .drop),
        NATPreset(
            name: "home-router",
            summary: """
                Home router: 2 h 4 min, in silence, as RFC 5382 asks for (REQ-5) and OpenWrt has it \
                (nf_conntrack_tcp_timeout_established 7440). Many take less: of the home gateways in Hätönen et al., \
                "An Experimental Study of Home Gateway Characteristics" (IMC 2010), the shortest took minutes.
                """,
            idleTimeout: .seconds(7440), onExpiry: .drop),
        NATPreset(
            name: "hotel-wifi",
            summary: """
                Guest network of a hotel: a client without traffic for 5 min is taken for gone, and is forgotten in \
                silence (FortiOS CLI reference, wireless-controller timers, client-idle-timeout 300).
                """,
            idleTimeout: .seconds(300), onExpiry: .drop),
    ]
}
