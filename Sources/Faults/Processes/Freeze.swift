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
        heals: "SIGCONT to all of its processes, unless another fault holds them still as well.",
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
    private let id: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Frozen(Self.self, actors: [actor], id: id, field: field)
        try active.begin()
        return active
    }
}

/// Actors held still from strike to heal.
final class Frozen: ActiveFault {
    private let kind: any Fault.Type
    private let actors: [String]
    private let id: String
    private let field: any FaultField
    private var connections = HeldConnections()
    private var isHealed = false

    init(_ kind: any Fault.Type, actors: [String], id: String, field: any FaultField) {
        self.kind = kind
        self.actors = actors
        self.id = id
        self.field = field
    }

    /// All of them or none.
    func begin() throws(FaultError) {
        do throws(FaultError) {
            for actor in actors { try field.hold(actor, by: id, for: kind) }
            _ = try hits()
        } catch {
            try? heal()
            throw error
        }
    }

    func hits() throws(FaultError) -> Int64 {
        if isHealed { return connections.count }
        for actor in actors { try connections.look(at: actor, in: field, for: kind) }
        return connections.count
    }

    func heal() throws(FaultError) {
        if isHealed { return }
        _ = try? hits()
        isHealed = true
        for actor in actors { try field.release(actor, by: id, for: kind) }
    }
}
