import Kernel
import Netlink
import Scenarios

/// The standby takes over.
package struct FailOver: Fault {
    package static let definition = FaultDefinition(
        name: "fail-over",
        summary: "A server's address moves to a standby on another host, as with a floating address or VRRP.",
        wire: """
            Nothing is sent to anybody. From then on packets to the address reach the standby's host. It knows nothing \
            of the connections that stand and answers their next packet by RST; a client that only listens notices \
            nothing for as long as it says nothing. New connections to the same address, by the same name, are the \
            standby's. The former server lives, with connections that are dead, and can reach others from an address \
            of its own.
            """,
        heals: """
            The address is back where it was: now the standby's connections are dead, and those of the former server \
            that both ends still hold go on.
            """,
        hit: """
            One for each established TCP connection that the server had by the address when it struck, and one for \
            each that the standby was found to have by it.
            """,
        mechanism: """
            Over rtnetlink: the address leaves the server's host, which gets one of 198.18.0.0/16 in its place, and is \
            added on the standby's; routes to it lead there from every host, router and wire. No address is \
            translated. The standby must listen on every address, on the server's port.
            """,
        target: .actor, extent: .interval,
        parameters: [
            Parameter("to", .text, required: true, "The actor that takes over; it runs on another host.")
        ],
        example: "- { at: 5m, until: 30m, fault: fail-over, of: broker, to: standby }",
        misfit: { plan, lab, actors in
            let name = plan.text("to") ?? ""
            let servers = actors.filter { $0.name != plan.actor }
            guard let standby = servers.first(where: { $0.name == name }) else {
                return "fail-over goes to another actor, and \"\(name)\" is none; there "
                    + (servers.isEmpty ? "is no other" : "are \(servers.map(\.name).joined(separator: ", "))")
            }
            let hosts = [plan.actor, name].compactMap { name in actors.first { $0.name == name }?.host }
            if hosts[0] == standby.host { return "\(plan.actor) and \(name) run on one host, which keeps its address" }
            if let lost = hosts.first(where: { host in !lab.links.contains { $0.end(of: host) != nil } }) {
                return "host \"\(lost)\" has no link, so its address cannot move"
            }
            return nil
        })

    private let plan: FaultPlan
    private let actor: String
    private let standby: String

    package init(plan: FaultPlan) {
        self.plan = plan
        actor = plan.actor
        standby = plan.text("to") ?? ""
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (from, to) = (field.actors.host(of: actor), field.actors.host(of: standby))
        let address = field.lab.host(from).interfaces[0].address
        let id = "fault\(plan.index)"
        return try Self.attempt {
            let lost = try HostLinks.connections(of: from, from: address, in: field)
            try field.lab.network.lay(
                id, .move(from: from, to: to, leaving: HostLinks.freshAddress(plan)))
            return Active(id: id, lost: lost, standbyHost: to, address: address, field: field)
        }
    }

    private final class Active: ActiveFault {
        private let id: String
        private let standbyHost: String
        private let address: String
        private let field: any FaultField
        private var struck: Set<UInt64>
        private var isHealed = false

        init(id: String, lost: Set<UInt64>, standbyHost: String, address: String, field: any FaultField) {
            self.id = id
            self.standbyHost = standbyHost
            self.address = address
            self.field = field
            struck = lost
        }

        func hits() throws(FaultError) -> Int64 {
            if !isHealed {
                struck.formUnion(
                    try FailOver.attempt {
                        try HostLinks.connections(of: standbyHost, from: address, in: field)
                    })
            }
            return Int64(struck.count)
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            _ = try? hits()
            isHealed = true
            try FailOver.attempt { try field.lab.network.remove(id) }
        }
    }
}
