import Judging
import LabKernel
import Recordings
import Scenarios

/// A run whose virtual time stood still. When a client did it, that is a finding about the client: it spins, and on a
/// real machine it would burn a processor. Otherwise nothing can be said: void.
enum StallJudgement {
    static func of(
        _ stall: StallReport, _ judged: Judgement, recording: Recording, scenario: Scenario
    ) -> Judgement {
        let owner = stall.spinner.flatMap { actor(running: $0, recording, scenario) }
        guard let owner else {
            return Judgement(verdict: .void, reasons: ["\(stall)"], findings: [])
        }
        let play = recording.events.first { $0.body == .phase(.play) }?.time
        let last = recording.events.last?.time
        let at = play.flatMap { start in last.map { ($0 - start).seconds } } ?? 0
        let finding = Finding(
            expectation: "progress: \(owner.name)", verdict: owner.role == .client ? .fail : .void,
            summary:
                "\(owner.name) must sleep when it has nothing to do; it ran without a pause until the run was ended. "
                + "What usually causes it: a retry loop without a delay, or polling a descriptor that is always ready.",
            evidence: [Evidence(at: at, text: "\(stall)", line: recording.events.count + 1)])
        return Judgement(
            verdict: owner.role == .client ? .fail : .void,
            reasons: owner.role == .client ? [] : ["\(owner.name), a \(owner.role), spins: \(stall)"],
            findings: [finding])
    }

    /// Whose process it is: the one whose recorded leader it is, or whose program has this name.
    private static func actor(
        running spinner: StallReport.Spinner, _ recording: Recording, _ scenario: Scenario
    ) -> ActorPlan? {
        var name: String?
        for event in recording.events {
            if case .actor(let change) = event.body, case .started(let pid) = change.change, pid == spinner.pid {
                name = change.instance.actor
            }
        }
        if let name { return scenario.actors.first { $0.name == name } }
        let programs = scenario.actors.filter { actor in
            let program = actor.run[0].split(separator: "/").last.map(String.init) ?? actor.run[0]
            return spinner.name.hasPrefix(program) || program.hasPrefix(spinner.name)
        }
        return programs.count == 1 ? programs[0] : nil
    }
}
