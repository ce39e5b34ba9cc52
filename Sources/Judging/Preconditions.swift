import Recordings
import Scenarios

/// What must hold for a run to say anything about a client.
enum Preconditions {
    /// Why nothing was played that could be judged; nil when something was.
    static func unplayed(_ run: RunView) -> (Verdict, [String])? {
        let recording = run.recording
        if let damage = recording.damage { return (.error, ["The recording is damaged: \(damage)."]) }
        guard let end = recording.end else {
            return (.error, ["The recording is cut off after line \(recording.events.count + 1): it has no end event."])
        }
        let message = end.message.isEmpty ? "no reason given" : end.message
        let (unsupported, failed) = actorsOutOfPlay(run)
        switch end.reason {
        case .error: return (.error, ["The run ended with an error: \(message)"])
        case .unsupported: return (.unsupported, unsupported.isEmpty ? [message] : unsupported)
        case .finished, .actorFailed, .interrupted: break
        }
        if !unsupported.isEmpty { return (.unsupported, unsupported) }
        if !failed.isEmpty { return (.void, failed) }
        switch end.reason {
        case .actorFailed: return (.void, ["An actor failed: \(message)"])
        case .interrupted: return (.void, ["The run was interrupted before its end: \(message)"])
        case .finished, .error, .unsupported: return notHealthy(run).map { (.void, $0) }
        }
    }

    /// Actors that said they cannot play, and actors that did not come up.
    private static func actorsOutOfPlay(_ run: RunView) -> (unsupported: [String], failed: [String]) {
        var unsupported: [String] = []
        var failed: [String] = []
        for actor in run.scenario.actors {
            for instance in run.instances(of: actor.name) {
                for life in run.lives[instance] ?? [] {
                    switch life.change {
                    case .unsupported(let reason):
                        unsupported.append(
                            "\(instance) cannot play this scenario: \(reason) (line \(life.moment.line))")
                    case .failed(let reason):
                        failed.append(
                            "The \(actor.role) \(instance) did not come up: \(reason) (line \(life.moment.line))")
                    case .runaway(let reason) where actor.role != .client:
                        failed.append(
                            "The \(actor.role) \(instance) ran away and was ended: \(reason) (line \(life.moment.line))"
                        )
                    case .started, .ready, .exited, .stopped, .told, .runaway, .logTruncated: break
                    }
                }
            }
        }
        return (unsupported, failed)
    }

    private static func notHealthy(_ run: RunView) -> [String]? {
        let limit = run.scenario.healthyWithin.lengthText
        guard let play = run.phases[.play] else {
            return ["The timeline was not played: the recording has no play phase."]
        }
        guard let healthy = run.phases[.healthy], healthy.line < play.line else {
            return [
                "The clients were not healthy within \(limit), before any fault: what they do after one says nothing."
            ]
        }
        return nil
    }

    /// Faults that could not be made or undone.
    static func failedFaults(_ run: RunView) -> [String] {
        run.strikes.compactMap { strike in strike.failure.map { "\(strike.name) could not be made: \($0)" } }
    }

    /// Reasons why no verdict can be given although the timeline was played.
    static func voids(_ run: RunView) -> [String] {
        let lost = run.lost.map { "The probe \($0.probe) missed \($0.count) events: what they were is not known." }
        let none = run.scenario.expectations.isEmpty ? ["The scenario expects nothing: there is nothing to judge."] : []
        return run.strikes.compactMap(idle) + lostBeforeFaults(run) + fallenServers(run) + lost + none
    }

    /// A fault that did not act proves nothing, whatever happened.
    private static func idle(_ strike: FaultStrike) -> String? {
        guard strike.failure == nil else { return nil }
        guard strike.applied != nil else { return "\(strike.name) was never applied." }
        guard strike.hits == 0 else { return nil }
        let hit = strike.definition.map { " A hit is: \($0.hit)" } ?? ""
        switch strike.plan.target {
        case .link(let link, _):
            return "\(strike.name) struck no packet: nothing that it applies to was sent on \(link) in that time.\(hit)"
        case .host(let host):
            return "\(strike.name) had no hit: \(host) held nothing for it to strike in that time.\(hit)"
        case .actor, .actors, .connections:
            let actors = strike.plan.target.actors.joined(separator: ", ")
            return "\(strike.name) had no hit: \(actors) had nothing for it to strike at that moment.\(hit)"
        case .name(let name):
            return "\(strike.name) had no hit: nobody looked up \(name) in that time.\(hit)"
        case .lab:
            return "\(strike.name) had no hit: nobody was there for it to strike.\(hit)"
        case .groups:
            return "\(strike.name) struck no packet: the groups sent each other nothing in that time.\(hit)"
        }
    }

    /// Clients whose connection was gone already when the first fault came.
    private static func lostBeforeFaults(_ run: RunView) -> [String] {
        guard let first = run.strikes.compactMap({ $0.applied?.time }).min() else { return [] }
        return run.scenario.actors.filter { $0.role == .client }.flatMap { client in
            run.sessionNames(of: client.name).compactMap { name in
                ClientSigns(run, name).lossBefore(first).map { loss in
                    "\(name) was no longer connected when the first fault struck, at \(run.at(first)): "
                        + "\(loss.text) at \(run.at(loss.moment.time)) (line \(loss.moment.line))."
                }
            }
        }
    }

    /// A server that dies by itself, or a publisher that does not end well, is no test of the client.
    private static func fallenServers(_ run: RunView) -> [String] {
        run.scenario.actors.filter { $0.role != .client }.flatMap { actor in
            run.instances(of: actor.name).compactMap { instance in
                guard let crash = run.crash(of: instance), case .exited(let status, let signal) = crash.change,
                    actor.role == .server || status != 0
                else { return nil }
                return "The \(actor.role) \(instance) ended by itself at \(run.at(crash.moment.time)), "
                    + "\(exitText(status, signal)) (line \(crash.moment.line))."
            }
        }
    }

    static func exitText(_ status: Int?, _ signal: Int?) -> String {
        if let signal { return "killed by signal \(signal)" }
        return status.map { "with exit status \($0)" } ?? "without a status"
    }
}
