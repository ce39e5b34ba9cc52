import CLinux
import Glibc
import Kernel
import Netlink
import Scenarios

/// A server that allows each connection so much time and no more.
package struct HangUpAfter: Fault {
    package static let definition = FaultDefinition(
        name: "hang-up-after",
        summary: "A server hangs up on each of its connections with a FIN, so long after it was established.",
        wire: """
            Each client receives FIN when its connection has the given age, however busy it is, behind all that was \
            sent to it before. Nothing is said before it: no close frame, no DISCONNECT. A reconnecting client gets in \
            at once, for as long again. So do servers with a largest connection age, and token lifetimes that end \
            connections.

            Connections that stand when it strikes count as established at that moment.
            """,
        heals: "Connections live as long as they like. Those that were ended stay so.",
        hit: "One for each established TCP connection that was shut down because of its age.",
        mechanism: """
            A packet socket in the host's namespace tells of each handshake that is completed. When the time is over \
            the engine takes a duplicate of the actor's own socket (pidfd_getfd(2)) and calls shutdown(2) with \
            SHUT_RDWR on it, as hang-up does. A connection that the program has not accepted by then is left alone.
            """,
        target: .actor, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "age", .duration(.milliseconds(1) ... .seconds(86_400)), required: true,
                "How long a connection may live, from its establishment.")
        ],
        example: "- { at: 5m, until: 30m, fault: hang-up-after, of: broker, age: 60s }")

    private let actor: String
    private let age: Duration

    package init(plan: FaultPlan) {
        actor = plan.actor
        age = plan.duration("age") ?? .seconds(1)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(actor: actor, age: age, field: field)
        try active.begin()
        return active
    }

    /// The far end of a connection and the near port: what names it on one host.
    private struct Peer: Hashable {
        var address: TransportAddress
        var port: Int
    }

    private final class Active: ActiveFault {
        private let actor: String
        private let age: Duration
        private let field: any FaultField
        private var capture: Descriptor?
        private var watch: EventLoop.Token?
        private var timer: EventLoop.Token?
        /// Handshakes under way.
        private var knocking: Set<Peer> = []
        /// Established ones, in the order of their times.
        private var living: [(due: Int64, peer: Peer)] = []
        private var count: Int64 = 0
        private(set) var firstHit: Int64?

        init(actor: String, age: Duration, field: any FaultField) {
            self.actor = actor
            self.age = age
            self.field = field
        }

        func begin() throws(FaultError) {
            do throws(FaultError) {
                try HangUpAfter.attempt {
                    let namespace = field.namespace(of: field.actors.host(of: actor))
                    let capture = Descriptor(
                        owning: try System.call("listen to the packets of", actor) {
                            halfopen_capture_open(namespace, false)
                        })
                    watch = try field.watch(capture.raw) { [unowned self] in try listen() }
                    self.capture = consume capture
                    let sockets = try ActorSockets(of: actor, in: field)
                    let now = Clock.now
                    for socket in sockets.held.map(\.socket) + sockets.waiting
                    where sockets.serves(socket) {
                        living.append((now + age.wholeNanoseconds, peer(of: socket)))
                    }
                }
            } catch {
                try? heal()
                throw error
            }
            setTimer()
        }

        private func peer(of socket: TCPSocket) -> Peer {
            var remote = socket.remote
            // A socket for both families has IPv4 peers too.
            if remote.address.hasPrefix("::ffff:") { remote.address.removeFirst(7) }
            return Peer(address: remote, port: socket.local.port)
        }

        /// A handshake is complete when its peer goes on after its SYN.
        private func listen() throws {
            guard let raw = capture?.raw else { return }
            try withUnsafeTemporaryAllocation(of: halfopen_packet.self, capacity: 64) { packets in
                while true {
                    let count = try System.call("read the packets of", actor) {
                        halfopen_capture_read(raw, packets.baseAddress, 64, -1)
                    }
                    for packet in packets[..<Int(count)] { saw(packet) }
                    if count < 64 { return }
                }
            }
            setTimer()
        }

        private func saw(_ packet: halfopen_packet) {
            guard packet.family != 0, packet.protocol == UInt8(IPPROTO_TCP) else { return }
            let family = UInt8(packet.family == 4 ? AF_INET : AF_INET6)
            let peer = withUnsafeBytes(of: packet.source) {
                Peer(
                    address: TransportAddress(family: family, bytes: $0, port: packet.source_port),
                    port: Int(packet.destination_port))
            }
            let (synchronize, acknowledge, reset): (UInt8, UInt8, UInt8) = (2, 16, 4)
            if packet.flags & (synchronize | acknowledge) == synchronize {
                knocking.insert(peer)
            } else if knocking.remove(peer) != nil, packet.flags & reset == 0 {
                living.append((Clock.now + age.wholeNanoseconds, peer))
            }
        }

        private func setTimer() {
            guard timer == nil, let first = living.first else { return }
            let wait = Duration.nanoseconds(max(0, first.due - Clock.now))
            timer = field.after(wait) { [unowned self] in
                timer = nil
                try endOld()
                setTimer()
            }
        }

        private func endOld() throws(FaultError) {
            let now = Clock.now
            let old = Set(living.prefix { $0.due <= now }.map(\.peer))
            living.removeFirst(living.prefix { $0.due <= now }.count)
            guard !old.isEmpty else { return }
            try HangUpAfter.attempt(missing: ActorSockets.Holder.missing) {
                let sockets = try ActorSockets(of: actor, in: field)
                for (socket, holder) in sockets.held where old.contains(peer(of: socket)) && sockets.serves(socket) {
                    let wasShut = try holder.withDuplicate(of: socket) { raw throws(SystemError) in
                        try System.call("shut down the connection to", "\(socket.remote)") {
                            shutdown(raw, Int32(SHUT_RDWR))
                        }
                    }
                    if !wasShut { continue }
                    count += 1
                    firstHit = firstHit ?? now
                }
            }
        }

        func hits() -> Int64 { count }

        func heal() throws(FaultError) {
            for token in [watch, timer] { if let token { field.cancel(token) } }
            (watch, timer, living) = (nil, nil, [])
            capture = nil
        }
    }
}
