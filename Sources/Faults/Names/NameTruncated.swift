import Labs
import Scenarios

/// Too long for a datagram: ask again by TCP, if you can.
package struct NameTruncated: Fault {
    package static let definition = FaultDefinition(
        name: "name-truncated",
        summary: "Answers about a name do not fit into a datagram: whoever wants them has to ask by TCP.",
        wire: """
            Every question about the name by UDP is answered without an answer and with the bit TC (RFC 1035, section \
            4.2.1; RFC 7766). Asked again by TCP, the server answers; or, with tcp: silence, takes the question and \
            says nothing, as behind a firewall that holds DNS for a matter of UDP; or, with tcp: hang-up, closes the \
            connection instead: the C library makes EAI_NONAME of both, after 10 s and at once. Resolvers that cannot \
            do TCP fail in any case.
            """,
        heals: "Questions by UDP are answered whole, those by TCP as before.",
        hit: "One for each answer by UDP that was truncated.",
        mechanism: NameFault.mechanism, target: .name, extent: .interval,
        parameters: [
            Parameter(
                "tcp", .choice(Stream.allCases.map(\.rawValue)), default: .text(Stream.answers.rawValue),
                "What becomes of the question by TCP.")
        ],
        example: "- { at: 10m, until: 15m, fault: name-truncated, name: broker, tcp: silence }")

    private enum Stream: String, CaseIterable {
        case answers, silence
        case hangUp = "hang-up"
    }

    private let name: String
    private let stream: Stream

    package init(plan: FaultPlan) {
        name = plan.lookedUpName
        stream = plan.text("tcp").flatMap(Stream.init) ?? .answers
    }

    package func strike(in field: any FaultField) -> any ActiveFault {
        NameFault(
            NameRule(name) { [stream] in
                if !$0.isStream {
                    $1.outcome = .truncated
                } else if stream != .answers {
                    $1.outcome = stream == .silence ? .silence : .hangUp
                }
            } proves: {
                !$0.isStream && $1.outcome == .truncated
            },
            in: field)
    }
}
