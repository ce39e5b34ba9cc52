import Kernel
import Labs
import Netlink
import Scenarios

/// Whoever knocks is not answered, and not turned away either.
package struct HandshakeStall: Fault {
    package static let definition = FaultDefinition(
        name: "handshake-stall",
        summary: "TCP handshakes of an actor are answered by nobody: one of their three packets is lost every time.",
        wire: """
            Connections that stand go on. Of those that begin while the fault lasts, with lost syn the SYN does not \
            arrive: the server learns nothing. With lost syn-ack it answers (and its half-open connection waits in \
            SYN_RECV for a minute), and the answer does not arrive. Both look the same to the client: its SYN is sent \
            again, every second at first and then with doubled pauses (tcp_syn_linear_timeouts, since Linux 6.5; \
            doubled from the first one before), and connect(2) fails with ETIMEDOUT after one to two minutes unless \
            the program is less patient.

            With lost ack the client has its answer and is ESTABLISHED: connect(2) succeeds, and nothing that it then \
            sends arrives, while the server sends its SYN-ACK again and gives up after a minute. It is what a \
            middlebox that answers for the server looks like when the server is away.
            """,
        heals: """
            The next SYN is answered; with lost ack the client's next packet completes the handshake when the server \
            still waits for it, and gets RST when it does not.
            """,
        hit: "One for each packet of a handshake that was dropped, those sent again included.",
        mechanism: """
            The wire next to the actor's host holds the packets of handshakes (nftables queue, nfnetlink_queue); the \
            engine knows from the socket table whose they are, and drops them. The actor may be the server (port then \
            is the port that it listens at) or the client.
            """,
        target: .connections, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "lost", .choice(["syn", "syn-ack", "ack"]), default: .text("syn"),
                "Which packet is lost; with ack, everything that the client sends after its SYN.")
        ],
        example: """
            - { at: 5m, until: 8m, fault: handshake-stall, of: broker, with: subscriber, port: 1883, lost: syn-ack }
            """)

    private let plan: FaultPlan
    private let lost: String

    package init(plan: FaultPlan) {
        self.plan = plan
        lost = plan.text("lost") ?? "syn"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try Self.attempt(missing: PacketTap.missing) { try Active(plan, lost: lost, in: field) }
    }

    private final class Active: ActiveFault {
        private let lost: String
        private let fitting: FittingConnections
        /// Who has sent the SYN: the actor's host, or another.
        private var isFromHost: [PacketFilter.Flow: Bool] = [:]
        private var tap: PacketTap?
        private var count: Int64 = 0
        private(set) var firstHit: Int64?

        init(_ plan: FaultPlan, lost: String, in field: any FaultField) throws {
            self.lost = lost
            fitting = try FittingConnections(plan.connections, in: field)
            let ports = plan.connections.port.map { [[PacketFilter.Expression.fromPort($0)], [.toPort($0)]] } ?? [[]]
            let near = NearWires(of: fitting.host, in: field)
            tap = try PacketTap(plan.index, near, at: .cut, in: field) { _ in
                // Of what comes later only the last variant wants to know.
                lost == "ack" ? ports : ports.map { $0 + [.flags(.syn, of: .syn)] }
            } decide: { [unowned self] segment, isFromHost, _ in
                try passes(segment, isFromHost: isFromHost)
            }
        }

        private func passes(_ segment: TCPSegment, isFromHost side: Bool) throws -> Bool {
            guard let (flow, isNew) = try fitting.flow(of: segment, isFromHost: side) else { return true }
            if isNew { isFromHost[flow] = side }
            let isAnswer = segment.flags.isSuperset(of: [.syn, .ack])
            let isLost =
                switch lost {
                case "syn": isNew
                case "syn-ack": isAnswer
                default: !isNew && !isAnswer && isFromHost[flow] == side
                }
            if isLost {
                count += 1
                firstHit = firstHit ?? Clock.now
            }
            return !isLost
        }

        func hits() -> Int64 { count }

        func heal() throws(FaultError) {
            guard let tap else { return }
            self.tap = nil
            try HandshakeStall.attempt { try tap.remove() }
        }
    }
}
