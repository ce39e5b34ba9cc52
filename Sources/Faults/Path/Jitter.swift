import Labs
import Scenarios

/// No two packets take equally long.
package struct Jitter: Fault {
    package static let definition = FaultDefinition(
        name: "jitter",
        summary: "A link delays each packet by another time, spread by a distribution, in one direction or both.",
        wire: """
            Around the link's own delay (or the one given), each packet's differs. uniform: by up to the jitter, \
            either way; without a delay given the mean is at least the jitter, so that nothing is cut off. normal: \
            the jitter is the standard deviation. pareto: few packets are very late, the others a little early \
            (shape 3, mean 0; between 2/3 of the jitter early and 4 times the jitter late, which one in 91 is). \
            paretonormal: a quarter of the one and three quarters of the other, as measured paths often are. What \
            would arrive before it was sent arrives at once.

            With order: kept a packet that would overtake another is sent right behind it, as on most paths: packets \
            close together then share the largest delay of their recent past. With order: free they overtake each \
            other, and TCP takes some of them for lost.

            correlation is the kernel's, and hardly ever does anything: each random number is so much of the one \
            before, but the delay is made from its remainder by the width of the jitter or the length of the table, \
            and what neighbours have in common goes with the quotient. Only uniform jitter of nearly 2 s keeps it: \
            neighbours are alike then, and all crowd around the middle. For delays that stay for a while there is \
            schedule.
            """,
        heals: """
            The link has its own delay and jitter again. Packets under way keep the time that they were given, and \
            are not overtaken by later ones.
            """,
        hit: "One for each packet that entered the link with this jitter.",
        mechanism: """
            The netem queues of the wire, with iproute2's tables of 4096 equally likely delays, made in the program \
            (8192 is one jitter). Their random numbers come from the run's seed. netem keeps order only where it has \
            a rate: order: free takes that rate away.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter("jitter", .duration(.zero ... .seconds(2)), required: true, "The spread of the delays."),
            Parameter(
                "distribution", .choice(Impairment.Distribution.allCases.map(\.rawValue)), default: .text("uniform"),
                "How the delays are spread."),
            Parameter(
                "correlation", .fraction(0...1), default: .fraction(0),
                "How much of each random number is the one before."),
            Parameter(
                "delay", .duration(.zero ... .seconds(60)),
                "The one-way delay around which they are spread; the link's own when left out."),
            Parameter(
                "order", .choice(["kept", "free"]), default: .text("kept"), "Whether packets may overtake each other."),
        ],
        example: "- { at: 5m, until: 8m, fault: jitter, between: [phone, home], jitter: 20ms, "
            + "distribution: paretonormal, correlation: 25%, delay: 80ms, order: kept }",
        objection: {
            let isUniform = $0["distribution"]?.text == Impairment.Distribution.uniform.rawValue
            return isUniform ? objection(delay: $0["delay"]?.duration, jitter: $0["jitter"]?.duration) : nil
        })

    static func objection(delay: Duration?, jitter: Duration?) -> (parameter: String, message: String)? {
        guard let delay, let jitter, jitter > delay else { return nil }
        let texts = (Units.text(jitter), Units.text(delay))
        return ("jitter", "jitter \(texts.0) is more than delay \(texts.1): a packet cannot arrive before it is sent")
    }

    private let target: (name: String, from: String?)
    private let id: String
    private let jitter: Duration
    private let distribution: Impairment.Distribution
    private let correlation: Double
    private let delay: Duration?
    private let keepsOrder: Bool

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        jitter = plan.duration("jitter") ?? .zero
        distribution = plan.text("distribution").flatMap(Impairment.Distribution.init) ?? .uniform
        correlation = plan.fraction("correlation") ?? 0
        delay = plan.duration("delay")
        keepsOrder = plan.text("order") != "free"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) { [self] in
            let own = distribution == .uniform ? max($0.delay, jitter) : $0.delay
            $0.delay = delay ?? own
            $0.jitter = jitter
            $0.distribution = distribution
            $0.jitterCorrelation = correlation
            $0.keepsOrder = keepsOrder
        } count: {
            $0.entered
        }
    }
}
