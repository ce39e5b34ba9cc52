import Actors
import Faults
import Glibc
import JSONLines
import Kernel
import Recordings
import Scenarios

/// All actors of a run: starting them role by role, and what faults may do to them.
package final class Cast {
    private let scenario: Scenario
    private let loop: EventLoop
    private let readiness: Readiness
    private let reaper: Reaper
    package let holds = ActorHolds()
    /// Nobody is started any more.
    private var isStopping = false
    private(set) var instances: [ActorProcess] = []

    init(
        scenario: Scenario, request: RunRequest, folders: RunFolders, namespaces: (String) -> Int32, loop: EventLoop,
        reaper: Reaper, readiness: Readiness, report: @escaping (Int64, Event.Body) -> Void
    ) {
        self.scenario = scenario
        self.loop = loop
        self.readiness = readiness
        self.reaper = reaper
        for plan in scenario.actors {
            for index in 0..<plan.count {
                let launch = Cast.launch(
                    plan, index, scenario: scenario, request: request, folders: folders,
                    namespace: namespaces(plan.host))
                instances.append(
                    ActorProcess(
                        plan: plan, instance: Instance(plan.name, index), command: launch, loop: loop, reaper: reaper,
                        report: report))
            }
        }
    }

    /// Everything is fixed but what the scenario says: a run must not depend on who starts it.
    private static func launch(
        _ plan: ActorPlan, _ index: Int, scenario: Scenario, request: RunRequest, folders: RunFolders,
        namespace: Int32
    ) -> Launch {
        let name = plan.count > 1 ? "\(plan.name)-\(index)" : plan.name
        let work = "\(folders.work)/\(name)"
        let command = plan.substituted(
            index: index, seed: request.seed, folder: request.folder, work: work, in: scenario)
        // The reference pair lives in our own binary: that of the lab's first process, wherever it stands outside.
        let program = command.arguments[0] == "halfopen" ? "/proc/1/exe" : command.arguments[0]
        var environment: [(name: String, value: String)] = [
            ("PATH", ChildProcess.searchPath.joined(separator: ":")), ("HOME", work), ("TMPDIR", work),
            ("LANG", "C.UTF-8"), ("TZ", "UTC"), ("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1"),
            ("HALFOPEN_ACTOR", plan.name), ("HALFOPEN_INDEX", String(index)),
        ]
        for variable in command.environment {
            environment.removeAll { $0.name == variable.name }
            environment.append((variable.name, variable.value))
        }
        return Launch(
            program: program, arguments: Array(command.arguments.dropFirst()), environment: environment,
            folder: plan.folder.map { $0.hasPrefix("/") ? $0 : "\(request.folder)/\($0)" } ?? request.folder,
            workFolder: work, logPath: "\(folders.logs)/\(name).log", networkNamespace: namespace)
    }

    func members(_ role: ActorPlan.Role) -> [ActorProcess] { instances.filter { $0.plan.role == role } }

    func instances(of actor: String) -> [ActorProcess] { instances.filter { $0.instance.actor == actor } }

    /// Sends a command to every instance of its actor.
    func tell(_ plan: TellPlan) { instances(of: plan.actor).forEach { $0.send(command: plan.json) } }

    /// Why a command must not be sent: a driver is sent only those that its hello names. A driver without a hello knows
    /// none once the command is due; until then its hello may come.
    func objection(to plan: TellPlan, isDue: Bool) -> String? {
        for instance in instances(of: plan.actor) where instance.isLive {
            if instance.knownCommands == nil {
                if !isDue { continue }
                instance.drainOutput()
            }
            let known = TellPlan.Command.allCases.filter { instance.knownCommands?.contains($0.rawValue) ?? false }
            if known.contains(plan.command) { continue }
            let named =
                if instance.knownCommands == nil {
                    "its driver has said no hello, which would name the commands that it knows"
                } else if known.isEmpty {
                    "the hello of its driver names no command"
                } else {
                    "the hello of its driver names only \(known.map(\.rawValue).joined(separator: ", "))"
                }
            return "\(plan.position): \(instance.instance) cannot be told \"\(plan.command)\": \(named)"
        }
        return nil
    }

    /// Why a fault cannot be asked of its actor: a driver is asked only for those that its hello names.
    func objection(of actor: String, toFault name: String, isDue: Bool) -> String? {
        for instance in instances(of: actor) where instance.isLive {
            if instance.knownFaults == nil {
                if !isDue { continue }
                instance.drainOutput()
            }
            let known = instance.knownFaults ?? []
            if known.contains(name) { continue }
            let named =
                if instance.knownFaults == nil {
                    "it has said no hello, which would name the faults that it can make"
                } else if known.isEmpty {
                    "its hello names no fault"
                } else {
                    "its hello names only \(known.joined(separator: ", "))"
                }
            return "\(instance.instance) cannot make the fault \(name) itself: \(named)"
        }
        return nil
    }

    /// Stops everyone of a role and waits for it.
    func stop(_ role: ActorPlan.Role) throws(SystemError) {
        isStopping = true
        let members = members(role)
        var waiting = members.count
        for member in members { member.stop { waiting -= 1 } }
        let longest = members.map(\.plan.stopWithin).max() ?? .zero
        // SIGKILL cannot be ignored; the extra second is for the kernel.
        _ = try loop.run(until: Clock.now + (longest + .seconds(1)).wholeNanoseconds) { waiting == 0 }
    }
}

