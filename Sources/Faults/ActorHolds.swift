import Actors
import Glibc

/// Who holds which actors still. Faults that stop the processes of one actor overlap: they run again when the last of
/// them lets go.
package final class ActorHolds {
    private var holders: [String: Set<String>] = [:]
    let queues = AcceptQueues()

    package init() {}

    package func isHeld(_ actor: String) -> Bool { !(holders[actor] ?? []).isEmpty }

    func take(_ actor: String, by holder: String) { holders[actor, default: []].insert(holder) }

    /// False when it did not hold it.
    func drop(_ actor: String, by holder: String) -> Bool { holders[actor]?.remove(holder) != nil }
}

extension FaultField {
    /// Stops every process of every instance (SIGSTOP), and returns when all of them stand still. One that is started
    /// while the actor is held stands still before its first instruction.
    func hold(_ actor: String, by holder: String, for kind: any Fault.Type) throws(FaultError) {
        let wasHeld = actors.holds.isHeld(actor)
        actors.holds.take(actor, by: holder)
        if wasHeld { return }
        do throws(FaultError) {
            try stop(actor, for: kind)
        } catch {
            try? release(actor, by: holder, for: kind)
            throw error
        }
    }

    /// SIGCONT to all of its processes, unless somebody else holds them too. Fine for one that is not held.
    func release(_ actor: String, by holder: String, for kind: any Fault.Type) throws(FaultError) {
        guard actors.holds.drop(actor, by: holder), !actors.holds.isHeld(actor) else { return }
        try kind.attempt { try actors.signal(actor, SIGCONT) }
    }

    /// SIGSTOP to every process, again until /proc shows all of them stopped: one that is being forked while its
    /// parent is stopped is caught by the next round.
    private func stop(_ actor: String, for kind: any Fault.Type) throws(FaultError) {
        // 20 microseconds a round, so that what still runs gets to its end of time slice: 20 ms in all.
        for _ in 0..<1000 {
            try kind.attempt { try actors.signal(actor, SIGSTOP) }
            let running = actors.processes(of: actor).filter { process in
                // Stopped, or ended meanwhile (proc_pid_stat(5)).
                guard let entry = ProcessTable.entry(process) else { return false }
                return !["T", "t", "Z", "X"].contains(entry.state)
            }
            if running.isEmpty { return }
            usleep(20)
        }
        throw FaultError(kind.definition.name, "processes of \(actor) still ran 20 ms after SIGSTOP")
    }
}

/// The live TCP connections that actors had while they stood still: the hits of whatever holds them.
struct HeldConnections {
    /// Their cookies.
    private var seen: Set<UInt64> = []
    var count: Int64 { Int64(seen.count) }

    /// Counts those that an actor has now, those that wait to be accepted included.
    /// - Returns: how many it has now.
    @discardableResult
    mutating func look(
        at actor: String, in field: any FaultField, for kind: any Fault.Type
    ) throws(FaultError) -> Int {
        let sockets = try kind.attempt {
            // One whose peer has given up meanwhile was held still as well.
            try ActorSockets(of: actor, in: field, states: [.established, .closeWait])
        }
        let all = sockets.held.map(\.socket) + sockets.waiting
        for socket in all { seen.insert(socket.cookie) }
        return all.count
    }
}
