import Actors
import Glibc
import Kernel
import Netlink
import Scenarios

/// Alive for the kernel, dead for everybody else: a stopped process.
package struct Freeze: Fault {
    package static let definition = FaultDefinition(
        name: "freeze",
        summary: "All processes of an actor stand still (SIGSTOP) for a while, with their connections open.",
        wire: """
            The host's kernel goes on acknowledging what arrives until the receive buffers are full, and goes on \
            completing handshakes until the accept queue is full; the program says nothing. TCP keep-alives are \
            answered, application heartbeats are not: only a client with a heartbeat or a deadline of its own \
            notices. New connections come up and then are silent, too.

            After the heal the program finds everything that was sent to it meanwhile, and answers all of it late; \
            its timers fire late.
            """,
        heals: "SIGCONT to all of its processes.",
        hit: """
            One for each live TCP connection held still: those that the actor had when it struck, and those that came \
            up at its listening ports while it stood still. Counted from the socket table when sampled.
            """,
        mechanism: """
            SIGSTOP to every process of every instance, again until /proc shows all of them stopped: one that is being \
            forked while its parent is stopped is caught by the next round.
            """,
        target: .actor, extent: .interval,
        example: "- { at: 5m, until: 7m, fault: freeze, of: broker }")

    private let actor: String

    package init(plan: FaultPlan) { actor = plan.actor }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Frozen(actor: actor, field: field)
        do throws(FaultError) {
            try Freeze.stop(actor, in: field)
            _ = try active.hits()
        } catch {
            try? active.heal()
            throw error
        }
        return active
    }

    /// Returns when every process stands still.
    private static func stop(_ actor: String, in field: any FaultField) throws(FaultError) {
        // 20 microseconds a round, so that what still runs gets to its end of time slice: 20 ms in all.
        for _ in 0..<1000 {
            try attempt { try field.actors.signal(actor, SIGSTOP) }
            let running = field.actors.processes(of: actor).filter { process in
                // Stopped, or ended meanwhile (proc_pid_stat(5)).
                guard let entry = ProcessTable.entry(process) else { return false }
                return !["T", "t", "Z", "X"].contains(entry.state)
            }
            if running.isEmpty { return }
            usleep(20)
        }
        throw FaultError(definition.name, "processes of \(actor) still ran 20 ms after SIGSTOP")
    }
}

private final class Frozen: ActiveFault {
    private let actor: String
    private let field: any FaultField
    /// Cookies of the connections held still.
    private var connections: Set<UInt64> = []
    private var isHealed = false

    init(actor: String, field: any FaultField) {
        self.actor = actor
        self.field = field
    }

    func hits() throws(FaultError) -> Int64 {
        if isHealed { return Int64(connections.count) }
        let sockets = try Freeze.attempt {
            // One whose peer has given up meanwhile was held still as well.
            try ActorSockets(of: actor, in: field, states: [.established, .closeWait])
        }
        for socket in sockets.held.map(\.socket) + sockets.waiting { connections.insert(socket.cookie) }
        return Int64(connections.count)
    }

    func heal() throws(FaultError) {
        if isHealed { return }
        _ = try? hits()
        isHealed = true
        try Freeze.attempt { try field.actors.signal(actor, SIGCONT) }
    }
}
