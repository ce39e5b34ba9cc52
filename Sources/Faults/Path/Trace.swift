import Kernel
import Labs
import Scenarios

/// The link is as fast as one that was recorded.
package struct Trace: Fault {
    package static let definition = FaultDefinition(
        name: "trace",
        summary: "A link delivers packets at the times of a recorded trace, in one direction or both.",
        wire: """
            The trace is a file in the format of Mahimahi: each line a time in milliseconds, never falling, at which \
            one packet of full size may leave; after the last it begins anew. Here an opportunity is 1514 bytes, a \
            full Ethernet frame, for one packet or several smaller ones, and those that nobody waits for are lost. \
            Packets queue in front of it as in front of a rate; while the trace is silent nothing leaves.

            Opportunities are handed out at the end of each step: a packet that waits leaves at its opportunity or up \
            to one step later, and an opportunity that nobody waits for is good for one more step. Halves of packets \
            are not sent: of small packets up to one packet's worth is lost in a step.
            """,
        heals: "The link has its own rate again; what is queued leaves at that rate, or at once where there is none.",
        hit: "One for each packet that entered the link while the trace ruled it.",
        mechanism: """
            The wire's token bucket (tbf) is filled at the end of each step with the bytes of its opportunities, and \
            gets none by itself; steps without any hold the netem queue in front of it. The trace belongs to the \
            scenario's files, which the recording keeps.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter("trace", .trace, required: true, "The file, relative to the scenario's folder; 1 MiB at most."),
            Parameter(
                "step", .duration(.milliseconds(1) ... .seconds(1)), default: .duration(.milliseconds(20)),
                "How often opportunities are handed out; each takes some 100 us of the machine's time."),
            Parameter(
                "limit", .count(1...1_000_000), default: .count(1_000_000), "Packets that may wait for the trace."),
            Parameter(
                "limit-bytes", .size(1514...(1 << 30)),
                "A packet that finds so many bytes or more waiting is dropped; no limit in bytes when left out."),
        ],
        example: "- { at: 5m, until: 8m, fault: trace, between: [phone, home], direction: home -> phone, "
            + "trace: lte.trace, step: 10ms, limit: 1000, limit-bytes: 256 KiB }")

    /// Bytes of one opportunity: a packet of 1500 bytes with its Ethernet header.
    private static let opportunity: Int64 = 1514

    private let target: (name: String, from: String?)
    private let id: String
    private let trace: DeliveryTrace?
    private let step: Duration
    private let limit: Int64
    private let byteLimit: Int64?

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        trace = plan.parameters["trace"]?.trace
        step = plan.duration("step") ?? .milliseconds(20)
        limit = plan.count("limit") ?? 1_000_000
        byteLimit = plan.size("limit-bytes")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (trace, step, limit, byteLimit) = (trace, step, limit, byteLimit)
        // None yet: until the first opportunity the link's own rate has its say, and nothing comes to it.
        var tokens: Int64?
        return try TimedOverlay(
            Self.self, id: id, on: field.link(target.name), from: target.from, in: field
        ) { index in
            // What the step that is over had to give.
            let before = index == 0 ? 0 : trace?.opportunities(by: step * (index - 1)) ?? 0
            let count = (trace?.opportunities(by: step * index) ?? 0) - before
            if count > 0 {
                // A bucket that gets other settings is full; to be full again they have to differ, by one byte.
                tokens = count * Self.opportunity + (tokens == count * Self.opportunity ? 1 : 0)
            }
            let burst = tokens
            return (
                {
                    if let burst {
                        // The least there is: one byte a second.
                        $0.rate = 8
                        $0.burst = burst
                        $0.limit = Int(limit)
                        $0.byteLimit = byteLimit
                    }
                    if count == 0 { $0.isStalled = true }
                }, step
            )
        }
    }
}
