import Glibc
import Labs
import Netlink
import Scenarios

/// Some packets arrive damaged.
package struct Corruption: Fault {
    package static let definition = FaultDefinition(
        name: "corruption",
        summary: "A link flips a bit in some packets, in one direction or both.",
        wire: """
            With this probability one bit behind the packet's IP header is flipped, as by a faulty memory in a router, \
            whose output has a good frame checksum again. TCP's and UDP's checksums find every single flipped bit: the \
            receiver drops the packet and says nothing, and to the connection it is a loss. The receiver's kernel \
            counts it (InCsumErrors of /proc/net/snmp), and a NAT router on the way takes it for invalid. What has no \
            checksum arrives damaged.
            """,
        heals: "Packets are left alone again.",
        hit: "One for each packet that had a bit flipped, from the kernel's counters.",
        mechanism: """
            nftables in the wire: a lot is drawn for each packet (numgen random, the kernel's random numbers), and \
            one of up to 24 places, of those that the packet has, gets a bit flipped without the checksum being told. \
            netem's corrupt is not used: it counts nothing, and one in four of its flips in a short packet hits the \
            Ethernet header, where hardly anybody sees it.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter(
                "share", .fraction(0.000_001...1), required: true,
                "Probability with which each packet is damaged, to 0.0001%.")
        ],
        example: "- { at: 5m, until: 8m, fault: corruption, between: [phone, home], share: 1% }")

    private let target: (name: String, from: String?)
    private let id: String
    private let share: Double

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        share = plan.fraction("share") ?? 0
    }

    /// Bytes behind the IP header, as far as nftables reaches (255). UDP's length and checksum are left alone: the
    /// length alone makes a packet "malformed" rather than damaged, and a checksum of 0 is none at all.
    private static let places = [
        0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 16, 20, 24, 28, 32, 40, 48, 64, 80, 100, 128, 160, 200, 240,
    ]
    private static let flips = "flips"
    private static let million: UInt32 = 1_000_000

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(target.name)
        let lot = PacketFilter.Expression.chance(
            below: UInt32((share * Double(Self.million)).rounded()), of: Self.million)
        let rules = wire.sides(from: target.from).map { side, _ in
            [PacketFilter.Expression.cameBy(side.index), lot, .jump(Self.flips)]
        }
        // Each place is as likely as any other. A place behind the packet's end is passed by, and the first, which
        // every packet has, takes what is left.
        let flips = Self.places.reversed().enumerated().map { index, place in
            let others = UInt32(Self.places.count - index)
            let bit = UInt8(1) << (place * 5 % 8)
            return [
                PacketFilter.Expression.chance(below: 1, of: others), .flip(at: place, bit), .count(FilterFault.hits),
                .accept,
            ]
        }
        let missing = (what: "random numbers in nftables (CONFIG_NFT_NUMGEN)", codes: [ENOENT])
        return try Self.attempt(missing: missing) {
            // Behind all drops.
            try FilterFault(
                Self.self, id: id,
                [
                    FilterFault.Table(
                        namespace: wire.namespace,
                        chains: [
                            .init("postrouting", .postrouting, rules: rules), .init(Self.flips, nil, rules: flips),
                        ])
                ])
        }
    }
}
