import Scenarios

/// A program that takes long to come up.
package struct SlowStart: Fault {
    package static let definition = FaultDefinition(
        name: "slow-start",
        summary: "An actor is restarted and takes long to come up: its process is there and does not serve yet.",
        wire: """
            First what restart does. Then, for as long as takes says, one of two: before: listening is a program that \
            loads before it listens, so every new connection is refused by RST although the process runs; before: \
            answering is one that listens before it loads, so connections come up and nothing is answered on them, \
            until it answers all at once. (A load balancer's TCP check takes the second kind for healthy.)
            """,
        heals: "The moment is over when every instance is ready again and runs freely.",
        hit: "One for each process that ended, as its pidfd says, for a start that was slow.",
        mechanism: """
            As restart. The new process is stopped before its first instruction (ptrace(2) at exec, then SIGSTOP) or, \
            with before: answering, within a millisecond of its listening on all ports as before; SIGCONT follows \
            after that time.
            """,
        target: .actor, extent: .moment,
        parameters: [
            Parameter(
                "takes", .duration(.milliseconds(1) ... .seconds(86_400)), required: true,
                "How much longer than usual it takes to come up."),
            Parameter(
                "before", .choice(["listening", "answering"]), default: .text("listening"),
                "What it does not do before that: listen, or answer (then it listens from the start)."),
        ] + RestartPlan.parameters,
        example: """
            - { at: 5m, fault: slow-start, of: broker, takes: 30s, before: answering, down-for: 1s, state: kept }
            """, takesTime: true)

    private let actor: String
    private let id: String
    private var plan: RestartPlan

    package init(plan: FaultPlan) {
        actor = plan.actor
        id = "fault\(plan.index)"
        self.plan = RestartPlan(plan)
        self.plan.slow = (plan.duration("takes") ?? .seconds(1), plan.text("before") == "answering")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Restarting([RestartCourse(Self.self, actor, id: id, plan, in: field)], in: field)
        try active.begin()
        return active
    }
}
