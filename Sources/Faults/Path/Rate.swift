import Labs
import Scenarios

/// The link is narrow.
package struct Rate: Fault {
    package static let definition = FaultDefinition(
        name: "rate",
        summary: "A link carries only so many bits per second, in one direction or both.",
        wire: """
            Packets leave the link at this rate, Ethernet headers included, in place of the link's own, and queue in \
            front of it; the queue adds delay as it fills, and what finds it full is dropped. A long queue is a \
            bufferbloat: seconds of delay and no loss. A short one is a policer: loss and hardly any delay. After \
            a pause up to burst bytes leave at once.
            """,
        heals: """
            The link has its own rate and queue again; what is queued leaves at that rate, or at once where there is \
            none.
            """,
        hit: """
            One for each time that a packet had to wait for the rate, and for each packet dropped because the queue \
            was full. Traffic below the rate is not struck, and counts nothing.
            """,
        mechanism: """
            A token bucket (tbf) behind the wire's netem queue, on router egress, with a queue in front of it that is \
            limited in packets (pfifo) and in bytes (red without its average). The count is tbf's overlimits and \
            drops.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "rate", .rate(1000...100_000_000_000), required: true, "Bits per second, such as 64 kbit/s."),
            Parameter(
                "burst", .size(1514...(1 << 30)),
                "Bytes that may leave at once after a pause; two full packets or 1 ms of the rate when left out."),
            Parameter(
                "limit", .count(1...1_000_000),
                "Packets that may wait for the rate; 1000 when left out, any number with limit-bytes alone."
            ),
            Parameter(
                "limit-bytes", .size(1514...(1 << 30)),
                "A packet that finds so many bytes or more waiting is dropped; no limit in bytes when left out."),
        ],
        example: "- { at: 5m, until: 8m, fault: rate, between: [phone, home], rate: 64 kbit/s, burst: 4 KiB, "
            + "limit: 50, limit-bytes: 64 KiB }")

    private let target: (name: String, from: String?)
    private let id: String
    private let rate: Int64?
    private let burst: Int64?
    private let limit: Int64
    private let byteLimit: Int64?

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        rate = plan.rate("rate")
        burst = plan.size("burst")
        byteLimit = plan.size("limit-bytes")
        limit = plan.count("limit") ?? (byteLimit == nil ? 1000 : 1_000_000)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LinkOverlay(Self.self, id: id, on: field.link(target.name), from: target.from) { [self] in
            $0.rate = rate
            $0.burst = burst
            $0.limit = Int(limit)
            $0.byteLimit = byteLimit
        } count: {
            $0.held
        }
    }
}
