import Actors
import CLinux
import Glibc
import Kernel
import Scenarios

/// SIGKILL: no last words.
package struct Kill: Fault {
    package static let definition = FaultDefinition(
        name: "kill",
        summary: "All processes of an actor are killed (SIGKILL); on request it is started again after a while.",
        wire: """
            The kernel closes the sockets of the dead: peers receive FIN, or RST where data was unread; from then on \
            every packet, and every new connection, is answered by RST. The machine stands and answers, so a client \
            learns of it at once: for a death in silence use blackhole, or freeze.
            """,
        heals: """
            With restart-after the engine starts the actor again, so long after the kill, with the same command, and \
            the actor's readiness is reported as at the first start. Without it the actor stays dead.
            """,
        hit: """
            One for each process that died, seen dead by its pidfd. (A killed process is proof enough, with \
            connections or without: whoever knocks is refused.)
            """,
        mechanism:
            "kill(2) with SIGKILL to every process of every instance; the strike waits until the kernel reports their "
            + "end.",
        target: .actor, extent: .moment,
        parameters: [
            Parameter(
                "restart-after", .duration(.zero ... .seconds(86_400)),
                "Start the actor again so long after the kill; left out, it stays dead.")
        ],
        example: "- { at: 5m, fault: kill, of: broker, restart-after: 10s }")

    private let actor: String
    private let restartAfter: Duration?
    /// How long the kernel may take to end a killed process. Milliseconds are usual; one that waits for a disk takes
    /// longer.
    private static let patience: Int32 = 2000

    package init(plan: FaultPlan) {
        actor = plan.actor
        restartAfter = plan.duration("restart-after")
    }

    /// Part of another fault.
    init(of actor: String, restartAfter: Duration?) {
        self.actor = actor
        self.restartAfter = restartAfter
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        var watched: [Int32] = []
        defer { watched.forEach { close($0) } }
        for process in field.actors.processes(of: actor) {
            let descriptor = halfopen_pidfd_open(process)
            if descriptor >= 0 { watched.append(descriptor) }
        }
        field.actors.expectEnd(of: actor)
        try Self.attempt { try field.actors.signal(actor, SIGKILL) }
        let dead = watched.count(where: Kill.hasEnded)
        if dead < watched.count {
            throw FaultError(
                Self.definition.name,
                "\(watched.count - dead) of \(watched.count) processes of \(actor) did not die within 2 s of SIGKILL")
        }
        if let restartAfter { field.actors.restart(actor, after: restartAfter) }
        return PastFault(hits: dead)
    }

    /// A pidfd is readable once its process has ended.
    private static func hasEnded(_ descriptor: Int32) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, patience) == 1
    }
}
