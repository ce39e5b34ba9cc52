import Labs
import Scenarios

/// The way is longer than it was.
package struct Delay: Fault {
    package static let definition = FaultDefinition(
        name: "delay",
        summary: "A link delays every packet, with jitter if wanted, in one direction or both.",
        wire: """
            Each packet takes this long to cross the link, in each direction that is struck, in place of the link's \
            own delay; with jitter uniformly more or less by up to that much. Packets keep their order: one that \
            would overtake another is sent right behind it. Round trips grow by both directions' delays; \
            retransmission timeouts may fire until TCP has measured the new round trip.
            """,
        heals: "The link has its own delay and jitter again. Packets under way keep the time that they were given.",
        hit: "One for each packet that entered the link with this delay.",
        mechanism: "The netem queues of the wire, on router egress, get other parameters in place: no packet is lost.",
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter(
                "delay", .duration(.zero ... .seconds(60)), required: true,
                "One-way delay in place of the link's own."),
            Parameter(
                "jitter", .duration(.zero ... .seconds(2)), default: .duration(.zero),
                "The delay of each packet differs by up to so much, uniformly."),
        ],
        example: "- { at: 5m, until: 8m, fault: delay, between: [phone, home], delay: 800ms, jitter: 200ms }",
        objection: { Jitter.objection(delay: $0["delay"]?.duration, jitter: $0["jitter"]?.duration) })

    private let target: (name: String, from: String?)
    private let id: String
    private let delay: Duration
    private let jitter: Duration

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        delay = plan.duration("delay") ?? .zero
        jitter = plan.duration("jitter") ?? .zero
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (delay, jitter) = (delay, jitter)
        return try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) {
            $0.delay = delay
            $0.jitter = jitter
            $0.distribution = .uniform
            $0.jitterCorrelation = 0
            $0.keepsOrder = true
        } count: {
            $0.entered
        }
    }
}
