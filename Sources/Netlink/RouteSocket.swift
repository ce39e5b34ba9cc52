import CLibNL
import CNetlink
import Glibc
import Kernel

/// Links, addresses, routes, neighbours and queues of one namespace.
package final class RouteSocket {
    let socket: NetlinkSocket
    /// For what netlink cannot ask: ethtool(8)'s questions.
    private let control: Descriptor
    package var namespace: NetworkNamespace { socket.namespace }
    /// What was added by this socket and not removed by it; what the kernel removes by itself stays in it.
    package var standing = Standing()

    package init(in namespace: NetworkNamespace) throws(SystemError) {
        socket = try NetlinkSocket(NETLINK_ROUTE, in: namespace)
        control = try namespace.socket(AF_INET, Int32(SOCK_DGRAM.rawValue))
    }

    /// Every packet of this device becomes one packet of its own, of its real size, with a real checksum.
    package func turnOffloadsOff(_ device: String) throws(SystemError) {
        let control = control.raw
        try System.call("turn offloads off on \(device) of", namespace.owner) {
            halfopen_offloads_off(control, device)
        }
    }

    /// Whether any offload of this device is on.
    package func hasOffloads(_ device: String) throws(SystemError) -> Bool {
        let control = control.raw
        return try System.call("read the offloads of \(device) of", namespace.owner) {
            halfopen_offloads(control, device)
        } != 0
    }

    /// Whether a device has a carrier; asking also makes the kernel draw its conclusions at once.
    @discardableResult
    package func hasCarrier(_ device: String) throws(SystemError) -> Bool {
        let control = control.raw
        return try System.call("read the carrier of \(device) of", namespace.owner) {
            halfopen_has_carrier(control, device)
        } != 0
    }

    /// Waits until a device that is up really sends; both ends of a veth pair must be up.
    package func settle(_ device: String) throws(SystemError) {
        if try !hasCarrier(device) {
            throw SystemError("find a carrier on \(device) of", namespace.owner, code: ENETDOWN)
        }
    }
}

// MARK: Links

/// One end of a veth pair. The index is ours to choose, so nobody has to ask for it afterwards.
package struct VethEnd: Equatable, Sendable {
    /// Up to 15 bytes.
    package var device: String
    package var index: Int32
    package var hardwareAddress: HardwareAddress

    package init(device: String, index: Int32, hardwareAddress: HardwareAddress) {
        self.device = device
        self.index = index
        self.hardwareAddress = hardwareAddress
    }
}

/// What a device has sent and received since it was made.
package struct LinkStatistics: Equatable, Sendable {
    package var sentPackets: UInt64
    package var sentBytes: UInt64
    package var receivedPackets: UInt64
    package var receivedBytes: UInt64
    /// Packets that were to be sent and were not.
    package var unsentPackets: UInt64
}

extension RouteSocket {
    /// Makes a veth pair, one end here and the other in another namespace. Both are down.
    package func makeVeth(
        _ here: VethEnd, peer there: VethEnd, in other: NetworkNamespace, mtu: UInt32 = 1500
    ) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL)
        message.append(linkHeader(here.index))
        putEnd(message, here, mtu)
        message.nest(IFLA_LINKINFO) {
            message.put(IFLA_INFO_KIND, text: "veth")
            message.nest(IFLA_INFO_DATA) {
                message.nest(VETH_INFO_PEER) {
                    message.append(linkHeader(there.index))
                    putEnd(message, there, mtu)
                    message.put(IFLA_NET_NS_FD, other.raw)
                }
            }
        }
        try socket.request("make the veth pair \(here.device)-\(there.device) from", message)
    }

    private func putEnd(_ message: borrowing NetlinkMessage, _ end: VethEnd, _ mtu: UInt32) {
        message.put(IFLA_IFNAME, text: end.device)
        message.put(IFLA_ADDRESS, bytes: end.hardwareAddress.bytes)
        message.put(IFLA_MTU, mtu)
    }

    private func linkHeader(_ index: Int32) -> ifinfomsg {
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_UNSPEC)
        header.ifi_index = index
        return header
    }

    /// Loopback has index 1 in every namespace.
    package static let loopback: Int32 = 1

    package func setUp(_ index: Int32, _ isUp: Bool = true) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWLINK)
        var header = linkHeader(index)
        header.ifi_flags = isUp ? UInt32(IFF_UP) : 0
        header.ifi_change = UInt32(IFF_UP)
        message.append(header)
        try socket.request("set device \(index) \(isUp ? "up" : "down") in", message)
    }

    package func statistics(_ index: Int32) throws(NetlinkError) -> LinkStatistics {
        let message = NetlinkMessage(RTM_GETLINK)
        message.append(linkHeader(index))
        let replies = try socket.request("read the counters of device \(index) of", message)
        guard let reply = replies.first,
            let counters = reply.attributes(after: MemoryLayout<ifinfomsg>.size)
                .structure(IFLA_STATS64, as: CountersStart.self)
        else { throw NetlinkError("read the counters of device \(index) of", namespace.owner, code: ENODATA) }
        return LinkStatistics(
            sentPackets: counters.sentPackets, sentBytes: counters.sentBytes,
            receivedPackets: counters.receivedPackets, receivedBytes: counters.receivedBytes,
            unsentPackets: counters.unsentPackets)
    }

    /// The first eight of rtnl_link_stats64, which grows at its end with every few kernels.
    private struct CountersStart: BitwiseCopyable {
        var receivedPackets: UInt64
        var sentPackets: UInt64
        var receivedBytes: UInt64
        var sentBytes: UInt64
        var receiveErrors: UInt64
        var sendErrors: UInt64
        var unreceivedPackets: UInt64
        var unsentPackets: UInt64
    }

    /// Names of all devices, in the kernel's order.
    package func devices() throws(NetlinkError) -> [String] {
        let message = NetlinkMessage(RTM_GETLINK, flags: NLM_F_DUMP)
        message.append(linkHeader(0))
        return try socket.request("list the devices of", message).compactMap {
            $0.attributes(after: MemoryLayout<ifinfomsg>.size).text(IFLA_IFNAME)
        }
    }
}
