import LabKernel
import Recordings
import Scenarios

/// The recording of a run that the watchdog ended: its guest could not write an end, so the host half does; whoever
/// judges the file later finds in it what the watchdog found.
enum StalledRecording {
    /// What is whole of `bytes`, whose process ran, when that is known, and the end. Nil when it needs no end.
    /// - Parameters:
    ///   - processes: the leaders of the actors, by their number in the lab.
    ///   - flooder: who said a lot last.
    static func closed(
        _ bytes: [UInt8], by stall: StallReport, processes: [Int32: Instance], flooder: Instance?,
        of scenario: Scenario
    ) -> [UInt8]? {
        guard let recording = try? RecordingDecoder.decode(bytes), recording.end == nil else { return nil }
        var encoder = RecordingEncoder()
        var closed = encoder.encode(header: recording.header)
        for event in recording.events { closed += encoder.encode(event) }
        var time = recording.events.last?.time ?? Timestamp(nanoseconds: 0)
        if case .stoodStill(let at, _) = stall.stall { time = max(time, Timestamp(nanoseconds: at.wholeNanoseconds)) }
        var message = "\(stall)"
        if let (owner, reason) = cause(stall, processes, flooder, scenario) {
            closed += encoder.encode(Event(time, .actor(ActorChange(owner, .runaway(reason: reason)))))
            message = "\(owner) ran away"
        }
        let end = End(.actorFailed, message: message, events: encoder.events)
        return closed + encoder.encode(Event(time, .end(end)))
    }

    /// Whose doing it was, and what they did.
    private static func cause(
        _ stall: StallReport, _ processes: [Int32: Instance], _ flooder: Instance?, _ scenario: Scenario
    ) -> (Instance, String)? {
        var stall = stall
        stall.console = []
        // The first process was busy with reading what it said.
        if let flooder, stall.spinner.map({ $0.pid == 1 }) ?? true {
            return (flooder, "It flooded its output without a pause: \(stall).")
        }
        guard let spinner = stall.spinner, let owner = owner(of: spinner, processes, scenario) else { return nil }
        let reason =
            "It ran without a pause: \(stall). What usually causes it: a retry loop without a delay, or polling a "
            + "descriptor that is always ready."
        return (owner, reason)
    }

    /// The instance whose leader it is, or the only actor whose program has this name.
    private static func owner(
        of spinner: StallReport.Spinner, _ processes: [Int32: Instance], _ scenario: Scenario
    ) -> Instance? {
        if let instance = processes[spinner.pid] { return instance }
        let actors = scenario.actors.filter { actor in
            let program = actor.run[0].split(separator: "/").last.map(String.init) ?? actor.run[0]
            return spinner.name.hasPrefix(program) || program.hasPrefix(spinner.name)
        }
        return actors.count == 1 && actors[0].count == 1 ? Instance(actors[0].name) : nil
    }
}
