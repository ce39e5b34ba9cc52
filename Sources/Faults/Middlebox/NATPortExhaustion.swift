import Glibc
import Kernel
import Labs
import Netlink
import Scenarios

/// The router runs out of ports.
package struct NATPortExhaustion: Fault {
    package static let definition = FaultDefinition(
        name: "nat-port-exhaustion",
        summary: "A NAT router has only so many ports to give to new mappings; whoever finds none is dropped.",
        wire: """
            New connections through the router leave it from one of so many ports. To one server and port there can be \
            as many at a time as there are ports; the next one's packets vanish: SYNs are sent again and connect(2) \
            times out, datagrams are lost, and nobody is told. As with Linux and cloud NAT gateways the same port may \
            serve another server at the same time. Mappings that stand keep their ports and work. A port is free \
            again when its mapping has ended: two minutes after a goodbye, ten seconds after a RST.
            """,
        heals: "New mappings have all ports again. Mappings that stand keep theirs.",
        hit: "One for each packet that was dropped because its mapping found no port, as the kernel counts them.",
        mechanism: """
            nftables' masquerade to a range of ports, in a chain ahead of the router's own; the count is connection \
            tracking's insert_failed. Linux tries every port of a range of up to 128, and a sample of longer ones.
            """,
        target: .router, extent: .interval,
        parameters: [
            Parameter(
                "ports", .count(1...10_000), required: true, "How many ports there are: those from 50000 on.")
        ],
        example: "- { at: 5m, until: 10m, fault: nat-port-exhaustion, on: home, ports: 64 }")

    private static let firstPort = 50_000

    private let router: String
    private let id: String
    private let ports: ClosedRange<Int>

    package init(plan: FaultPlan) {
        router = plan.router
        id = "fault\(plan.index)"
        ports = Self.firstPort...(Self.firstPort + Int(plan.count("ports") ?? 1) - 1)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let router = field.router(router)
        let statistics = try Self.attempt { try ConntrackStatistics(in: router.namespace) }
        let before = try Self.attempt { try statistics.failedInsertions() }
        let way: PacketFilter.Expression = .leavesBy(router.outside.index)
        // The first chain that translates a connection decides.
        let chain = PacketFilter.Chain(
            "postrouting", .postrouting, isTranslation: true, priority: 99,
            rules: [[way, .isTCP, .masqueradeTo(ports: ports)], [way, .isUDP, .masqueradeTo(ports: ports)]])
        let fault = try FilterFault(
            Self.self, id: id, [.init(namespace: router.namespace, hits: [], chains: [chain])])
        return Active(fault, statistics, before: before)
    }

    private final class Active: ActiveFault {
        private let fault: FilterFault
        private let statistics: ConntrackStatistics
        private let before: Int64
        /// What it came to, once healed.
        private var total: Int64?

        init(_ fault: FilterFault, _ statistics: ConntrackStatistics, before: Int64) {
            self.fault = fault
            self.statistics = statistics
            self.before = before
        }

        func hits() throws(FaultError) -> Int64 {
            if let total { return total }
            return try NATPortExhaustion.attempt { try statistics.failedInsertions() - before }
        }

        func heal() throws(FaultError) {
            if total != nil { return }
            try fault.heal()
            total = try hits()
        }
    }
}
