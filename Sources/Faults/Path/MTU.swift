import Labs
import Netlink
import Scenarios

/// The link carries smaller packets than it did, and says so.
package struct MTU: Fault {
    package static let definition = FaultDefinition(
        name: "mtu",
        summary: "A link's MTU shrinks: larger packets are fragmented, or answered by ICMP.",
        wire: """
            An IP packet with more bytes than the MTU that must not be fragmented, as all of TCP's, is dropped and \
            answered by ICMP "fragmentation needed" (RFC 1191) with the MTU, from the link's own address. The sender \
            then sends smaller ones; one retransmission is all that a connection notices. Packets that may be \
            fragmented cross in pieces.
            """,
        heals: """
            Packets of 1500 bytes pass again. Who has learnt of the smaller MTU keeps to it for ten minutes \
            (net.ipv4.route.mtu_expires), and open connections until they probe for more.
            """,
        hit: "One for each packet larger than the MTU that came to the link.",
        mechanism: """
            A route with that MTU in a routing table of its own in the wire, and a rule that sends what comes from \
            the one side there; an nftables counter before it. No device's MTU is touched: a veth pair with two MTUs \
            drops in silence what the smaller one cannot take. Linux takes no less than 552 bytes for the MTU of a \
            path (net.ipv4.route.min_pmtu); below that it sends fragments.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "mtu", .count(68...1499), required: true,
                "The largest IP packet that passes in one piece, in bytes, headers included; the link's own is 1500.")
        ],
        example: "- { at: 5m, until: 8m, fault: mtu, between: [phone, home], mtu: 1280 }")

    private let target: (name: String, from: String?)
    private let index: Int
    private let mtu: Int

    package init(plan: FaultPlan) {
        target = plan.link
        index = plan.index
        mtu = Int(plan.count("mtu") ?? 1499)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(target.name)
        let rules = wire.sides(from: target.from).map { side, _ in
            [PacketFilter.Expression.cameBy(side.index), .longerThan(mtu), .count(FilterFault.hits), .accept]
        }
        let counter = try FilterFault(
            Self.self, id: "fault\(index)",
            [FilterFault.Table(namespace: wire.namespace, chains: [.init("prerouting", .prerouting, rules: rules)])])
        do throws(FaultError) {
            try Self.attempt { try wire.shrinkMTU(to: mtu, from: target.from, number: index) }
        } catch {
            try? counter.heal()
            throw error
        }
        return Active(wire: wire, number: index, counter: counter)
    }

    private final class Active: ActiveFault {
        private let wire: Wire
        private let number: Int
        private let counter: FilterFault

        init(wire: Wire, number: Int, counter: FilterFault) {
            self.wire = wire
            self.number = number
            self.counter = counter
        }

        func hits() throws(FaultError) -> Int64 { try counter.hits() }

        func heal() throws(FaultError) {
            try MTU.attempt { try wire.restoreMTU(number: number) }
            try counter.heal()
        }
    }
}
