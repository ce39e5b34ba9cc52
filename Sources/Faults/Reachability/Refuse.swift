import Labs
import Netlink
import Scenarios

/// Nobody listens there, it seems.
package struct Refuse: Fault {
    package static let definition = FaultDefinition(
        name: "refuse",
        summary: "A link answers every connection attempt with RST, as a host does where nobody listens.",
        wire: """
            Each TCP SYN that is no answer is dropped and answered by a RST in the name of its receiver: connect(2) \
            fails with ECONNREFUSED, one round trip to the middle of the link later. The server never sees it. \
            Established connections carry on, and UDP does.

            With a direction only attempts of that host's side are refused, with a port only those to that port.
            """,
        heals: "Attempts reach the server again.",
        hit: "One for each SYN that was refused.",
        mechanism: "nftables' reject with tcp reset, in the wire, the router namespace in the middle of the link.",
        target: .link, extent: .interval,
        parameters: [
            Parameter("port", .count(1...65535), "Refuse attempts to this TCP port only; any when left out.")
        ],
        example: "- { at: 5m, until: 6m, fault: refuse, between: [phone, home], port: 1883 }")

    private let link: (name: String, from: String?)
    private let id: String
    private let port: Int64?

    package init(plan: FaultPlan) {
        link = plan.link
        id = "fault\(plan.index)"
        port = plan.count("port")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link.name)
        let rules = wire.sides(from: link.from).map { side -> [PacketFilter.Expression] in
            let port: [PacketFilter.Expression] = port.map { [.toPort(Int($0))] } ?? []
            return [.cameBy(side.side.index), .isTCP, .flags([.syn], of: [.syn, .ack])] + port
                + [.count(FilterFault.hits), .reset]
        }
        let chain = PacketFilter.Chain("forward", .forward, priority: FilterFault.answering, rules: rules)
        return try FilterFault(Self.self, id: id, [.init(namespace: wire.namespace, chains: [chain])])
    }
}
