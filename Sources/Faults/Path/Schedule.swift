import Kernel
import Labs
import Scenarios

/// The link changes as time goes on, as under a train or a satellite.
package struct Schedule: Fault {
    package static let definition = FaultDefinition(
        name: "schedule",
        summary: "A link goes through a list of delays, losses and rates, in one direction or both.",
        wire: """
            Each step holds for its time, the first from the moment at which the fault strikes. What a step names \
            takes the place of the link's own; what it leaves out is the link's own. After the last step the link is \
            as by itself, or with repeat the first begins anew. Packets under way keep the delay that they were \
            given, and are not overtaken by those of a later step with a shorter one.
            """,
        heals: "The link has its own delay, loss and rate again.",
        hit: "One for each packet that entered the link while a step made it other than it is by itself.",
        mechanism: """
            The netem and tbf queues of the wire get other parameters in place at the beginning of each step; no \
            packet is lost by that. A new rate begins with a full burst: two full packets or 1 ms.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter("steps", .steps(steps), required: true, "What the link does, and for how long."),
            Parameter("repeat", .flag, default: .flag(false), "Whether the first step follows the last."),
        ],
        example: "- { at: 5m, until: 8m, fault: schedule, between: [phone, home], repeat: true, "
            + "steps: [{ for: 10s, delay: 30ms, rate: 2 Mbit/s }, { for: 500ms, loss: 100% }] }",
        objection: { values in
            for step in values["steps"]?.steps ?? [] {
                if let objection = Jitter.objection(delay: step["delay"]?.duration, jitter: step["jitter"]?.duration) {
                    return ("steps", objection.message)
                }
            }
            return nil
        })

    private static let steps = [
        Parameter(
            "for", .duration(.milliseconds(10) ... .seconds(31_622_400)), required: true, "How long the step lasts."),
        Parameter("delay", .duration(.zero ... .seconds(60)), "One-way delay."),
        Parameter("jitter", .duration(.zero ... .seconds(2)), "Uniform variation of the delay, plus or minus."),
        Parameter("loss", .fraction(0...1), "Probability with which each packet is lost."),
        Parameter("rate", .rate(1000...100_000_000_000), "Bits per second."),
        Parameter("limit", .count(1...1_000_000), "Packets that may wait for the rate."),
    ]

    private let target: (name: String, from: String?)
    private let id: String
    private let steps: [[String: Value]]
    private let isRepeated: Bool

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        steps = plan.parameters["steps"]?.steps ?? []
        isRepeated = plan.flag("repeat") ?? false
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let times = steps.map { $0["for"]?.duration ?? .zero }
        let changes = steps.map { step in { (impairment: inout Impairment) in Self.apply(step, to: &impairment) } }
        return try TimedOverlay(
            Self.self, id: id, on: field.link(target.name), from: target.from, in: field
        ) { [isRepeated] index in
            if index < changes.count || isRepeated {
                (changes[index % changes.count], times[index % times.count])
            } else {
                ({ _ in }, nil)
            }
        }
    }

    private static func apply(_ step: [String: Value], to impairment: inout Impairment) {
        if let delay = step["delay"]?.duration { impairment.delay = delay }
        if let jitter = step["jitter"]?.duration {
            impairment.jitter = jitter
            impairment.distribution = .uniform
            impairment.jitterCorrelation = 0
            impairment.keepsOrder = true
        }
        if let loss = step["loss"]?.fraction {
            impairment.loss = loss
            impairment.lossCorrelation = 0
            impairment.lossChain = nil
        }
        if let rate = step["rate"]?.rate {
            impairment.rate = rate
            impairment.burst = nil
        }
        if let limit = step["limit"]?.count {
            impairment.limit = Int(limit)
            impairment.byteLimit = nil
        }
    }
}
