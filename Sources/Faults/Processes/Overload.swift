import JSONLines
import Scenarios

/// A server with room for so many.
package struct Overload: Fault {
    package static let definition = FaultDefinition(
        name: "overload",
        summary: "A server takes so many sessions and refuses every other one politely, in its own protocol.",
        wire: """
            Who logs in while as many sessions stand as it has room for is told that the server is overloaded and that \
            coming again may help, and after which time if retry-after says so; then its connection is closed. \
            Sessions that stand go on, even when there are more of them than that. A client must come again, not \
            sooner than it was told, and not all clients at one moment.
            """,
        heals: "There is room for everyone.",
        hit: "One for each login that was refused for want of room, by the server's own count.",
        mechanism: ActorMade.mechanism,
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "capacity", .count(0...1_000_000), required: true, "How many sessions it has room for."),
            Parameter(
                "retry-after", .duration(.milliseconds(1) ... .seconds(86_400)),
                "After which time a client is told to come again; it is told none when left out."),
        ],
        example: "- { at: 5m, until: 9m, fault: overload, of: broker, capacity: 100, retry-after: 5s }",
        isMadeByActor: true)

    private let actor: String
    private let fields: [JSON.Member]

    package init(plan: FaultPlan) {
        actor = plan.actor
        fields =
            [JSON.Member("capacity", .integer(plan.count("capacity") ?? 0))]
            + plan.nanoseconds("retry-after", as: "retry_after")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try ActorMade(Self.self, by: actor, in: field, fields)
    }
}
