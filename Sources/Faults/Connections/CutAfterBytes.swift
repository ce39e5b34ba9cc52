import Scenarios

/// The stream ends in the middle: after exactly so many bytes.
package struct CutAfterBytes: Fault {
    package static let definition = FaultDefinition(
        name: "cut-after-bytes",
        summary: "Connections of an actor are cut after a number of bytes in one direction, to the byte.",
        wire: """
            Data passes up to the stated byte and not one byte further: the segment that would go beyond it is \
            shortened to end there. Then, with ending fin, that segment carries a FIN (the receiver reads what came \
            and then 0: a truncated answer that looks like an orderly end); with rst, a RST follows (what came can be \
            read, then ECONNRESET); with silence, nothing passes any more in either direction.

            With fin and rst the sender is told by a RST that its connection is gone, once everything up to the cut \
            has been acknowledged: what is lost further on is sent again until then, unless a RST is there first. From \
            then on whatever either end still sends is answered as by a closed socket: FIN by an acknowledgement, \
            everything else by RST.

            Payload of TCP is counted, what is sent again only once. A connection that stands when the fault strikes \
            is counted from then on (data under way at that moment may count), one that begins later from its first \
            byte.
            """,
        heals: """
            Connections that begin or go on are no longer counted. Those cut by fin and rst are gone; one that was cut \
            by silence goes on with its next retransmission.
            """,
        hit: "One for each connection that was cut.",
        mechanism: """
            The wire next to the actor's host holds the packets of its connections (nftables queue, nfnetlink_queue) \
            and asks the engine, which follows the sequence numbers. What it adds enters the link like the hosts' own \
            packets, so that captures, filters and impairments see it. No connection is ended and begun anew on the \
            way: both ends still talk to each other.
            """,
        target: .connections, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "bytes", .size(1...1_000_000_000_000), required: true,
                "After so many bytes of payload, such as 1500 B or 64 KiB.")
        ] + CutPlan.parameters,
        example: """
            - { at: 5m, until: 8m, fault: cut-after-bytes, of: broker, with: subscriber, port: 1883, \
            bytes: 64 KiB, direction: out, ending: fin }
            """)

    private let plan: CutPlan
    private let bytes: Int64

    package init(plan: FaultPlan) {
        self.plan = CutPlan(plan)
        bytes = plan.size("bytes") ?? 1
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let (bytes, ending) = (bytes, plan.ending)
        return try CutConnections(Self.self, plan, in: field) { StreamCut(.bytes(bytes), ending: ending) }
    }
}
