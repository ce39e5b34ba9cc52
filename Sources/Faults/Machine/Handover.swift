import Scenarios

/// From one network to another: wifi to cellular.
package struct Handover: Fault {
    package static let definition = FaultDefinition(
        name: "handover",
        summary: "A host with several links leaves one of them, and everything goes by the others: wifi to cellular.",
        wire: """
            The interface goes down, its addresses with it, and nobody is told. Connections from them die in silence: \
            the host's own kernel finds no such address any more and sends nothing on them, and what the peers send is \
            lost. New connections have the other link's address and its delay, loss and rate. What is reached by the \
            left link only cannot be reached at all: ENETUNREACH.
            """,
        heals: """
            The interface is up again with its addresses, routes and neighbours; ways are as before. Connections that \
            both ends still hold go on with TCP's next retransmission. Those that began on the other link go on as well.
            """,
        hit: "One for each established TCP connection of the host that was bound to the address of the link it left.",
        mechanism: """
            Over rtnetlink: the host's device is set down, and every host, router and wire gets the routes that the \
            lab would have without that link.
            """,
        target: .host, extent: .interval,
        parameters: [Parameter("link", .text, required: true, "The link that it leaves, by its name.")],
        example: "- { at: 5m, until: 30m, fault: handover, on: phone, link: phone-home }",
        misfit: { plan, lab, _ in
            if let misfit = HostLinks.misfit(plan, lab) { return misfit }
            if lab.links.count(where: { $0.end(of: plan.host) != nil }) > 1 { return nil }
            return "host \"\(plan.host)\" has one link only; a handover leaves one for another"
        })

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let interface = HostLinks.interface(plan, in: field)
        let id = "fault\(plan.index)"
        return try Self.attempt {
            let struck = try HostLinks.connections(of: plan.host, from: interface.address, in: field)
            try field.lab.network.lay(id, .leave(host: plan.host, link: interface.link))
            return NetworkChange(Self.self, id: id, hits: Int64(struck.count), field: field)
        }
    }
}
