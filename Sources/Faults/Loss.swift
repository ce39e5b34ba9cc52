import Labs
import Scenarios

/// Some packets do not arrive.
package struct Loss: Fault {
    package static let definition = FaultDefinition(
        name: "loss",
        summary: "A link loses packets at random, in one direction or both.",
        wire: """
            Each packet is lost with this probability, independently of the others, in place of the link's own loss. \
            TCP retransmits: throughput falls, messages come late and in bursts, and with heavy loss retransmission \
            timeouts double until connections stand still for minutes. Nothing tells the endpoints.
            """,
        heals: "The link has its own loss again.",
        hit: "One for each packet that the link's queue dropped while the fault held.",
        mechanism: """
            The netem queues of the wire, on router egress, get another probability in place. Their random numbers \
            come from the run's seed.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "loss", .fraction(0...1), required: true, "Probability with which each packet is lost, such as 30%.")
        ],
        example: "- { at: 5m, until: 8m, fault: loss, between: [phone, home], loss: 30% }")

    private let target: (name: String, from: String?)
    private let id: String
    private let loss: Double

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        loss = plan.fraction("loss") ?? 0
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let loss = loss
        return try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) {
            $0.loss = loss
        } count: {
            $0.lost
        }
    }
}
