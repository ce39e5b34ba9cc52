import CLibNL
import CNetlink
import Glibc
import Kernel

/// What stands in a namespace beside its devices: addresses, routes and permanent neighbours.
package struct Standing: Sendable {
    package struct Address: Hashable, Sendable {
        package var address: IPv4Address
        package var prefix: UInt8
        /// The one address at the other end, in place of a subnet.
        package var peer: IPv4Address?
        package var index: Int32

        package init(_ address: IPv4Address, prefix: UInt8, peer: IPv4Address? = nil, on index: Int32) {
            self.address = address
            self.prefix = prefix
            self.peer = peer
            self.index = index
        }
    }

    /// A host route.
    package struct Route: Hashable, Sendable {
        package var destination: IPv4Address
        /// Nil when it is on the device's own subnet.
        package var gateway: IPv4Address?
        package var index: Int32

        package init(to destination: IPv4Address, via gateway: IPv4Address?, on index: Int32) {
            self.destination = destination
            self.gateway = gateway
            self.index = index
        }
    }

    package struct Neighbour: Hashable, Sendable {
        package var address: IPv4Address
        package var hardwareAddress: HardwareAddress
        package var index: Int32

        package init(_ address: IPv4Address, _ hardwareAddress: HardwareAddress, on index: Int32) {
            self.address = address
            self.hardwareAddress = hardwareAddress
            self.index = index
        }
    }

    /// Each in the order in which it was added.
    package var addresses: [Address] = []
    package var routes: [Route] = []
    package var neighbours: [Neighbour] = []
    fileprivate var ofIPv6: [(index: Int32, piece: IPv6Piece)] = []
    package init() {}

    fileprivate enum IPv6Piece: Equatable {
        case address(IPv6Address)
        case route(IPv6Address)
        case neighbour(IPv6Address, HardwareAddress)
    }
}

extension RouteSocket {
    package func add(_ address: IPv4Address, prefix: UInt8, to index: Int32) throws(NetlinkError) {
        try add(Standing.Address(address, prefix: prefix, on: index))
    }

    package func add(_ address: Standing.Address) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL)
        put(message, address)
        try socket.request("add the address \(address.address)/\(address.prefix) in", message)
        standing.addresses.append(address)
    }

    package func remove(_ address: Standing.Address) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_DELADDR)
        put(message, address)
        try socket.request("remove the address \(address.address)/\(address.prefix) in", message)
        standing.addresses.removeAll { $0 == address }
    }

    private func put(_ message: borrowing NetlinkMessage, _ address: Standing.Address) {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        header.ifa_prefixlen = address.prefix
        header.ifa_index = UInt32(address.index)
        message.append(header)
        message.put(IFA_LOCAL, address.address.networkOrder)
        message.put(IFA_ADDRESS, (address.peer ?? address.address).networkOrder)
    }

    /// A host route; the gateway must be on one of the device's subnets, which must be up.
    package func addRoute(
        to destination: IPv4Address, via gateway: IPv4Address, on index: Int32
    ) throws(NetlinkError) {
        try add(Standing.Route(to: destination, via: gateway, on: index))
    }

    /// - Parameter replacing: in the place of another to the same destination.
    package func add(_ route: Standing.Route, replacing: Bool = false) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWROUTE, flags: NLM_F_CREATE | (replacing ? NLM_F_REPLACE : NLM_F_EXCL))
        put(message, route)
        try socket.request("add the route to \(route.destination) in", message)
        if replacing { standing.routes.removeAll { $0.destination == route.destination } }
        standing.routes.append(route)
    }

    package func remove(_ route: Standing.Route) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_DELROUTE)
        put(message, route)
        try socket.request("remove the route to \(route.destination) in", message)
        standing.routes.removeAll { $0 == route }
    }

    /// The header of a message about a host route.
    private func put(
        _ message: borrowing NetlinkMessage, family: Int32 = AF_INET, length: UInt8 = 32,
        _ type: some BinaryInteger = RTN_UNICAST, isOnLink: Bool = false
    ) {
        var header = rtmsg()
        header.rtm_family = UInt8(family)
        header.rtm_dst_len = length
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_STATIC)
        header.rtm_scope = UInt8((isOnLink ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE).rawValue)
        header.rtm_type = UInt8(type)
        message.append(header)
    }

    private func put(_ message: borrowing NetlinkMessage, _ route: Standing.Route) {
        put(message, isOnLink: route.gateway == nil)
        message.put(RTA_DST.rawValue, route.destination.networkOrder)
        if let gateway = route.gateway { message.put(RTA_GATEWAY.rawValue, gateway.networkOrder) }
        message.put(RTA_OIF.rawValue, route.index)
    }

    package func addNeighbour(
        _ address: IPv4Address, _ hardwareAddress: HardwareAddress, on index: Int32
    ) throws(NetlinkError) {
        try add(Standing.Neighbour(address, hardwareAddress, on: index))
    }

    /// What becomes of packets to an address that leads nowhere, when they come from elsewhere. (A program of this very
    /// namespace is refused at once, in either case.)
    package enum DeadEnd: Sendable {
        /// They vanish.
        case silent
        /// They are answered by ICMP "host unreachable".
        case unreachable
    }

    package func addDeadEnd(_ kind: DeadEnd, to destination: IPv4Address) throws(NetlinkError) {
        let type =
            switch kind {
            case .silent: RTN_BLACKHOLE
            case .unreachable: RTN_UNREACHABLE
            }
        let message = NetlinkMessage(RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL)
        put(message, length: 32, type)
        message.put(RTA_DST.rawValue, destination.networkOrder)
        try socket.request("add the dead end \(destination) in", message)
    }

    /// Permanent: never asked for on the wire, never probed, never forgotten.
    package func add(_ neighbour: Standing.Neighbour) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWNEIGH, flags: NLM_F_CREATE | NLM_F_REPLACE)
        put(message, on: neighbour.index, state: UInt16(NUD_PERMANENT))
        message.put(NDA_DST, neighbour.address.networkOrder)
        message.put(NDA_LLADDR, bytes: neighbour.hardwareAddress.bytes)
        try socket.request("add the neighbour \(neighbour.address) in", message)
        standing.neighbours.append(neighbour)
    }

    package func remove(_ neighbour: Standing.Neighbour) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_DELNEIGH)
        put(message, on: neighbour.index, state: 0)
        message.put(NDA_DST, neighbour.address.networkOrder)
        try socket.request("remove the neighbour \(neighbour.address) in", message)
        standing.neighbours.removeAll { $0 == neighbour }
    }

    private func put(
        _ message: borrowing NetlinkMessage, family: Int32 = AF_INET, on index: Int32, state: UInt16
    ) {
        var header = ndmsg()
        header.ndm_family = UInt8(family)
        header.ndm_ifindex = index
        header.ndm_state = state
        message.append(header)
    }

    /// A device went down: the kernel has removed its routes and neighbours, and keeps its addresses.
    package func forget(_ index: Int32) {
        standing.routes.removeAll { $0.index == index }
        standing.neighbours.removeAll { $0.index == index }
    }
}

