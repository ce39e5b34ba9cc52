import Labs
import Scenarios

/// The lid is closed.
package struct Suspend: Fault {
    package static let definition = FaultDefinition(
        name: "suspend",
        summary: "A host sleeps: all of its programs stand still and nothing enters or leaves it, as a closed laptop.",
        wire: """
            Silence in both directions, from one moment to the next, and nobody is told. Peers retransmit and give up; \
            NAT routers forget. When it wakes its programs go on in the middle of what they did, with connections \
            that look ESTABLISHED and often are not: their first packet is answered by RST, or by nobody.

            CLOCK_REALTIME and CLOCK_BOOTTIME have gone on, as in life, and so has CLOCK_MONOTONIC, which in life \
            stands still: a timer that fell due meanwhile fires at the moment of waking, not that much later. The \
            host's kernel is the lab's and does not sleep either: a TCP connection with unacknowledged data is \
            retransmitted into nothing and may time out during a sleep of a quarter of an hour or more, where in life \
            it would try again after waking.
            """,
        heals: """
            Its programs run and its links carry packets. What peers have given up, and routers forgotten, stays so.
            """,
        hit: """
            One for each live TCP connection of the host's actors that slept: those that stood when it struck, and \
            those that came up at a listening port from the host itself.
            """,
        mechanism: """
            SIGSTOP to every process of every actor on the host, as freeze; and on each of its links a rule in the \
            wire that drops what comes from it or goes to it.
            """,
        target: .host, extent: .interval,
        example: "- { at: 5m, until: 35m, fault: suspend, on: phone }",
        misfit: { plan, _, actors in
            if actors.contains(where: { $0.host == plan.host }) { return nil }
            return "no actor runs on host \"\(plan.host)\", so nothing would sleep"
        })

    private let host: String
    private let id: String

    package init(plan: FaultPlan) {
        host = plan.host
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(host: host, id: id, field: field)
        try active.begin()
        return active
    }

    private final class Active: ActiveFault {
        private let frozen: Frozen
        private let wires: [Wire]
        private let id: String

        init(host: String, id: String, field: any FaultField) {
            frozen = Frozen(Suspend.self, actors: field.actors.actors(on: host), id: id, field: field)
            wires = field.lab.host(host).interfaces.map { field.link($0.link) }
            self.id = id
        }

        /// Programs first: nothing that they say may be lost in a link that is down for others.
        func begin() throws(FaultError) {
            try frozen.begin()
            do throws(FaultError) {
                try Suspend.attempt { for wire in wires { try wire.drop(id: id, from: nil) } }
            } catch {
                try? heal()
                throw error
            }
        }

        func hits() throws(FaultError) -> Int64 { try frozen.hits() }

        func heal() throws(FaultError) {
            try Suspend.attempt { for wire in wires { try wire.heal(id) } }
            try frozen.heal()
        }
    }
}
