import Scenarios

/// An operator restarts a program.
package struct Restart: Fault {
    package static let definition = FaultDefinition(
        name: "restart",
        summary: "An actor is stopped as an operator does it (SIGTERM) and started again, with its state or without.",
        wire: """
            What the program does when it is asked to end: a good one says goodbye on every connection and closes \
            them; most just end, and the kernel closes their sockets with FIN, or RST where data was unread. While it \
            is gone every packet and every new connection is answered by RST. Then it listens again. With state: lost \
            it has forgotten sessions, subscriptions and messages, and may count from 1 again.
            """,
        heals: """
            The moment is over when every instance is ready again, as its plan says. Connections and whatever state \
            was lost are gone.
            """,
        hit: "One for each process that ended, as its pidfd says. A program that was not running has none.",
        mechanism: """
            SIGTERM to every process of every instance, SIGKILL to what is left after the actor's stop-within; when \
            all have ended and down-for has passed, the same command again. state: lost empties the actor's work \
            folder before that.
            """,
        target: .actor, extent: .moment, parameters: RestartPlan.parameters,
        example: "- { at: 5m, fault: restart, of: broker, down-for: 10s, state: lost }", takesTime: true)

    private let actor: String
    private let id: String
    private let plan: RestartPlan

    package init(plan: FaultPlan) {
        actor = plan.actor
        id = "fault\(plan.index)"
        self.plan = RestartPlan(plan)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Restarting([RestartCourse(Self.self, actor, id: id, plan, in: field)], in: field)
        try active.begin()
        return active
    }
}
