import Kernel
import Netlink
import Scenarios

/// Hosts, wires and routers in the kernel, made to a plan. All of it vanishes with this object and the processes in it:
/// nothing is mounted, and no namespace but its own is changed. Keep it to the end of the run (withExtendedLifetime).
package final class Lab {
    package let plan: LabPlan
    /// In the order of the plan.
    package private(set) var hosts: [LabHost] = []
    package private(set) var wires: [Wire] = []
    package private(set) var routers: [NATRouter] = []
    /// What is not as the plan has it, in sentences; empty in the lab kernel.
    package private(set) var notes: [String] = []
    /// Nil when names are resolved by a hosts file, and until `startNameServer`.
    package private(set) var nameServer: NameServer?
    /// Nil when no actor has one, and until `makeCertificates`.
    package private(set) var certificates: Certificates?
    /// How they find each other, once they all stand.
    package private(set) var network: LabNetwork!
    /// Of the kernel, as far as the devices made so far have shown.
    private var abilities = ImpairmentQueues.Abilities()

    /// Builds it: namespaces, then links, then routers.
    /// - Parameter seed: the run's; every direction of every link draws a stream of random numbers from it.
    /// - Throws: `LabError`, also for what this kernel lacks.
    package init(_ plan: LabPlan, seed: UInt64) throws(LabError) {
        self.plan = plan
        do throws(LabError) {
            try build(seed: seed)
        } catch {
            // A refusal often is a piece that is missing, in other words.
            let missing = error.missing == nil ? Capability.missing(for: plan) : []
            if missing.isEmpty { throw error }
            throw LabError(error.subject, .unsupported(missing: missing.joined(separator: ", ")))
        }
    }

    private func build(seed: UInt64) throws(LabError) {
        for host in plan.hosts { hosts.append(try makeHost(host)) }
        for (number, link) in plan.links.enumerated() { wires.append(try makeLink(link, number, seed: seed)) }
        for host in plan.hosts {
            guard let nat = host.nat else { continue }
            let router = try LabError.of("router \(host.name)") {
                let spare = spares[outside(host)!]!
                return try NATRouter(self.host(host.name), nat, spare: spare)
            }
            routers.append(router)
        }
        try DeadEnds.make(in: self)
        network = LabNetwork(self, spares: spares)
        if Names.isLabKernel { note(try LabError.of("the lab kernel") { try LabSettings.applyToLabKernel() }) }
    }

    /// Answers questions about names from now on, whenever the loop runs; nothing when the plan has no name server.
    /// - Parameters:
    ///   - actors: each actor's name and the host that it runs on.
    ///   - onLookup: is told of each question, when it comes.
    package func startNameServer(
        actors: [(name: String, host: String)], loop: EventLoop, onLookup: @escaping (NameServer.Lookup) -> Void
    ) throws(LabError) {
        guard let plan = plan.nameServer else { return }
        nameServer = try LabError.of("the name server") {
            try NameServer(plan, in: self, actors: actors, loop: loop, onLookup: onLookup)
        }
    }

    /// Makes an authority and the certificates of these actors, in files below `CertificatePlan.folder`; nothing when
    /// there are none.
    package func makeCertificates(
        _ owners: [(actor: String, host: String, plan: CertificatePlan)]
    ) throws(LabError) {
        if owners.isEmpty { return }
        certificates = try LabError.of("certificates") { try Certificates(owners, in: plan) }
    }

    /// Names were checked: an unknown one is our own bug.
    package func host(_ name: String) -> LabHost { Self.find(name, "host", hosts.first { $0.name == name }) }
    /// By the link's name.
    package func link(_ name: String) -> Wire { Self.find(name, "link", wires.first { $0.name == name }) }
    package func router(_ name: String) -> NATRouter { Self.find(name, "router", routers.first { $0.name == name }) }

    private static func find<Part>(_ name: String, _ kind: String, _ part: Part?) -> Part {
        guard let part else { preconditionFailure("this lab has no \(kind) \(name)") }
        return part
    }

    // MARK: Spare addresses

    /// A second outside address for every NAT router, by its first one, and eight above it; whoever has a route to the
    /// first has one to it.
    private lazy var spares: [String: IPv4Address] = {
        var spares: [String: IPv4Address] = [:]
        for host in plan.hosts {
            guard let outside = outside(host) else { continue }
            let number = UInt32(bigEndian: address(outside).networkOrder) + 8
            spares[outside] = IPv4Address(networkOrder: number.bigEndian)
        }
        return spares
    }()

    /// The address that a NAT router is known by outside; nil for other hosts.
    private func outside(_ host: HostPlan) -> String? {
        guard let link = plan.links.first(where: { $0.name == host.nat?.outside }) else { return nil }
        return link.first.host == host.name ? link.first.hostAddress : link.second.hostAddress
    }

    /// Keeps each note once.
    private func note(_ more: [String]) {
        for note in more where !notes.contains(note) { notes.append(note) }
    }

    // MARK: Hosts

    private func makeHost(_ plan: HostPlan) throws(LabError) -> LabHost {
        try LabError.of("host \(plan.name)") {
            let namespace = try NetworkNamespace(for: "host \(plan.name)")
            // Hosts in the middle pass packets on (see Topology).
            let isRouter = plan.nat != nil || plan.addresses.count > 1
            let settings =
                LabSettings.everywhere + LabSettings.endpoints + (isRouter ? LabSettings.forwarding : [])
            note(try LabSettings.apply(settings, to: namespace))
            let routes = try RouteSocket(in: namespace)
            try routes.setUp(RouteSocket.loopback)
            return LabHost(name: plan.name, namespace: namespace, routes: routes)
        }
    }

    // MARK: Links

    /// Of our devices: beyond those that kernels put into every new namespace (sit0, ip6tnl0, gre0...).
    private static let firstIndex: Int32 = 101

    private func makeLink(_ plan: LinkPlan, _ number: Int, seed: UInt64) throws(LabError) -> Wire {
        try LabError.of("link \(plan.name)") {
            let namespace = try NetworkNamespace(for: "link \(plan.name)")
            _ = try LabSettings.apply(
                LabSettings.everywhere + LabSettings.forwarding + LabSettings.wires, to: namespace)
            let routes = try RouteSocket(in: namespace)
            let first = side("first", Self.firstIndex, plan.first, link: number)
            let second = side("second", Self.firstIndex + 1, plan.second, link: number)
            try connect(plan.first, plan, to: first, routes, number: number)
            try connect(plan.second, plan, to: second, routes, number: number)
            try addWayThrough(plan, first, second, routes)
            let filter = try PacketFilter(in: namespace, chains: [.init(Wire.chain, .forward)])
            return Wire(
                name: plan.name, ends: [host(plan.first.host), host(plan.second.host)], routes: routes,
                filter: filter,
                devicesTurned: { [unowned self] in try network.linkChanged(plan.name, isBroken: $0) },
                first: first, second: second,
                fromFirst: try direction(plan, from: first, leaving: second, routes, seed: seed),
                fromSecond: try direction(plan, from: second, leaving: first, routes, seed: seed))
        }
    }

    private func side(_ device: String, _ index: Int32, _ end: LinkEnd, link number: Int) -> Wire.Side {
        Wire.Side(
            device: device, index: index, host: end.host,
            hardwareAddress: .ours(link: number, device: index, isHost: false))
    }

    /// A veth pair from host to wire with addresses, neighbours and the host's routes.
    private func connect(
        _ end: LinkEnd, _ plan: LinkPlan, to side: Wire.Side, _ wire: RouteSocket, number: Int
    ) throws {
        let host = host(end.host)
        let place = host.interfaces.count
        let interface = LabHost.Interface(
            link: plan.name, device: "eth\(place)", index: Self.firstIndex + Int32(place), address: end.hostAddress)
        let here = VethEnd(
            device: interface.device, index: interface.index,
            hardwareAddress: .ours(link: number, device: side.index, isHost: true))
        let there = VethEnd(
            device: side.device, index: side.index,
            hardwareAddress: side.hardwareAddress)
        try host.routes.makeVeth(here, peer: there, in: wire.namespace)
        try host.routes.turnOffloadsOff(here.device)
        try host.routes.setUp(here.index)
        try host.routes.add(address(end.hostAddress), prefix: 30, to: here.index)
        try host.routes.addNeighbour(address(end.wireAddress), there.hardwareAddress, on: here.index)
        try wire.turnOffloadsOff(there.device)
        try wire.setUp(there.index)
        try wire.add(address(end.wireAddress), prefix: 30, to: there.index)
        try host.routes.settle(here.device)
        try wire.settle(there.device)
        try addRoutes(end.reaches, via: end.wireAddress, on: interface.index, host.routes)
        host.interfaces.append(interface)
    }

    /// The wire's neighbours and routes: all that goes when its devices go down.
    private func addWayThrough(
        _ plan: LinkPlan, _ first: Wire.Side, _ second: Wire.Side, _ routes: RouteSocket
    ) throws {
        for (side, own, other) in [(first, plan.first, plan.second), (second, plan.second, plan.first)] {
            let number = self.plan.links.firstIndex { $0.name == plan.name }!
            let host = HardwareAddress.ours(link: number, device: side.index, isHost: true)
            try routes.addNeighbour(address(own.hostAddress), host, on: side.index)
            // What one end reaches lies behind the other.
            try addRoutes(other.reaches, via: own.hostAddress, on: side.index, routes)
        }
    }

    private func addRoutes(
        _ destinations: [String], via gateway: String, on index: Int32, _ routes: RouteSocket
    ) throws(NetlinkError) {
        for destination in destinations {
            if destination != gateway {
                try routes.addRoute(to: address(destination), via: address(gateway), on: index)
            }
            if let spare = spares[destination] { try routes.addRoute(to: spare, via: address(gateway), on: index) }
        }
    }

    /// Addresses come from the plan, which made them.
    private func address(_ text: String) -> IPv4Address {
        guard let address = IPv4Address(text) else { preconditionFailure("\(text) is no IPv4 address") }
        return address
    }

    private func direction(
        _ plan: LinkPlan, from: Wire.Side, leaving: Wire.Side, _ routes: RouteSocket, seed: UInt64
    ) throws -> Wire.Direction {
        let own = Seed.derived(from: seed, for: "link \(plan.name) from \(from.host)")
        let wanted = plan.impairment(from: from.host)
        let queues = try ImpairmentQueues(
            device: leaving.index, seed: own, abilities: abilities, doing: wanted, routes)
        abilities = queues.abilities
        if !abilities.netem, wanted.delay > .zero {
            note(["links have no delay: this kernel lacks sch_netem"])
        }
        return Wire.Direction(egress: leaving, queues: queues, base: wanted)
    }
}

extension HardwareAddress {
    /// The same in every run: locally administered, link number, the wire's device, which end of it.
    static func ours(link: Int, device: Int32, isHost: Bool) -> HardwareAddress {
        HardwareAddress([
            0x02, 0x68, UInt8(truncatingIfNeeded: link >> 8), UInt8(truncatingIfNeeded: link), UInt8(device),
            isHost ? 1 : 2,
        ])
    }
}
