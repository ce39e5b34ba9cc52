import Glibc
import Scenarios

/// A signal that means something to the program.
package struct SignalFault: Fault {
    package static let definition = FaultDefinition(
        name: "signal",
        summary:
            "An actor gets a signal that it understands in its own way: QUIT drains nginx, USR2 lames a NATS server.",
        wire: """
            Whatever the program does about it: nginx stops listening on QUIT and ends when its last connection has, a \
            NATS server says goodbye to its clients one by one on USR2, many programs end on TERM and read their \
            settings again on HUP. A real server drains, or rejects, by its own protocol.
            """,
        heals: """
            With `then` the program gets that signal. An instance that has ended meanwhile is started again, with the \
            same command. What it said and closed stays said and closed.
            """,
        hit: "One for each instance whose first process took the signal (kill(2) said so).",
        mechanism: """
            kill(2) to the first process of each instance, as an operator does it: what its children are told is its \
            own business. (For SIGKILL and SIGSTOP there are kill and freeze.)
            """,
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "signal", .choice(Signal.allCases.map(\.rawValue)), required: true, "The signal that it gets."),
            Parameter("then", .choice(Signal.allCases.map(\.rawValue)), "The signal that it gets in the end."),
        ],
        example: "- { at: 5m, until: 7m, fault: signal, of: broker, signal: USR2, then: HUP }")

    private let actor: String
    private let signal: Signal
    private let then: Signal?

    package init(plan: FaultPlan) {
        actor = plan.actor
        signal = plan.text("signal").flatMap(Signal.init) ?? .HUP
        then = plan.text("then").flatMap(Signal.init)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        field.actors.expectEnd(of: actor)
        return Active(actor: actor, then: then, hits: signal.send(to: actor, in: field), field: field)
    }

    private final class Active: ActiveFault {
        private let actor: String
        private let then: Signal?
        private let count: Int64
        private let field: any FaultField
        private var isHealed = false

        init(actor: String, then: Signal?, hits: Int64, field: any FaultField) {
            self.actor = actor
            self.then = then
            count = hits
            self.field = field
        }

        func hits() -> Int64 { count }

        func heal() {
            if isHealed { return }
            isHealed = true
            _ = then?.send(to: actor, in: field)
            field.actors.start(actor)
        }
    }
}

/// Signals that programs give a meaning to, by their usual names without SIG.
enum Signal: String, CaseIterable {
    case HUP, INT, QUIT, TERM, USR1, USR2, WINCH, CONT

    private var number: Int32 {
        switch self {
        case .HUP: SIGHUP
        case .INT: SIGINT
        case .QUIT: SIGQUIT
        case .TERM: SIGTERM
        case .USR1: SIGUSR1
        case .USR2: SIGUSR2
        case .WINCH: SIGWINCH
        case .CONT: SIGCONT
        }
    }

    /// To the first process of each instance; how many took it.
    func send(to actor: String, in field: any FaultField) -> Int64 {
        Int64(field.actors.leaders(of: actor).count { kill($0, number) == 0 })
    }
}
