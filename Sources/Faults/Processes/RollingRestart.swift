import Scenarios

/// A cluster is upgraded, one server at a time.
package struct RollingRestart: Fault {
    package static let definition = FaultDefinition(
        name: "rolling-restart",
        summary: "Several actors are restarted one after another, each when the one before is ready again.",
        wire: """
            On each server's connections in turn what restart does. A client that moves to the next server on each \
            goodbye may be moved several times; one that comes back to a server that has not had its turn yet loses \
            its connection again.
            """,
        heals: "The moment is over when the last of them is ready again.",
        hit: "One for each process that ended, as its pidfd says.",
        mechanism: """
            As restart, for the actors in the order of the list; the next one's SIGTERM comes gap after the one before \
            is ready.
            """,
        target: .actors, extent: .moment,
        parameters: [
            Parameter(
                "gap", .duration(.zero ... .seconds(86_400)), default: .duration(.zero),
                "From one being ready again to the stop of the next.")
        ] + RestartPlan.parameters,
        example: "- { at: 5m, fault: rolling-restart, of: [broker, standby], gap: 30s, down-for: 5s, state: kept }",
        takesTime: true)

    private let actors: [String]
    private let id: String
    private let gap: Duration
    private let plan: RestartPlan

    package init(plan: FaultPlan) {
        actors = plan.actors
        id = "fault\(plan.index)"
        gap = plan.duration("gap") ?? .zero
        self.plan = RestartPlan(plan)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let courses = actors.map { RestartCourse(Self.self, $0, id: id, plan, in: field) }
        let active = Restarting(courses, gap: gap, in: field)
        try active.begin()
        return active
    }
}
