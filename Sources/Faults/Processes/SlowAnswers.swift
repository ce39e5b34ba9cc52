import Kernel
import Scenarios

/// A program that gets too little of its processor.
package struct SlowAnswers: Fault {
    package static let definition = FaultDefinition(
        name: "slow-answers",
        summary: "An actor works in short bursts only, so that it answers late: it stands still, runs, stands still.",
        wire: """
            As under freeze during each pause: the kernel acknowledges and nothing is answered. Between two pauses the \
            program works off what has come. So an answer is late by up to the pause, on average by half of it times \
            the share of pauses; answers come in bursts. Timers of the program fire late likewise, its heartbeats too. \
            As a process on an overcommitted machine, in a long garbage collection, or under a small CPU quota.
            """,
        heals: "The program runs all the time. What it had not answered yet it answers at once.",
        hit: """
            One for each pause in which a live TCP connection was held still, counted at the end of the pause (or, for \
            the one that lasts, when sampled).
            """,
        mechanism: """
            SIGSTOP and SIGCONT to every process in turn, on the engine's timer; it begins with a pause.
            """,
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "pause", .duration(.milliseconds(1) ... .seconds(3600)), required: true,
                "How long it stands still each time."),
            Parameter(
                "run", .duration(.milliseconds(1) ... .seconds(3600)), required: true,
                "How long it runs between two pauses."),
        ],
        example: "- { at: 5m, until: 7m, fault: slow-answers, of: broker, pause: 900ms, run: 100ms }")

    private let actor: String
    private let id: String
    private let pause: Duration
    private let run: Duration

    package init(plan: FaultPlan) {
        actor = plan.actor
        id = "fault\(plan.index)"
        pause = plan.duration("pause") ?? .seconds(1)
        run = plan.duration("run") ?? .seconds(1)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(self, field: field)
        try active.pause()
        return active
    }

    private final class Active: ActiveFault {
        private let plan: SlowAnswers
        private let field: any FaultField
        private var timer: EventLoop.Token?
        private var isPaused = false
        /// The pause that lasts has been counted.
        private var isCounted = false
        private var count: Int64 = 0

        init(_ plan: SlowAnswers, field: any FaultField) {
            self.plan = plan
            self.field = field
        }

        func pause() throws(FaultError) {
            try field.hold(plan.actor, by: plan.id, for: SlowAnswers.self)
            (isPaused, isCounted) = (true, false)
            timer = field.after(plan.pause) { [unowned self] in try run() }
        }

        private func run() throws(FaultError) {
            try look()
            isPaused = false
            try field.release(plan.actor, by: plan.id, for: SlowAnswers.self)
            timer = field.after(plan.run) { [unowned self] in try pause() }
        }

        private func look() throws(FaultError) {
            guard isPaused, !isCounted else { return }
            var connections = HeldConnections()
            guard try connections.look(at: plan.actor, in: field, for: SlowAnswers.self) > 0 else { return }
            isCounted = true
            count += 1
        }

        func hits() throws(FaultError) -> Int64 {
            try look()
            return count
        }

        func heal() throws(FaultError) {
            if let timer { field.cancel(timer) }
            timer = nil
            try look()
            isPaused = false
            try field.release(plan.actor, by: plan.id, for: SlowAnswers.self)
        }
    }
}
