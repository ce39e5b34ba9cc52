import Labs
import Scenarios

/// The name is there, its machine is not.
package struct NameWrongAddress: Fault {
    package static let definition = FaultDefinition(
        name: "name-wrong-address",
        summary: "A name leads to an address where nobody is: a record that was left behind.",
        wire: """
            Questions about the name's IPv4 address are answered with another address. With silence every packet to it \
            vanishes on the first link of whoever sends it, so connecting takes until the client's own deadline \
            (Linux's TCP gives up after 2 min 11 s); with unreachable the first router answers by ICMP "host \
            unreachable", and connecting fails with EHOSTUNREACH; with refused there is a machine, which answers by \
            RST.

            Connections that stand are not touched. For a name that leads to somebody else who answers, use \
            name-change.
            """,
        heals: """
            The name leads to its own host again; clients may remember the wrong address for up to ttl. Attempts under \
            way to the wrong address go on as they were.
            """,
        hit: "One for each question about the name's IPv4 address that was answered with the wrong address.",
        mechanism: NameFault.mechanism + """
             The addresses are 192.0.2.1 (silence) and 192.0.2.2 (unreachable), with routes to the wire of each host's \
            first link, a blackhole and an unreachable route there; these stand from the lab's start. For refused it \
            is the address of that wire, where nothing listens.
            """,
        target: .name, extent: .interval,
        parameters: [
            Parameter(
                "reply", .choice(Reply.allCases.map(\.rawValue)), default: .text(Reply.silence.rawValue),
                "What comes back from the wrong address."),
            Parameter(
                "ttl", .duration(.zero ... .seconds(604_800)), default: .duration(NameServerPlan.usualTTL),
                "For how long this answer may be remembered; whole seconds."),
        ],
        example: """
            - { at: 10m, until: 15m, fault: name-wrong-address, name: broker, reply: silence, ttl: 30s }
            """)

    private enum Reply: String, CaseIterable { case silence, unreachable, refused }

    private let name: String
    private let reply: Reply
    private let ttl: Duration

    package init(plan: FaultPlan) {
        name = plan.lookedUpName
        reply = plan.text("reply").flatMap(Reply.init) ?? .silence
        ttl = plan.duration("ttl") ?? NameServerPlan.usualTTL
    }

    package func strike(in field: any FaultField) -> any ActiveFault {
        let wires = Self.wires(of: field.lab.plan)
        let (reply, ttl) = (reply, ttl)
        func address(for host: String) -> String {
            switch reply {
            case .silence: DeadEnds.silent
            case .unreachable: DeadEnds.unreachable
            // A host without links has nobody to be refused by but itself, where the name server's address is.
            case .refused: wires[host] ?? "127.0.0.1"
            }
        }
        return NameFault(
            NameRule(name) {
                guard $0.kind == .a else { return }
                $1 = NameAnswer(.addresses([address(for: $0.host)]), ttl: ttl, delay: $1.delay)
            } proves: {
                $0.kind == .a && $1.outcome == .addresses([address(for: $0.host)])
            },
            in: field)
    }

    /// Of each host, the wire's address on its first link.
    private static func wires(of lab: LabPlan) -> [String: String] {
        var result: [String: String] = [:]
        for end in lab.links.flatMap({ [$0.first, $0.second] }) where result[end.host] == nil {
            result[end.host] = end.wireAddress
        }
        return result
    }
}
