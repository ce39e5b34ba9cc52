import Labs
import Scenarios

/// Packets are lost in bursts, as on a radio link that fades.
package struct BurstLoss: Fault {
    package static let definition = FaultDefinition(
        name: "burst-loss",
        summary: "A link loses packets in bursts (Gilbert-Elliott), in one direction or both.",
        wire: """
            The link goes to and fro between a good and a bad state, packet by packet. A bad spell lasts burst packets \
            on average, a good one gap packets, each with lengths spread geometrically. In a bad spell each packet is \
            lost with loss-in-burst, in a good one with loss-between; by default all and none, so that in the long \
            run burst / (burst + gap) of all packets are lost. A spell is counted in packets, not in time: on a silent \
            link it does not pass.
            """,
        heals: "The link has its own loss again.",
        hit: "One for each packet that the link's queue dropped while the fault held.",
        mechanism: """
            netem's loss gemodel in the wire, with p = 1 / gap, r = 1 / burst, 1-h = loss-in-burst and \
            1-k = loss-between. It begins in the good state, and its random numbers come from the run's seed.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter("burst", .number(1...10_000), required: true, "Mean length of a bad spell, in packets."),
            Parameter("gap", .number(1...1_000_000), required: true, "Mean length of a good spell, in packets."),
            Parameter(
                "loss-in-burst", .fraction(0...1), default: .fraction(1),
                "Probability with which each packet of a bad spell is lost."),
            Parameter(
                "loss-between", .fraction(0...1), default: .fraction(0),
                "Probability with which each packet of a good spell is lost."),
        ],
        example: "- { at: 5m, until: 8m, fault: burst-loss, between: [phone, home], burst: 8, gap: 200, "
            + "loss-in-burst: 90%, loss-between: 0.1% }")

    private let target: (name: String, from: String?)
    private let id: String
    private let model: GilbertElliott

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        model = GilbertElliott(
            toBad: 1 / (plan.number("gap") ?? 1), toGood: 1 / (plan.number("burst") ?? 1),
            lossWhenBad: plan.fraction("loss-in-burst") ?? 1, lossWhenGood: plan.fraction("loss-between") ?? 0)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) { [self] in
            $0.loss = 0
            $0.lossCorrelation = 0
            $0.lossChain = .gilbertElliott(model)
        } count: {
            $0.lost
        }
    }
}
