import JSONLines
import Scenarios

/// A server that is about to be taken away says so.
package struct Drain: Fault {
    package static let definition = FaultDefinition(
        name: "drain",
        summary: "A server says goodbye on every session in its own protocol, closes them, and takes no new ones.",
        wire: """
            On every session a goodbye (as HTTP/2's GOAWAY, NATS's lame duck, AMQP's connection.close), then FIN. Who \
            logs in meanwhile is refused and may come again, after retry-after if that is given. A client must finish \
            what it has in flight, come back with a pause of its own and lose nothing.
            """,
        heals: "The server takes everyone in again.",
        hit: "One for each session that was told goodbye and each login that was refused, by the server's own count.",
        mechanism: ActorMade.mechanism,
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "retry-after", .duration(.milliseconds(1) ... .seconds(86_400)),
                "After which time a client is told to come again; it is told none when left out.")
        ],
        example: "- { at: 5m, until: 6m, fault: drain, of: broker, retry-after: 5s }",
        isMadeByActor: true)

    private let actor: String
    private let fields: [JSON.Member]

    package init(plan: FaultPlan) {
        actor = plan.actor
        fields = plan.nanoseconds("retry-after", as: "retry_after")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try ActorMade(Self.self, by: actor, in: field, fields)
    }
}
