import Scenarios

/// The connection ends right after a certain message, or before anybody could say that it has arrived.
package struct CutAfterMessage: Fault {
    package static let definition = FaultDefinition(
        name: "cut-after-message",
        summary: "Connections of an actor are cut after a certain message, or before its acknowledgement leaves.",
        wire: """
            A message is a TCP segment with new data in the stated direction; with containing, only those count in \
            which that text stands. With when after, the message is the last that arrives. With ending fin it carries \
            a FIN, with rst a RST follows it, and the sender is told by a RST; with silence nothing passes any more in \
            either direction.

            With when before-ack the message arrives and is acted on, and nothing that its receiver says from that \
            moment on comes back, no acknowledgement of TCP and no answer of the protocol: whoever sent it cannot know \
            whether it arrived. To the sender the connection ends with fin by a FIN that does not acknowledge the \
            message, with rst by a RST; the receiver is told by a RST behind the message. With silence what the sender \
            says still arrives, and is never answered.

            Segments are not the protocol's messages: a message longer than a segment is several, short ones that are \
            written at one moment may be one.
            """,
        heals: """
            Connections that begin or go on are no longer watched. Those cut by fin and rst are gone; one that was cut \
            by silence goes on with its next retransmission.
            """,
        hit: "One for each connection that was cut.",
        mechanism: """
            The wire next to the actor's host holds the packets of its connections (nftables queue, nfnetlink_queue) \
            and asks the engine, which follows the sequence numbers: what is sent again is not counted again. What it \
            adds enters the link like the hosts' own packets.
            """,
        target: .connections, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "messages", .count(1...1_000_000_000), default: .count(1),
                "The so-and-so-many-th message from the strike, or from a later connection's start."),
            Parameter("containing", .text, "Only messages in which this text stands; all when left out."),
            Parameter(
                "when", .choice(["after", "before-ack"]), default: .text("after"),
                "After the message, or before its acknowledgement leaves."),
        ] + CutPlan.parameters,
        example: """
            - { at: 5m, until: 8m, fault: cut-after-message, of: subscriber, with: broker, port: 1883, messages: 3, \
            containing: order, when: before-ack, direction: out, ending: rst }
            """)

    private let plan: CutPlan
    private let trigger: StreamCut.Trigger
    private let beforeAcknowledgement: Bool

    package init(plan: FaultPlan) {
        self.plan = CutPlan(plan)
        trigger = .message(plan.count("messages") ?? 1, containing: Array((plan.text("containing") ?? "").utf8))
        beforeAcknowledgement = plan.text("when") == "before-ack"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (trigger, ending, before) = (trigger, plan.ending, beforeAcknowledgement)
        return try CutConnections(Self.self, plan, in: field) {
            StreamCut(trigger, ending: ending, beforeAcknowledgement: before)
        }
    }
}
