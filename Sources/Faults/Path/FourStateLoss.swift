import Labs
import Scenarios

/// Packets are lost alone and in bursts, and some within a burst arrive.
package struct FourStateLoss: Fault {
    package static let definition = FaultDefinition(
        name: "four-state-loss",
        summary: "A link loses packets by a Markov chain of four states, in one direction or both.",
        wire: """
            The chain of the GI model (Salsano, Ludovici, Ordine 2009), for losses fitted to a measured trace. Each \
            packet takes it from one state to the next: 1 received, between bursts; 2 received, within a burst; \
            3 lost, within a burst; 4 lost alone, after which it is always 1 again. pXY is the probability of going \
            from X to Y; with the rest it stays.
            """,
        heals: "The link has its own loss again.",
        hit: "One for each packet that the link's queue dropped while the fault held.",
        mechanism: """
            netem's loss state in the wire. It begins in state 1, and its random numbers come from the run's seed.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter("p13", .fraction(0...1), required: true, "Probability that a burst begins, with a loss."),
            Parameter("p31", .fraction(0...1), required: true, "Probability that a burst ends, after a loss."),
            Parameter(
                "p32", .fraction(0...1), default: .fraction(0),
                "Probability that packets within a burst begin to arrive, after a loss."),
            Parameter(
                "p23", .fraction(0...1), default: .fraction(1),
                "Probability that packets within a burst are lost again, after an arrival."),
            Parameter(
                "p14", .fraction(0...1), default: .fraction(0), "Probability that one packet is lost, and no more."),
        ],
        example: "- { at: 5m, until: 8m, fault: four-state-loss, between: [phone, home], p13: 1%, p31: 20%, "
            + "p32: 30%, p23: 50%, p14: 0.5% }",
        objection: { values in
            for (a, b) in [("p13", "p14"), ("p31", "p32")] {
                let sum = (values[a]?.fraction ?? 0) + (values[b]?.fraction ?? 0)
                // Percentages have no exact binary form.
                if sum > 1 + 1e-9 {
                    return (a, "\(a) and \(b) leave the same state and are more than 100% together")
                }
            }
            return nil
        })

    private let target: (name: String, from: String?)
    private let id: String
    private let model: FourStates

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        func share(_ name: String) -> Double { plan.fraction(name) ?? 0 }
        model = FourStates(
            p13: share("p13"), p31: share("p31"), p32: share("p32"), p23: share("p23"), p14: share("p14"))
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) { [self] in
            $0.loss = 0
            $0.lossCorrelation = 0
            $0.lossChain = .fourStates(model)
        } count: {
            $0.lost
        }
    }
}