extension Cast: ActorControl {
    package func processes(of actor: String) -> [Int32] { instances(of: actor).flatMap(\.processes).sorted() }

    package func host(of actor: String) -> String { scenario.actors.first { $0.name == actor }!.host }

    package func signal(_ actor: String, _ signal: Int32) { instances(of: actor).forEach { $0.signal(signal) } }

    package func expectEnd(of actor: String) { instances(of: actor).forEach { $0.endIsExpected = true } }

    package func restart(_ actor: String, after delay: Duration) {
        loop.after(delay) { [unowned self] in
            start(actor)
        }
    }

    package func actors(on host: String) -> [String] {
        scenario.actors.filter { $0.host == host }.map(\.name)
    }

    package func terminate(_ actor: String) { instances(of: actor).forEach { $0.terminate() } }

    package func start(_ actor: String) {
        // Whoever has ended just now may not have been collected.
        reaper.collect()
        for instance in instances(of: actor) where instance.state == .ended && !isStopping {
            readiness.restart(instance, isHeld: holds.isHeld(actor))
        }
    }

    package func isReady(_ actor: String) -> Bool { instances(of: actor).allSatisfy { $0.state == .ready } }

    package func leaders(of actor: String) -> [Int32] {
        instances(of: actor).filter(\.isLive).map(\.leader)
    }

    package func places(of actor: String) -> [ActorPlaces] {
        instances(of: actor).map { instance in
            instance.drainOutput()
            let (folder, work, log) = instance.places
            return ActorPlaces(folder: folder, work: work, log: log)
        }
    }

    package func send(_ actor: String, fault: String, on isOn: Bool, _ fields: [JSON.Member]) {
        instances(of: actor).forEach { $0.send(fault: fault, on: isOn, fields) }
    }

    package func objection(of actor: String, toFault name: String) -> String? {
        objection(of: actor, toFault: name, isDue: true)
    }

    package func ownHits(of actor: String, fault: String) -> Int64 {
        instances(of: actor).reduce(0) { sum, instance in
            instance.drainOutput()
            return sum + instance.faultHits[fault, default: 0]
        }
    }
}

/// Where a run's files are, as the guest half sees them.
package struct RunFolders: Sendable {
    /// The run folder: recording, logs, captures.
    package var run: String
    /// Writable folders of actors; vanish with the lab.
    package var work: String

    package var logs: String { run + "/logs" }
    package var recording: String { run + "/recording.jsonl" }

    package init(run: String, work: String) {
        self.run = run
        self.work = work
    }
}
