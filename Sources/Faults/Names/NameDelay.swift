import Labs
import Scenarios

/// The name server takes its time.
package struct NameDelay: Fault {
    package static let definition = FaultDefinition(
        name: "name-delay",
        summary: "Answers about a name come late.",
        wire: """
            Every question about the name, of any type, is answered so much later. A resolver that is less patient \
            asks again meanwhile (the C library after 5 s), and takes the first answer that comes; it gives up when \
            its own time is over (the C library after 10 s). A program that looks names up in the thread that does \
            everything else stands still for so long.
            """,
        heals: "Questions are answered at once. Answers under way come at their time.",
        hit: "One for each question whose answer was held back.",
        mechanism: NameFault.mechanism, target: .name, extent: .interval,
        parameters: [
            Parameter(
                "delay", .duration(.milliseconds(1) ... .seconds(3600)), required: true,
                "How much later each answer comes.")
        ],
        example: "- { at: 10m, until: 15m, fault: name-delay, name: broker, delay: 3s }")

    private let name: String
    private let delay: Duration

    package init(plan: FaultPlan) {
        name = plan.lookedUpName
        delay = plan.duration("delay") ?? .zero
    }

    package func strike(in field: any FaultField) -> any ActiveFault {
        NameFault(
            NameRule(name) { [delay] in
                $1.delay += delay
            } proves: {
                // What is not answered is not late.
                ![.silence, .hangUp].contains($1.outcome)
            },
            in: field)
    }
}
