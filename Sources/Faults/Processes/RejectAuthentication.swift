import JSONLines
import Scenarios

/// A server that does not believe its clients any more.
package struct RejectAuthentication: Fault {
    package static let definition = FaultDefinition(
        name: "reject-authentication",
        summary: "A server rejects everyone who logs in, for the time being or for good, in its own protocol.",
        wire: """
            Connections come up, and the answer to the login is a refusal: one that says that coming again may help \
            (refusal: temporary, as when the server's directory is down), or that it cannot (refusal: permanent, as \
            for a revoked key). Sessions that stand are not touched. A client must come again after the first, with a \
            growing pause, and must not after the second.
            """,
        heals: "Logins are judged as before. A client that was told to stay away has no reason to come back by itself.",
        hit: "One for each login that was rejected, by the server's own count.",
        mechanism: ActorMade.mechanism,
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "refusal", .choice(["temporary", "permanent"]), required: true,
                "Whether the refusal says that coming again may help.")
        ],
        example: "- { at: 5m, until: 9m, fault: reject-authentication, of: broker, refusal: temporary }",
        isMadeByActor: true)

    private let actor: String
    private let refusal: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        refusal = plan.text("refusal") ?? "temporary"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try ActorMade(Self.self, by: actor, in: field, [JSON.Member("refusal", .string(refusal))])
    }
}
