import Actors
import Faults
import Glibc
import Judging
import Kernel
import Labs
import Probes
import Recordings
import Scenarios

/// The guest half: plays one scenario in this kernel and records it. One thread; its main flow is `play`.
package final class Engine: FaultField {
    let scenario: Scenario
    let plan: Plan
    let request: RunRequest
    let folders: RunFolders
    let loop: EventLoop
    let reaper: Reaper
    let recorder: Recorder
    /// What this recording holds and others may not.
    let records: [Header.Record]
    /// Set while the lab stands.
    private var builtLab: Lab?
    var cast: Cast!
    var watch: Watch!
    var timeline: Timeline!
    private var readiness: Readiness!
    private var health: Health
    private var hasBeenHealthy = false
    private let say: (String) -> Void
    private var isMakingRoom = false
    /// Events held in memory, a few hundred bytes each, before the probes are asked ahead of their time.
    private static let mostWaiting = 50_000

    /// - Parameter say: a line for the host half's progress display; never part of the recording.
    package init(
        loaded: LoadedScenario, request: RunRequest, folders: RunFolders, loop: EventLoop, reaper: Reaper,
        kernel: String, say: @escaping (String) -> Void
    ) throws(SystemError) {
        scenario = loaded.scenario
        plan = Plan(loaded.scenario, seed: request.seed)
        self.request = request
        self.folders = folders
        self.loop = loop
        self.reaper = reaper
        self.say = say
        health = Health(loaded.scenario)
        records = Expectations.records(for: loaded.scenario)
        let header = Header(
            scenario: scenario.name, seed: request.seed, lab: request.lab, kernel: kernel, uncertainty: 0,
            records: records, sources: request.sources.map { Header.Source(path: $0.path, text: $0.text) })
        var onEvent: (Event) -> Void = { _ in }
        recorder = try Recorder(path: folders.recording, header: header) { onEvent($0) }
        onEvent = { [unowned self] in if !hasBeenHealthy { health.saw($0) } }
    }

    /// The main flow of a run:
    /// 1. build the lab and watch it, 2. start the actors, server first, 3. wait until every client works,
    /// 4. play the timeline, 5. settle, 6. stop the actors, 7. end the recording.
    package func play() throws(SystemError) {
        let ending: Ending
        do {
            try build()
            try startActors()
            try awaitHealth()
            try playTimeline()
            try settle()
            ending = Ending(.finished)
        } catch let stop as Ending {
            ending = stop
        } catch {
            ending = Ending(.error, "\(error)")
        }
        try stopActors()
        try recorder.finish(ending.reason, message: ending.message)
        say("@end \(ending.reason.rawValue) \(ending.message)")
    }

    /// Why a run ends before its time.
    struct Ending: Error {
        var reason: End.Reason
        var message: String
        init(_ reason: End.Reason, _ message: String = "") {
            self.reason = reason
            self.message = message
        }
    }

    private func build() throws {
        enter(.build)
        do {
            builtLab = try Lab(scenario.lab, seed: request.seed)
            let actors = scenario.actors.map { (name: $0.name, host: $0.host) }
            try lab.makeCertificates(
                scenario.actors.compactMap { actor in
                    actor.certificate.map { (actor: actor.name, host: actor.host, plan: $0) }
                })
            if scenario.lab.nameServer == nil {
                try Names.install(hostsFile: Names.hostsFile(scenario.lab, actors: actors))
            } else {
                try Names.installForNameServer()
                try lab.startNameServer(actors: actors, loop: loop) { [unowned self] in record($0) }
            }
        } catch let error as LabError where error.missing != nil {
            throw Ending(.unsupported, "\(error)")
        }
        watch = try Watch(engine: self)
        lab.notes.forEach { say("@note \($0)") }
        readiness = Readiness(loop: loop) { [unowned self] in watch.isListening(host: $0, port: $1) }
        cast = Cast(
            scenario: scenario, request: request, folders: folders,
            namespaces: { [unowned self] in lab.host($0).namespace.raw }, loop: loop, reaper: reaper,
            readiness: readiness, report: { [unowned self] in report(at: $0, $1) })
        for member in cast.instances {
            let instance = member.instance
            member.onMuchOutput = { [unowned self] in say("@flood \(instance.actor) \(instance.index)") }
        }
        timeline = Timeline(engine: self)
    }

    private func record(_ lookup: NameServer.Lookup) {
        recorder.add(Timestamp(nanoseconds: lookup.time), .lookup(NameLookup(lookup)), source: "names")
    }

    private func report(at time: Int64, _ body: Event.Body) {
        recorder.add(Timestamp(nanoseconds: time), body, source: "actors")
        if case .actor(let change) = body {
            switch change.change {
            // Said at once: when a process spins from its start, this engine does not get to write.
            case .started(let pid): say("@process \(pid) \(change.instance.actor) \(change.instance.index)")
            case .logTruncated(let limit):
                say("@note the log of \(change.instance) ends after \(limit) bytes: it said more")
            case .ready, .exited, .stopped, .unsupported, .failed, .told, .runaway: break
            }
        }
        if recorder.waiting > Engine.mostWaiting && !isMakingRoom {
            isMakingRoom = true
            loop.after(.zero) { [unowned self] in makeRoom() }
        }
    }

    /// Many events at one moment: the first drain settles up to when they may be written, the second has them written.
    private func makeRoom() {
        _ = try? watch.drain()
        _ = try? watch.drain()
        isMakingRoom = false
    }

    private func startActors() throws {
        enter(.start)
        let deadline = Clock.now + scenario.healthyWithin.wholeNanoseconds
        for role in [ActorPlan.Role.server, .publisher, .client] {
            if let reason = try readiness.start(cast.members(role), deadline: deadline) {
                throw Ending(.actorFailed, reason)
            }
        }
    }

    private func awaitHealth() throws {
        let deadline = Clock.now + scenario.healthyWithin.wholeNanoseconds
        while !health.isHealthy {
            // The wire is asked once a second; drivers speak at once.
            let next = min(deadline, Clock.now + 1_000_000_000)
            _ = try loop.run(until: next) { health.isHealthy || hasLostActor }
            try watch.drain()
            if hasLostActor { throw Ending(.actorFailed, lossOfActor) }
            if Clock.now >= deadline && !health.isHealthy {
                let bound = Units.text(scenario.healthyWithin)
                throw Ending(.actorFailed, "not healthy within \(bound): \(health.complaint ?? "")")
            }
        }
        hasBeenHealthy = true
        enter(.healthy)
    }

    private func playTimeline() throws {
        for plan in scenario.tells {
            if let objection = cast.objection(to: plan, isDue: false) { throw Ending(.unsupported, objection) }
        }
        for plan in scenario.faults where FaultCatalog.isMadeByActor(plan) {
            for actor in plan.target.actors {
                guard let objection = cast.objection(of: actor, toFault: plan.kind, isDue: false) else { continue }
                throw Ending(.unsupported, "\(plan.position): \(objection)")
            }
        }
        let zero = enter(.play)
        timeline.schedule(from: zero)
        watch.startSampling(zero: zero, length: scenario.end, say: say)
        _ = try loop.run(until: zero + scenario.end.wholeNanoseconds) {
            timeline.failure != nil || watch.failure != nil || recorder.failure != nil
        }
        if let failure = timeline.failure { throw failure }
        if let failure = watch.failure { throw failure }
    }

    private func settle() throws {
        timeline.healAll()
        enter(.settle)
        if let failure = timeline.failure { throw failure }
        _ = try loop.run(until: Clock.now + scenario.settle.wholeNanoseconds) { false }
    }

    private func stopActors() throws(SystemError) {
        // While they live: what they hold at the end.
        if cast != nil { watch?.sampleNow() }
        enter(.stop)
        timeline?.healAll()
        if let cast {
            for role in [ActorPlan.Role.client, .publisher, .server] { try cast.stop(role) }
        }
        try watch?.finish()
    }

    // MARK: What faults act on

    /// Asking for it before it is built is our own bug.
    package var lab: Lab { builtLab! }
    package func namespace(of host: String) -> Int32 { lab.host(host).namespace.raw }
    package func link(_ name: String) -> Wire { lab.link(name) }
    package func router(_ name: String) -> NATRouter { lab.router(name) }
    package var actors: any ActorControl { cast }
    package var seed: UInt64 { request.seed }

    package func after(_ delay: Duration, _ body: @escaping () throws -> Void) -> EventLoop.Token {
        loop.after(delay) { [unowned self] in timeline.noticing(body) }
    }

    package func watch(_ descriptor: Int32, _ body: @escaping () throws -> Void) throws -> EventLoop.Token {
        try loop.watch(descriptor) { [unowned self] in timeline.noticing(body) }
    }

    package func cancel(_ token: EventLoop.Token) { loop.cancel(token) }

    package func moveClock(by step: Duration, _ change: () throws -> Void) throws {
        try watch.moveClock(by: step, change)
    }

    /// Returns when it was entered; saying so takes a little of the time of the lab itself.
    @discardableResult
    private func enter(_ phase: Phase) -> Int64 {
        let now = Clock.now
        recorder.add(Timestamp(nanoseconds: now), .phase(phase))
        say("@phase \(phase.rawValue)")
        return now
    }

    /// A publisher that has said all it had to say is no loss.
    private var lost: ActorProcess? {
        cast.instances.first { $0.state == .ended && !($0.plan.role == .publisher && $0.lastEnding == .exited(0)) }
    }
    private var hasLostActor: Bool { lost != nil }
    private var lossOfActor: String {
        guard let lost else { return "" }
        return "\(lost.instance) ended before the run was healthy (\(lost.endingText))"
    }
}
