import Glibc
import Kernel
import Netlink
import Scenarios

/// What a lab may need of the running kernel. Each is tried, in a namespace that vanishes again.
package enum Capability: String, CaseIterable, Sendable {
    case namespaces = "network namespaces (as root, or in a user namespace)"
    case veth
    case netem = "sch_netem"
    case tokenBucket = "sch_tbf"
    case byteLimit = "sch_red"
    case waking = "sch_prio with sch_plug"
    case filter = "nf_tables"
    case translation = "nf_nat with nf_conntrack"

    /// What this plan needs and the running kernel does not have, in words; empty when all is well.
    /// - Parameter impaired: whether the timeline lays delay, jitter or loss on a link.
    package static func missing(for plan: LabPlan, impaired: Bool = false) -> [String] {
        var needed: [Capability] = [.namespaces]
        if !plan.links.isEmpty { needed += [.veth, .filter] }
        let impairments = plan.links.flatMap { [$0.impairment, $0.back] }
        if impaired || impairments.contains(where: ImpairmentQueues.needsNetem) { needed.append(.netem) }
        if impairments.contains(where: { $0.rate != nil }) { needed.append(.tokenBucket) }
        if impairments.contains(where: { $0.byteLimit != nil }) { needed.append(.byteLimit) }
        if plan.hosts.contains(where: { $0.nat != nil }) { needed.append(.translation) }
        var missing: [String] = []
        for capability in needed where (try? capability.isPresent()) != true {
            missing.append(capability.rawValue)
            // Without a namespace nothing else can be tried.
            if capability == .namespaces { break }
        }
        return missing
    }

    /// - Throws: when it cannot be tried at all.
    package func isPresent() throws(LabError) -> Bool {
        try LabError.of("a scratch namespace") {
            let scratch = try NetworkNamespace(for: "a scratch namespace")
            do {
                try use(scratch)
                return true
            } catch {
                return false
            }
        }
    }

    private func use(_ scratch: NetworkNamespace) throws {
        switch self {
        case .namespaces: break
        case .veth:
            try RouteSocket(in: scratch).makeVeth(
                VethEnd(device: "a", index: 100, hardwareAddress: HardwareAddress([2, 0, 0, 0, 0, 1])),
                peer: VethEnd(device: "b", index: 101, hardwareAddress: HardwareAddress([2, 0, 0, 0, 0, 2])),
                in: scratch)
        case .netem:
            try RouteSocket(in: scratch).netem(
                .add, Netem(), handle: QueueHandle(major: 1), parent: .root, on: RouteSocket.loopback)
        case .tokenBucket:
            try RouteSocket(in: scratch).tokenBucket(
                .add, TokenBucket(rate: 1_000_000), limit: 10, handle: QueueHandle(major: 1), parent: .root,
                on: RouteSocket.loopback)
        case .byteLimit:
            try RouteSocket(in: scratch).byteLimit(
                .add, nil, handle: QueueHandle(major: 1), parent: .root, on: RouteSocket.loopback)
        case .waking:
            let (routes, outer) = (try RouteSocket(in: scratch), QueueHandle(major: 1))
            try routes.twoPlaces(handle: outer, parent: .root, on: RouteSocket.loopback)
            try routes.wakingQueue(
                handle: QueueHandle(major: 2), parent: outer.secondInside, on: RouteSocket.loopback)
        case .filter:
            _ = try PacketFilter(in: scratch, chains: [.init("c", .forward)])
        case .translation:
            let rule: [PacketFilter.Expression] = [.state(.new), .masquerade]
            _ = try PacketFilter(
                in: scratch,
                chains: [.init("c", .postrouting, isTranslation: true, rules: [rule])])
        }
    }
}
