import Kernel
import Netlink
import Scenarios

/// Addresses that lead nowhere, in a lab with a name server: what a name must not lead to, and sometimes does. They
/// stand from the lab's start to its end, so that a fault has to change nothing but an answer.
///
/// What a host sends to them leaves it by its first link, is seen there, and goes no further.
package enum DeadEnds {
    /// Packets to it vanish. 192.0.2.0/24 is for documentation (RFC 5737), so nobody in a lab has it.
    package static let silent = "192.0.2.1"
    /// Packets to it are answered by ICMP "host unreachable".
    package static let unreachable = "192.0.2.2"
    /// Packets to it vanish; there only where the plan has dead IPv6.
    package static let silentIPv6 = "2001:db8:ffff::1"

    static func make(in lab: Lab) throws(LabError) {
        guard let plan = lab.plan.nameServer else { return }
        for wire in lab.wires {
            try LabError.of("the dead ends of link \(wire.name)") {
                try wire.routes.addDeadEnd(.silent, to: IPv4Address(silent)!)
                try wire.routes.addDeadEnd(.unreachable, to: IPv4Address(unreachable)!)
            }
        }
        for host in lab.hosts {
            guard let interface = host.interfaces.first else { continue }
            let gateway = lab.plan.links.first { $0.name == interface.link }.flatMap { link in
                [link.first, link.second].first { $0.host == host.name }?.wireAddress
            }
            guard let gateway = gateway.flatMap(IPv4Address.init) else { continue }
            try LabError.of("the ways to dead ends of host \(host.name)") {
                for address in [silent, unreachable] {
                    try host.routes.addRoute(to: IPv4Address(address)!, via: gateway, on: interface.index)
                }
                if plan.hasDeadIPv6 { try giveDeadIPv6(to: host, interface, in: lab) }
            }
        }
    }

    /// The wire has IPv6 switched off, so its kernel drops what comes.
    private static func giveDeadIPv6(to host: LabHost, _ interface: LabHost.Interface, in lab: Lab) throws {
        guard let text = lab.plan.deadIPv6Address(of: host.name), let own = IPv6Address(text),
            let number = lab.plan.links.firstIndex(where: { $0.name == interface.link })
        else { return }
        let settings = "net.ipv6.conf.\(interface.device)"
        // No address of the kernel's own making, and nobody is asked for routers or doubles: all that is sent by itself
        // is the news of having joined, in the first seconds.
        try host.namespace.write("\(settings).addr_gen_mode", "1")
        try host.namespace.write("\(settings).accept_ra", "0")
        try host.namespace.write("\(settings).router_solicitations", "0")
        do throws(SystemError) {
            try host.namespace.write("\(settings).disable_ipv6", "0")
        } catch {
            throw LabError("IPv6 of host \(host.name)", .unsupported(missing: "IPv6"))
        }
        let target = IPv6Address(silentIPv6)!
        let wireSide = lab.link(interface.link).side(of: host.name)
        try host.routes.add(own, to: interface.index)
        try host.routes.addRoute(to: target, on: interface.index)
        try host.routes.addNeighbour(
            target, .ours(link: number, device: wireSide.index, isHost: false), on: interface.index)
    }
}
