import Glibc
import Kernel
import Labs
import Netlink
import Scenarios

/// The router's table has no room for another mapping.
package struct NATTableFull: Fault {
    package static let definition = FaultDefinition(
        name: "nat-table-full",
        summary: "A NAT router's table holds only so many mappings; when it is full, new connections are dropped.",
        wire: """
            Mappings that stand work on, however many there are. A new TCP connection or UDP flow from behind the \
            router needs a free place: without one its packets vanish, connect(2) times out, and nobody is told. A \
            place becomes free when a mapping ends, which is later than its connection: two minutes after a goodbye, \
            ten seconds after a RST, and after the router's idle timeout for who has gone silent; then the next \
            retransmission of a SYN gets through.
            """,
        heals: "There is room for everybody again; the next retransmission of a SYN gets through.",
        hit: "One for each packet of a new connection that was dropped for want of a place.",
        mechanism: """
            nftables in the router: a set of connections with room for so many, into which the first packet of each \
            must get. What stands when it strikes is in it; ctnetlink's DESTROY events take out what has ended. \
            (nf_conntrack_max would be for the whole machine.)
            """,
        target: .router, extent: .interval,
        parameters: [
            Parameter(
                "mappings", .count(1...60_000), required: true,
                "How many mappings of TCP connections and UDP flows the table holds.")
        ],
        example: "- { at: 5m, until: 10m, fault: nat-table-full, on: home, mappings: 20 }")

    private let router: String
    private let id: String
    private let mappings: Int

    package init(plan: FaultPlan) {
        router = plan.router
        id = "fault\(plan.index)"
        mappings = Int(plan.count("mappings") ?? 1)
    }

    fileprivate static let places = "places"

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let router = field.router(router)
        let tracking = try Self.attempt {
            try Conntrack(namespace: router.namespace.raw, host: router.name, events: true)
        }
        let standing = try Self.attempt { try tracking.entries().compactMap(\.flow) }
        let fault = try FilterFault(
            Self.self, id: id,
            [
                .init(
                    namespace: router.namespace,
                    sets: [
                        .init(Self.places, Array(standing.prefix(mappings)), isDynamic: true, size: mappings)
                    ],
                    chains: [.init("forward", .forward, priority: -10, rules: rules(router))])
            ])
        do throws(FaultError) {
            let rest = Array(standing.dropFirst(mappings))
            return try Self.attempt { try Active(fault, tracking, without: rest, field: field) }
        } catch {
            try? fault.heal()
            throw error
        }
    }

    /// Ahead of the router's own.
    private func rules(_ router: NATRouter) -> [[PacketFilter.Expression]] {
        let protocols: [PacketFilter.Expression] = [.isTCP, .isUDP]
        return protocols.flatMap { kind -> [[PacketFilter.Expression]] in
            let new: [PacketFilter.Expression] = [.cameNotBy(router.outside.index), kind, .state(.new)]
            return [
                new + [.remember(in: Self.places, reversed: false), .accept],
                new + [.count(FilterFault.hits), .drop],
            ]
        }
    }

    private final class Active: ActiveFault {
        private let fault: FilterFault
        private let tracking: Conntrack
        private unowned let field: any FaultField
        private var token: EventLoop.Token?
        /// They stand, and found no place: they get the first that become free.
        private var placeless: [PacketFilter.Flow]

        init(
            _ fault: FilterFault, _ tracking: Conntrack, without placeless: [PacketFilter.Flow],
            field: any FaultField
        ) throws {
            self.fault = fault
            self.tracking = tracking
            self.placeless = placeless
            self.field = field
            token = try field.watch(tracking.descriptor) { [unowned self] in try freePlaces() }
        }

        private func freePlaces() throws {
            for event in try tracking.read().events {
                guard case .destroyed = event.change, let flow = event.entry.flow else { continue }
                if let index = placeless.firstIndex(of: flow) {
                    placeless.remove(at: index)
                    continue
                }
                // A packet that was dropped later on its way never became a mapping, nor has it a place for long.
                guard try fault.filter.remove(flow, ifIn: NATTableFull.places), let next = placeless.first else {
                    continue
                }
                placeless.removeFirst()
                try fault.filter.add([next], to: NATTableFull.places)
            }
        }

        func hits() throws(FaultError) -> Int64 { try fault.hits() }

        func heal() throws(FaultError) {
            if let token { field.cancel(token) }
            token = nil
            try fault.heal()
        }
    }
}

extension ConntrackEntry {
    /// As whoever began it sends; nil for what has no ports.
    fileprivate var flow: PacketFilter.Flow? {
        guard isTCP || isUDP, let source = IPv4Address(original.source.address),
            let destination = IPv4Address(original.destination.address)
        else { return nil }
        return PacketFilter.Flow(
            source: source, sourcePort: original.source.port, destination: destination,
            destinationPort: original.destination.port)
    }
}

extension PacketFilter {
    /// False when it is not in the set.
    fileprivate func remove(_ flow: Flow, ifIn set: String) throws(NetlinkError) -> Bool {
        do throws(NetlinkError) {
            try remove([flow], from: set)
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
    }
}
