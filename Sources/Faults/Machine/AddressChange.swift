import Netlink
import Scenarios

/// The host is somebody else all of a sudden.
package struct AddressChange: Fault {
    package static let definition = FaultDefinition(
        name: "address-change",
        summary: "A host gets another address on a link, live, as from another access point or a new DHCP lease.",
        wire: """
            Nothing is sent to anybody. Connections from the old address die in silence: what the host's kernel would \
            send on them finds no such address any more and is not sent, what the peers send reaches the host and is \
            dropped there. Both ends stay ESTABLISHED until their own timeouts end them. New connections come from the \
            new address at once; behind a NAT router they get a mapping of their own. Listeners on every address are \
            found by the new one, by whoever knows it: names still lead to the old one.
            """,
        heals: """
            The host has its former address again. Old connections that both ends still hold go on with TCP's next \
            retransmission, those from the new address die in their turn.
            """,
        hit: "One for each established TCP connection of the host that was bound to the address it lost.",
        mechanism: """
            Over rtnetlink the interface gets an address of 198.18.0.0/16 and loses its own; every host, router and \
            wire that has a route to the old one gets one to the new. Programs see the change as they would in life, \
            by rtnetlink's messages.
            """,
        target: .host, extent: .interval, parameters: [HostLinks.parameter],
        example: "- { at: 5m, until: 30m, fault: address-change, on: phone, link: phone-home }",
        misfit: { plan, lab, _ in HostLinks.misfit(plan, lab) })

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let interface = HostLinks.interface(plan, in: field)
        let id = "fault\(plan.index)"
        return try Self.attempt {
            let struck = try HostLinks.connections(of: plan.host, from: interface.address, in: field)
            try field.lab.network.lay(
                id, .renumber(host: plan.host, link: interface.link, to: HostLinks.freshAddress(plan)))
            return NetworkChange(Self.self, id: id, hits: Int64(struck.count), field: field)
        }
    }
}

/// A change of the lab's network that was laid, with all of its hits.
final class NetworkChange: ActiveFault {
    private let kind: any Fault.Type
    private let id: String
    private let count: Int64
    private let field: any FaultField
    private var isHealed = false

    init(_ kind: any Fault.Type, id: String, hits: Int64, field: any FaultField) {
        self.kind = kind
        self.id = id
        count = hits
        self.field = field
    }

    func hits() -> Int64 { count }

    func heal() throws(FaultError) {
        if isHealed { return }
        isHealed = true
        try kind.attempt { try field.lab.network.remove(id) }
    }
}
