import Glibc
import Kernel
import Labs
import Netlink
import Scenarios

/// What was sent in one piece arrives in many.
package struct Segments: Fault {
    package static let definition = FaultDefinition(
        name: "segments",
        summary: "What an actor sends on its connections arrives in tiny pieces.",
        wire: """
            Each TCP segment of the actor with more data than this is sent on as several, in order and at one moment, \
            each with at most so many bytes; a FIN and a PSH stand on the last. Nothing is lost and nothing is late: a \
            program that takes a read for a message sees halves of them, down to one byte at a time. Its peer \
            acknowledges more often; the actor does not notice. With a rate on the link the headers of all the pieces \
            take their time. Pieces that find no room, in the link's queue (1000 packets unless its limit says \
            otherwise) or in the receiver's buffer (where each takes some 700 bytes), are lost and sent again.
            """,
        heals: "Segments pass whole again; those under way stay in pieces.",
        hit: "One for each segment that was sent on in pieces.",
        mechanism: """
            The wire next to the actor's host holds the actor's segments (nftables queue, nfnetlink_queue) and the \
            engine sends the pieces from the wire through a raw socket. They do not depend on TCP's own lower limit \
            (36 to 48 bytes on Linux, tcp_min_snd_mss): 1 byte is the smallest.
            """,
        target: .connections, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "size", .size(1...1400), required: true, "At most so many bytes of data in a segment, such as 1 B.")
        ],
        example: "- { at: 5m, until: 8m, fault: segments, of: broker, with: subscriber, port: 1883, size: 3 B }")

    private let plan: FaultPlan

    package init(plan: FaultPlan) { self.plan = plan }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try Self.attempt(missing: PacketTap.missing) {
            try Active(plan, size: Int(plan.size("size") ?? 1), in: field)
        }
    }

    /// The pieces, in order.
    static func pieces(of segment: TCPSegment, size: Int) -> [TCPSegment] {
        stride(from: 0, to: segment.payload.count, by: size).map { start in
            let end = min(start + size, segment.payload.count)
            var piece = segment
            piece.payload = Array(segment.payload[start..<end])
            piece.sequence = segment.sequence &+ UInt32(start)
            if end < segment.payload.count { piece.flags.subtract([.fin, .psh]) }
            return piece
        }
    }

    private final class Active: ActiveFault {
        private var tap: PacketTap?
        private var count: Int64 = 0
        private(set) var firstHit: Int64?

        init(_ plan: FaultPlan, size: Int, in field: any FaultField) throws {
            let fitting = try FittingConnections(plan.connections, in: field)
            let near = NearWires(of: fitting.host, in: field)
            tap = try PacketTap(plan.index, near, at: .pieces, in: field) { wire in
                // What the host sends, and what begins a connection.
                [[.cameBy(near.device(wire))], [.cameNotBy(near.device(wire)), .flags(.syn, of: [.syn, .ack])]]
            } decide: { [unowned self] segment, isFromHost, wire in
                let flow = try fitting.flow(of: segment, isFromHost: isFromHost)
                guard isFromHost, flow != nil, segment.payload.count > size else { return true }
                for piece in Segments.pieces(of: segment, size: size) { try wire.leave(piece.packet) }
                count += 1
                firstHit = firstHit ?? Clock.now
                return false
            }
        }

        func hits() -> Int64 { count }

        func heal() throws(FaultError) {
            guard let tap else { return }
            self.tap = nil
            try Segments.attempt { try tap.remove() }
        }
    }
}
