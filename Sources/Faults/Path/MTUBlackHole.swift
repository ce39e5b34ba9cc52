import Labs
import Scenarios

/// Large packets vanish, and nobody is told.
package struct MTUBlackHole: Fault {
    package static let definition = FaultDefinition(
        name: "mtu-black-hole",
        summary: "A link drops every packet above a size, and tells nobody.",
        wire: """
            IP packets with more bytes than the MTU vanish, whether they may be fragmented or not; smaller ones pass. \
            No ICMP comes back (RFC 2923): handshakes and small requests work, and the first large answer \
            hangs, is sent again and again, and the connection dies of its time-outs.
            """,
        heals: "Large packets pass again; TCP's next retransmission carries on.",
        hit: "One for each packet dropped, from the kernel's counter.",
        mechanism: "One nftables rule (meta length) with a counter in the wire.",
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "mtu", .count(68...1499), required: true,
                "The largest IP packet that passes, in bytes, headers included; the link's own is 1500.")
        ],
        example: "- { at: 5m, until: 8m, fault: mtu-black-hole, between: [phone, home], mtu: 1400 }")

    private let target: (name: String, from: String?)
    private let id: String
    private let mtu: Int

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        mtu = Int(plan.count("mtu") ?? 1499)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (wire, from, mtu) = (field.link(target.name), target.from, mtu)
        try Self.attempt { try wire.drop(id: id, from: from, longerThan: mtu) }
        return WireDrop(Self.self, wire: wire, id: id)
    }
}

/// A drop of a wire, with its count.
final class WireDrop: ActiveFault {
    private let kind: any Fault.Type
    private let wire: Wire
    private let id: String
    /// What it came to, once healed.
    private var total: Int64?

    init(_ kind: any Fault.Type, wire: Wire, id: String) {
        self.kind = kind
        self.wire = wire
        self.id = id
    }

    func hits() throws(FaultError) -> Int64 {
        if let total { return total }
        return try kind.attempt { try wire.dropped(id) }
    }

    func heal() throws(FaultError) {
        if total != nil { return }
        total = try kind.attempt { try wire.heal(id) }
    }
}
