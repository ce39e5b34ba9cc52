import Recordings
import Scenarios

/// What every client owes, whatever its scenario expects: it does not crash, and it lets go of the processor.
///
/// Such a failure comes before a void: a client that is no longer there keeps the faults after it from having hits.
enum Conduct {
    /// Findings about the clients that failed in this.
    static func findings(_ run: RunView) -> [Finding] {
        run.scenario.actors.filter { $0.role == .client }.flatMap { client in
            run.instances(of: client.name).compactMap { runaway(run, $0) ?? crash(run, $0) }
        }
    }

    /// Without those that rest on a line that a failed expectation rests on: they were told.
    static func untold(_ findings: [Finding], beside known: [Finding]) -> [Finding] {
        let told = Set(known.filter { $0.verdict == .fail }.flatMap(\.evidence).map(\.line))
        return findings.filter { finding in !finding.evidence.contains { told.contains($0.line) } }
    }

    private static func runaway(_ run: RunView, _ instance: Instance) -> Finding? {
        for life in run.lives[instance] ?? [] {
            guard case .runaway(let reason) = life.change else { continue }
            return Finding(
                expectation: "conduct: \(instance.actor)", verdict: .fail,
                summary: "\(instance) ran away and was ended: on a real machine it would burn a processor or fill a "
                    + "disk. \(reason)",
                evidence: [run.evidence(life.moment, "\(instance) was ended")])
        }
        return nil
    }

    /// With whatever status: a client that is gone keeps no connection.
    private static func crash(_ run: RunView, _ instance: Instance) -> Finding? {
        guard let crash = run.crash(of: instance), case .exited(let status, let signal) = crash.change else {
            return nil
        }
        let how = Preconditions.exitText(status, signal)
        return Finding(
            expectation: "conduct: \(instance.actor)", verdict: .fail,
            summary: "\(instance) ended by itself at \(run.at(crash.moment.time)), \(how), "
                + "\(run.context(at: crash.moment.time)); its log says more. No fault struck its process.",
            evidence: [run.evidence(crash.moment, "\(instance) ended by itself, \(how)")])
    }
}
