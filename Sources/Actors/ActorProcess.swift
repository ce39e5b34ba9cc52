import Glibc
import JSONLines
import Kernel
import Recordings
import Scenarios

/// One instance of an actor: its process, its output, its life. Facts go to `report`, in the order they happen.
package final class ActorProcess {
    /// What the process is doing, for the engine.
    package enum State: Equatable {
        case waiting
        case running
        case ready
        case ended
    }

    package let plan: ActorPlan
    package let instance: Instance
    package private(set) var state = State.waiting
    /// Leader of the session that the actor's processes form; 0 before the start.
    package private(set) var leader: Int32 = 0
    /// The next end is the doing of a fault or of the run.
    package var endIsExpected = false

    private let loop: EventLoop
    private let reaper: Reaper
    private let report: (Int64, Event.Body) -> Void
    private let command: Launch
    private var log: LogFile?
    /// Events are read from standard output only. Standard error has a pipe of its own, so that half a line of it never
    /// breaks an event.
    private var output: OutputReader?
    private var errors: OutputReader?
    private var input: CommandInput?
    /// The commands that its driver named in its hello; nil before the first. A restarted driver is taken to know what
    /// it knew, since its hello may come later than a command.
    package private(set) var knownCommands: [String]?
    /// The faults that its driver named in its hello; nil before the first.
    package private(set) var knownFaults: [String]?
    /// How often each of them has hit since it was switched on, as its driver says.
    package private(set) var faultHits: [String: Int64] = [:]
    private var stopTimer: EventLoop.Token?
    private var wasKilledByUs = false
    /// When it was last started: no stamp of its driver can be earlier.
    private var startedAt: Int64 = 0
    private var isRunaway = false
    private var onStopped: (() -> Void)?
    /// Called while it says more than is usual, so that a run which gets stuck on it can be explained.
    package var onMuchOutput: (() -> Void)?
    /// How its leader ended last; nil while it lives or when it never did.
    package private(set) var lastEnding: ChildProcess.Ending?

    package init(
        plan: ActorPlan, instance: Instance, command: Launch, loop: EventLoop, reaper: Reaper,
        report: @escaping (Int64, Event.Body) -> Void
    ) {
        self.plan = plan
        self.instance = instance
        self.command = command
        self.loop = loop
        self.reaper = reaper
        self.report = report
    }

    /// Starts it; a failure is reported as an event and leaves it ended.
    /// - Parameter isHeld: it stands still (SIGSTOP) before its first instruction.
    package func start(isHeld: Bool = false) {
        do throws(SystemError) {
            try launch(isHeld: isHeld)
            state = .running
            // As of before it could do anything: where computing takes no time, it may have done a lot by now.
            report(startedAt, .actor(ActorChange(instance, .started(pid: Int(leader)))))
            if case .started = plan.ready { markReady() }
        } catch {
            state = .ended
            // A scenario's folder has another path outside: relative to it, a name means the same to both.
            tell(.failed(reason: error.description.replacing("\(command.folder)/", with: "")))
        }
    }

    private func launch(isHeld: Bool) throws(SystemError) {
        try Files.makeFolder(command.workFolder)
        let outEnds = try Descriptor.pipe()
        let outReader = Descriptor(owning: outEnds.reader)
        let outWriter = Descriptor(owning: outEnds.writer)
        let errorEnds = try Descriptor.pipe()
        let errorReader = Descriptor(owning: errorEnds.reader)
        let errorWriter = Descriptor(owning: errorEnds.writer)
        let commandEnds = try Descriptor.pipe()
        let commandReader = Descriptor(owning: commandEnds.reader)
        let commandWriter = Descriptor(owning: commandEnds.writer)
        // A restarted process goes on in the same log.
        let log = if let log { log } else { try LogFile(path: command.logPath, limit: plan.logLimit) }
        self.log = log
        var request = SpawnRequest(
            program: command.program, arguments: command.arguments, environment: command.environment,
            folder: command.folder, input: commandReader.raw, output: outWriter.raw, error: errorWriter.raw)
        request.networkNamespace = command.networkNamespace
        request.startsStopped = isHeld
        // The child reads its commands with blocking reads, as any program does.
        _ = fcntl(commandReader.raw, F_SETFL, 0)
        startedAt = Clock.now
        let child = try ChildProcess(request)
        leader = child.pid
        isRunaway = false
        endIsExpected = false
        wasKilledByUs = false
        faultHits = [:]
        input = try CommandInput(owning: commandWriter.release())
        output = try OutputReader(
            descriptor: outReader.release(), log: log, loop: loop,
            event: { [unowned self] in take(line: $0, readAt: $1) },
            notice: { [unowned self] in heed($0) })
        errors = try OutputReader(
            descriptor: errorReader.release(), log: log, loop: loop,
            event: { [unowned self] line, _ in
                heedLog(line)
                return false
            },
            notice: { [unowned self] notice in
                // No event is expected here.
                if case .lostEvent = notice { return }
                heed(notice)
            })
        reaper.onEnd(of: leader) { [unowned self] in ended($0) }
    }

    /// Started, and not ended.
    package var isLive: Bool { state == .running || state == .ready }

    /// Every live process of this instance: its session's members.
    package var processes: [Int32] {
        guard leader != 0, isLive else { return [] }
        return ProcessTable.members(ofSession: leader)
    }

    /// Reads what has been said so far, without waiting for the loop.
    package func drainOutput() {
        output?.drain()
        errors?.drain()
    }

    /// Sends a command of the driver protocol, without ever waiting, and reports that. When it cannot be sent, because
    /// the process is not there or does not read, the report says so.
    package func send(command: JSON) {
        // Before it is sent: the driver's answer must not be older.
        let now = Clock.now
        let refused = if isLive, let input { input.send(command) } else { "it is not running" }
        let name = command["command"]?.string ?? ""
        report(now, .actor(ActorChange(instance, .told(command: name, refused: refused))))
    }

    /// Switches a fault of its own on or off, as `send`; its hits are counted anew when it goes on.
    package func send(fault name: String, on isOn: Bool, _ fields: [JSON.Member] = []) {
        // What it said before belongs to the time before.
        if isOn { drainOutput() }
        if isOn { faultHits[name] = 0 }
        let head: [JSON.Member] = [
            JSON.Member("command", "fault"), JSON.Member("name", .string(name)), JSON.Member("on", .bool(isOn)),
        ]
        send(command: .object(head + fields))
    }

    package func markReady() {
        guard state == .running else { return }
        state = .ready
        tell(.ready)
    }

    /// The actor could not do its part; the engine decides what follows.
    package func fail(_ reason: String) { tell(.failed(reason: reason)) }

    package func signal(_ number: Int32) {
        for process in processes { kill(process, number) }
    }

    /// As an operator does it, in the middle of the run: SIGTERM, and SIGKILL to whatever is left after the plan's
    /// time. Processes that stand still take neither before they go on, or the time is over.
    package func terminate() {
        guard isLive else { return }
        endIsExpected = true
        signal(SIGTERM)
        killLater()
    }

    private func killLater() {
        if let stopTimer { loop.cancel(stopTimer) }
        stopTimer = loop.after(plan.stopWithin) { [unowned self] in
            wasKilledByUs = true
            signal(SIGKILL)
        }
    }

    /// SIGTERM, and SIGKILL to whatever is left after the plan's time; `done` when the leader has ended.
    package func stop(_ done: @escaping () -> Void) {
        guard isLive else { return done() }
        onStopped = done
        endIsExpected = true
        // A frozen process would take SIGTERM only when thawed.
        signal(SIGTERM)
        signal(SIGCONT)
        killLater()
    }

    private func heed(_ notice: OutputReader.Notice) {
        switch notice {
        case .logTruncated(let limit): tell(.logTruncated(after: limit))
        case .lostEvent:
            report(Clock.now, .lost(LostEvents(probe: "driver of \(instance), in a line that is too long", count: 1)))
        case .flood(.much): onMuchOutput?()
        case .flood(.tooMuch(let much)):
            guard !isRunaway else { return }
            isRunaway = true
            tell(.runaway(reason: "It flooded its output with \(much) within one second."))
            signal(SIGKILL)
            output?.stopReading()
            errors?.stopReading()
        }
    }

    /// True when the line was an event; false when it belongs into the log.
    private func take(line: [UInt8], readAt now: Int64) -> Bool {
        guard let parsed = DriverProtocol.parse(line, of: instance) else {
            heedLog(line)
            return false
        }
        var report = parsed.report
        // A stamp from the future, or from before there was a driver, is no stamp of this clock.
        // Its turn may have begun before the driver said this.
        let stamp = parsed.stamp.flatMap { $0 >= startedAt && ($0 <= now || $0 <= Clock.now) ? $0 : nil }
        report.stamp = stamp == nil ? .reader : .driver
        self.report(stamp ?? now, .driver(report))
        if report.kind == .hello { (knownCommands, knownFaults) = (report.commands, report.faults) }
        if let hits = report.faultHits { faultHits[hits.fault] = hits.total }
        if case .event(let name) = plan.ready, report.kind.rawValue == name { markReady() }
        if report.kind == .unsupported { tell(.unsupported(reason: report.text ?? "the driver gave no reason")) }
        return true
    }

    /// A line that is no event may be the one that says that it is ready.
    private func heedLog(_ line: [UInt8]) {
        guard case .log(let text) = plan.ready, state == .running else { return }
        if String(decoding: line, as: UTF8.self).contains(text) { markReady() }
    }

    private func ended(_ ending: ChildProcess.Ending) {
        // Children that outlive the leader are no longer the actor: nothing of it stays behind.
        for process in ProcessTable.members(ofSession: leader) { kill(process, SIGKILL) }
        output?.finish()
        errors?.finish()
        state = .ended
        lastEnding = ending
        if let stopTimer { loop.cancel(stopTimer) }
        switch ending {
        case _ where isRunaway: break
        case _ where onStopped != nil: tell(.stopped(killed: wasKilledByUs))
        case .exited(127): tell(.unsupported(reason: "the driver exited with 127: it cannot play this scenario"))
        case .exited(let status): tell(.exited(status: Int(status), signal: nil))
        case .killed(let signal): tell(.exited(status: nil, signal: Int(signal)))
        }
        onStopped?()
        onStopped = nil
    }

    /// Where it starts, where it may write, and where its log is kept.
    package var places: (folder: String, work: String, log: String) {
        (command.folder, command.workFolder, command.logPath)
    }

    /// `exit status 1; the last it said: "no route to host"`.
    package var endingText: String {
        let how =
            switch lastEnding {
            case _ where isRunaway: "it flooded its output"
            case .exited(let status): "exit status \(status)"
            case .killed(let signal): "killed by signal \(signal)"
            case nil: "it could not be started"
            }
        return "\(how); \(lastWordsText)"
    }

    /// `the last it said: "no route to host"`.
    package var lastWordsText: String {
        log?.lastWords.map { "the last it said: \"\($0)\"" } ?? "it said nothing"
    }

    private func tell(_ change: ActorChange.Change) {
        report(Clock.now, .actor(ActorChange(instance, change)))
    }
}

/// What to execute for an instance, every name substituted.
package struct Launch {
    package var program: String
    package var arguments: [String]
    package var environment: [(name: String, value: String)]
    /// Where it starts.
    package var folder: String
    /// Where it may write.
    package var workFolder: String
    package var logPath: String
    package var networkNamespace: Int32

    package init(
        program: String, arguments: [String], environment: [(name: String, value: String)], folder: String,
        workFolder: String, logPath: String, networkNamespace: Int32
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.workFolder = workFolder
        self.logPath = logPath
        self.networkNamespace = networkNamespace
    }
}
