import Labs
import Scenarios

/// Some packets arrive before others that were sent earlier.
package struct Reordering: Fault {
    package static let definition = FaultDefinition(
        name: "reordering",
        summary: "A link sends some packets ahead of those that are under way, in one direction or both.",
        wire: """
            A packet that is struck crosses the link at once, without the link's delay and without waiting for its \
            rate, and so overtakes all that were sent within the delay before it. The others take their time in their \
            order. Where nothing else is under way it is early and overtakes nobody. TCP answers an overtaken segment \
            with duplicate acknowledgements, and may send again what was not lost. Struck is each packet with this \
            probability; with a gap of n, n - 1 packets pass before the next one may be struck.

            correlation is the kernel's: each random number is so much of the one before, which makes runs, and, \
            below 50 %, far fewer packets struck than stated (see loss).
            """,
        heals: "Packets keep their order again.",
        hit: "One for each packet that was sent ahead.",
        mechanism: """
            netem's reorder in the wire; the count is that of its requeues. Order is kept among the other packets \
            as ever. Its random numbers come from the run's seed.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter(
                "share", .fraction(0...1), required: true,
                "Probability with which each packet that may is sent ahead."),
            Parameter(
                "gap", .count(1...1_000_000), default: .count(1),
                "Only each such packet may: every fifth at most for 5."),
            Parameter(
                "correlation", .fraction(0...1), default: .fraction(0),
                "How much of each random number is the one before."),
        ],
        example: "- { at: 5m, until: 8m, fault: reordering, between: [phone, home], share: 25%, gap: 5, "
            + "correlation: 0% }")

    private let target: (name: String, from: String?)
    private let id: String
    private let reordering: Impairment.Reordering

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        reordering = Impairment.Reordering(
            share: plan.fraction("share") ?? 0, correlation: plan.fraction("correlation") ?? 0,
            gap: Int(plan.count("gap") ?? 1))
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) { [self] in
            $0.reordering = reordering
        } count: {
            $0.sentAhead
        }
    }
}
