import CNetlink
import Glibc
import Kernel

/// Another way for what comes in by one device: a routing table of its own with one default route, and the rule that
/// sends packets there. Nothing of the main table is touched.
package struct Detour: Equatable, Sendable {
    /// Of the table and the rule, 1000...30000: looked at before the main table, after the addresses of this machine.
    package var number: UInt32
    /// The device by which packets come in; at most 15 bytes.
    package var device: String
    package var gateway: IPv4Address
    /// Of the device by which they leave.
    package var index: Int32
    /// Longer IP packets are fragmented, or answered by ICMP "fragmentation needed".
    package var mtu: UInt32

    package init(number: UInt32, device: String, gateway: IPv4Address, index: Int32, mtu: UInt32) {
        self.number = number
        self.device = device
        self.gateway = gateway
        self.index = index
        self.mtu = mtu
    }
}

extension RouteSocket {
    /// Packets that find no route in the detour's table take the usual way.
    package func addRule(of detour: Detour) throws(NetlinkError) {
        try socket.request("add the rule for a route of MTU \(detour.mtu) in", ruleMessage(RTM_NEWRULE, detour))
    }

    package func removeRule(of detour: Detour) throws(NetlinkError) {
        try socket.request("remove the rule for a route of MTU \(detour.mtu) in", ruleMessage(RTM_DELRULE, detour))
    }

    /// It goes by itself when its device goes down.
    package func addRoute(of detour: Detour) throws(NetlinkError) {
        try socket.request("add a route of MTU \(detour.mtu) in", routeMessage(RTM_NEWROUTE, detour))
    }

    package func removeRoute(of detour: Detour) throws(NetlinkError) {
        try socket.request("remove a route of MTU \(detour.mtu) in", routeMessage(RTM_DELROUTE, detour))
    }

    private func routeMessage(_ type: some BinaryInteger, _ detour: Detour) -> NetlinkMessage {
        let isNew = type == RTM_NEWROUTE
        let message = NetlinkMessage(type, flags: isNew ? NLM_F_CREATE | NLM_F_EXCL : 0)
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_protocol = UInt8(RTPROT_STATIC)
        header.rtm_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        message.append(header)
        message.put(RTA_TABLE.rawValue, detour.number)
        message.put(RTA_GATEWAY.rawValue, detour.gateway.networkOrder)
        message.put(RTA_OIF.rawValue, detour.index)
        message.nest(RTA_METRICS.rawValue) { message.put(RTAX_MTU, detour.mtu) }
        return message
    }

    private func ruleMessage(_ type: some BinaryInteger, _ detour: Detour) -> NetlinkMessage {
        let message = NetlinkMessage(type, flags: type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0)
        var header = fib_rule_hdr()
        header.family = UInt8(AF_INET)
        header.action = UInt8(FR_ACT_TO_TBL)
        message.append(header)
        message.put(FRA_IIFNAME, text: detour.device)
        message.put(FRA_TABLE, detour.number)
        message.put(FRA_PRIORITY, detour.number)
        return message
    }
}
