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

            correlation is the kernel's, and odd: each random number is so much of the one before and for the rest \
            new, which crowds them around the middle. Losses then come in longer runs, but below 50 % there are far \
            fewer of them than stated: of 30 % with a correlation of 25 % it makes 23 %, of 10 % it makes 1.8 %. \
            For bursts of a length that can be relied on there is burst-loss.
            """,
        heals: "The link has its own loss again.",
        hit: "One for each packet that the link's queue dropped while the fault held.",
        mechanism: """
            The netem queues of the wire, on router egress, get another probability in place. Their random numbers \
            come from the run's seed.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter(
                "loss", .fraction(0...1), required: true, "Probability with which each packet is lost, such as 30%."),
            Parameter(
                "correlation", .fraction(0...1), default: .fraction(0),
                "How much of each random number is the one before."),
        ],
        example: "- { at: 5m, until: 8m, fault: loss, between: [phone, home], loss: 30%, correlation: 0% }")

    private let target: (name: String, from: String?)
    private let id: String
    private let loss: Double
    private let correlation: Double

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        loss = plan.fraction("loss") ?? 0
        correlation = plan.fraction("correlation") ?? 0
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) { [self] in
            $0.loss = loss
            $0.lossCorrelation = correlation
            $0.lossChain = nil
        } count: {
            $0.lost
        }
    }
}
