import Glibc
import Labs
import Scenarios

/// Fail-over by name: the same name, another machine.
package struct NameChange: Fault {
    package static let definition = FaultDefinition(
        name: "name-change",
        summary: "A name leads to another host: fail-over by DNS, or a name that was taken over.",
        wire: """
            Questions about the name's IPv4 address are answered with that of another actor or host, and may be \
            remembered for ttl. Nothing happens to the old address: connections stand, and clients that do not ask \
            again go on using it; take it away with another fault to see who does. A client that looks the name up \
            before each attempt, and remembers no answer longer than it may, finds its way.
            """,
        heals: "The name leads to its own host again; clients may remember the other address for up to ttl.",
        hit: "One for each question about the name's IPv4 address that was answered with the other address.",
        mechanism: NameFault.mechanism, target: .name, extent: .interval,
        parameters: [
            Parameter("to", .place, required: true, "The actor or host that the name leads to."),
            Parameter(
                "ttl", .duration(.zero ... .seconds(604_800)), default: .duration(NameServerPlan.usualTTL),
                "For how long this answer may be remembered; whole seconds."),
        ],
        example: "- { at: 10m, until: 40m, fault: name-change, name: broker, to: home, ttl: 30s }")

    private let name: String
    private let place: String
    private let ttl: Duration

    package init(plan: FaultPlan) {
        name = plan.lookedUpName
        place = plan.text("to") ?? ""
        ttl = plan.duration("ttl") ?? NameServerPlan.usualTTL
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        guard let address = field.lab.nameServer?.address(of: place) else {
            throw FaultError(Self.definition.name, "\(place) has no address")
        }
        let wanted = NameAnswer(.addresses([address]), ttl: ttl)
        return NameFault(
            NameRule(name) {
                if $0.kind == .a { $1 = NameAnswer(wanted.outcome, ttl: wanted.ttl, delay: $1.delay) }
            } proves: {
                $0.kind == .a && $1.outcome == wanted.outcome
            },
            in: field)
    }
}