// MARK: IPv6

extension RouteSocket {
    /// An IPv6 address of its own, with no subnet and without asking whether anybody else has it.
    package func add(_ address: IPv6Address, to index: Int32) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL)
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET6)
        header.ifa_prefixlen = 128
        header.ifa_flags = UInt8(IFA_F_NODAD)
        header.ifa_index = UInt32(index)
        message.append(header)
        message.put(IFA_LOCAL, bytes: address.bytes)
        try socket.request("add the address \(address) in", message)
        standing.remember(.address(address), on: index)
    }

    /// A host route out of a device, to whoever is said to be the neighbour of that address (`addNeighbour`).
    package func addRoute(to destination: IPv6Address, on index: Int32) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL)
        put(message, family: AF_INET6, length: 128)
        message.put(RTA_DST.rawValue, bytes: destination.bytes)
        message.put(RTA_OIF.rawValue, index)
        try socket.request("add the route to \(destination) in", message)
        standing.remember(.route(destination), on: index)
    }

    package func addNeighbour(
        _ address: IPv6Address, _ hardwareAddress: HardwareAddress, on index: Int32
    ) throws(NetlinkError) {
        let message = NetlinkMessage(RTM_NEWNEIGH, flags: NLM_F_CREATE | NLM_F_REPLACE)
        put(message, family: AF_INET6, on: index, state: UInt16(NUD_PERMANENT))
        message.put(NDA_DST, bytes: address.bytes)
        message.put(NDA_LLADDR, bytes: hardwareAddress.bytes)
        try socket.request("add the neighbour \(address) in", message)
        standing.remember(.neighbour(address, hardwareAddress), on: index)
    }

    /// Puts back what the kernel removed of IPv6 when the device went down.
    package func restoreIPv6(_ index: Int32) throws(NetlinkError) {
        for (place, piece) in standing.ofIPv6 where place == index {
            switch piece {
            case .address(let address): try add(address, to: index)
            case .route(let destination): try addRoute(to: destination, on: index)
            case .neighbour(let address, let hardwareAddress): try addNeighbour(address, hardwareAddress, on: index)
            }
        }
    }
}

extension Standing {
    /// No fault changes it; it only goes with its device, addresses included, and comes back.
    fileprivate mutating func remember(_ piece: IPv6Piece, on index: Int32) {
        if !ofIPv6.contains(where: { $0.index == index && $0.piece == piece }) { ofIPv6.append((index, piece)) }
    }
}
