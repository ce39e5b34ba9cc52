import Actors
import Kernel
import Recordings
import Scenarios

/// Starts the actors of one role and waits until each is ready, as its plan says.
struct Readiness {
    let loop: EventLoop
    /// Is a TCP port listened on, on a host?
    let isListening: (_ host: String, _ port: Int) -> Bool
    /// Ports are asked for this often.
    private let pollInterval: Duration = .milliseconds(10)

    /// Nil when all are ready; otherwise what went wrong with the first that is not.
    func start(_ members: [ActorProcess], deadline: Int64) throws(SystemError) -> String? {
        for member in members { member.start() }
        while true {
            members.forEach(look(at:))
            if let failed = members.first(where: { $0.state == .ended }) {
                return "\(failed.instance) ended before it was ready (\(failed.endingText))"
            }
            if members.allSatisfy({ $0.state == .ready }) { return nil }
            if Clock.now >= deadline { return try complain(members) }
            let next = min(deadline, Clock.now + pollInterval.wholeNanoseconds)
            _ = try loop.run(until: next) {
                members.contains { $0.state == .ended } || members.allSatisfy { $0.state == .ready }
            }
        }
    }

    /// Starts one again, in the middle of the timeline; it says `ready` when it is, however long that takes.
    /// - Parameter isHeld: it stands still before its first instruction.
    func restart(_ member: ActorProcess, isHeld: Bool) {
        member.start(isHeld: isHeld)
        poll(member)
    }

    private func poll(_ member: ActorProcess) {
        look(at: member)
        guard member.state == .running, case .port = member.plan.ready else { return }
        loop.after(pollInterval) { poll(member) }
    }

    private func look(at member: ActorProcess) {
        guard member.state == .running, case .port(let port) = member.plan.ready else { return }
        if isListening(member.plan.host, port) { member.markReady() }
    }

    private func complain(_ members: [ActorProcess]) throws(SystemError) -> String? {
        guard let late = members.first(where: { $0.state != .ready }) else { return nil }
        let awaited =
            switch late.plan.ready {
            case .started: "it was not started"
            case .port(let port): "nothing listens on port \(port) of \(late.plan.host)"
            case .log(let text): "no line of its output contains \"\(text)\""
            case .event(let name): "its driver said no \"\(name)\" event"
            }
        let reason = "\(late.instance) was not ready in time: \(awaited); \(late.lastWordsText)"
        late.fail(reason)
        return reason
    }
}
