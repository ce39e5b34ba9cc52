import Labs
import Scenarios

/// The link is narrow.
package struct Rate: Fault {
    package static let definition = FaultDefinition(
        name: "rate",
        summary: "A link carries only so many bits per second, in one direction or both.",
        wire: """
            Packets leave the link at this rate, in place of the link's own, and queue in front of it; the queue adds \
            delay as it fills, and what finds it full is dropped. A long queue is a bufferbloat: seconds of delay and \
            no loss. A short one is a policer: loss and hardly any delay.
            """,
        heals: "The link has its own rate again, and what is queued leaves at once.",
        hit: """
            One for each time that a packet had to wait for the rate, and for each packet dropped because the queue \
            was full. Traffic below the rate is not struck, and counts nothing.
            """,
        mechanism: """
            A token bucket (tbf) behind the wire's netem queue, on router egress: two full packets or one millisecond \
            may leave at once. The count is its overlimits and its drops.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "rate", .rate(1000...100_000_000_000), required: true, "Bits per second, such as 64 kbit/s."),
            Parameter(
                "limit", .count(1...1_000_000), default: .count(1000), "Packets that may wait for the rate."),
        ],
        example: "- { at: 5m, until: 8m, fault: rate, between: [phone, home], rate: 64 kbit/s, limit: 50 }")

    private let target: (name: String, from: String?)
    private let id: String
    private let rate: Int64?
    private let limit: Int64?

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        rate = plan.rate("rate")
        limit = plan.count("limit")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (rate, limit) = (rate, limit)
        return try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) {
            $0.rate = rate
            if let limit { $0.limit = Int(limit) }
        } count: {
            $0.held
        }
    }
}
