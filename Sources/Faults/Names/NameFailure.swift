import Labs
import Scenarios

/// The name server answers, and not with an address; or not at all.
package struct NameFailure: Fault {
    package static let definition = FaultDefinition(
        name: "name-failure",
        summary: "Whoever looks a name up is told that there is no such name, or another error, or nothing at all.",
        wire: """
            Every question about the name, of any type, by UDP and by TCP, is answered in this way: nxdomain says that \
            there is no such name; empty that there is one, with no address (NOERROR, no answers); servfail that the \
            server could not find out; refused that it does not want to. With timeout no answer comes at all: the C \
            library asks again after 5 s and gives up after 10 s, others have pauses of their own.

            getaddrinfo(3) makes EAI_NONAME of nxdomain, EAI_NODATA of empty and EAI_AGAIN of the others. A client may \
            hold nxdomain for final, and should not hold the others for it. Connections that stand are not touched.
            """,
        heals: "The name is answered as before. What clients remember of the failure is theirs to forget.",
        hit: "One for each question so answered, or so left without an answer.",
        mechanism: NameFault.mechanism, target: .name, extent: .interval,
        parameters: [
            Parameter(
                "answer", .choice(Answer.allCases.map(\.rawValue)), required: true, "What becomes of the question.")
        ],
        example: "- { at: 10m, until: 15m, fault: name-failure, name: broker, answer: nxdomain }")

    private enum Answer: String, CaseIterable { case nxdomain, servfail, refused, empty, timeout }

    private let name: String
    private let outcome: NameAnswer.Outcome

    package init(plan: FaultPlan) {
        name = plan.lookedUpName
        outcome =
            switch plan.text("answer").flatMap(Answer.init) {
            case .nxdomain, nil: .noSuchName
            case .servfail: .serverFailure
            case .refused: .refused
            case .empty: .empty
            case .timeout: .silence
            }
    }

    package func strike(in field: any FaultField) -> any ActiveFault {
        NameFault(
            NameRule(name) { [outcome] in
                $1.outcome = outcome
            } proves: { [outcome] in
                $1.outcome == outcome
            },
            in: field)
    }
}
