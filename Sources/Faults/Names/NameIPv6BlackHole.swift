import Labs
import Scenarios

/// Happy Eyeballs' reason to be.
package struct NameIPv6BlackHole: Fault {
    package static let definition = FaultDefinition(
        name: "name-ipv6-black-hole",
        summary: "A name has an IPv6 address as well, and everything that is sent there vanishes.",
        wire: """
            Questions about the name's IPv6 address (AAAA) are answered with one; its IPv4 address is as it was and \
            works. Resolvers put IPv6 first (RFC 6724), so a client that tries one address after the other hangs at \
            the first until its own deadline (Linux's TCP gives up after 2 min 11 s); one with Happy Eyeballs (RFC \
            8305) tries IPv4 250 ms later and is connected. A client that gives up after the first address never is.

            Programs notice from the run's start that their host has IPv6: all hosts have an IPv6 address then, from \
            which nothing ever comes back, as in a network whose IPv6 is broken.
            """,
        heals: "The name has no IPv6 address again; clients may remember it for up to ttl.",
        hit: "One for each question about the name's IPv6 address that was answered with the dead one.",
        mechanism: NameFault.mechanism + """
             Each host with a link has the address 2001:db8::N on the first of them from the lab's start, and a route \
            to 2001:db8:ffff::1, which is the answer; the wire in the middle of the link does not speak IPv6 and \
            drops it. The SYNs are seen on the link.
            """,
        target: .name, extent: .interval, needs: [.deadIPv6], labs: .hostNeeds("IPv6"),
        parameters: [
            Parameter(
                "ttl", .duration(.zero ... .seconds(604_800)), default: .duration(NameServerPlan.usualTTL),
                "For how long this answer may be remembered; whole seconds.")
        ],
        example: "- { at: 10m, until: 15m, fault: name-ipv6-black-hole, name: broker, ttl: 30s }")

    private let name: String
    private let ttl: Duration

    package init(plan: FaultPlan) {
        name = plan.lookedUpName
        ttl = plan.duration("ttl") ?? NameServerPlan.usualTTL
    }

    package func strike(in field: any FaultField) -> any ActiveFault {
        let outcome = NameAnswer.Outcome.addresses([DeadEnds.silentIPv6])
        return NameFault(
            NameRule(name) { [ttl] in
                if $0.kind == .aaaa { $1 = NameAnswer(outcome, ttl: ttl, delay: $1.delay) }
            } proves: {
                $0.kind == .aaaa && $1.outcome == outcome
            },
            in: field)
    }
}
