import CLinux
import Glibc
import Kernel
import Scenarios

/// How an actor is restarted.
struct RestartPlan {
    /// What becomes of its work folder.
    enum State: String, CaseIterable { case kept, lost }

    /// Between the end of the last of its processes and the new start.
    var downFor: Duration
    var state: State
    /// How long it takes to come up once it is started, beyond what the program takes itself.
    var slow: (time: Duration, isListening: Bool)?

    static let parameters = [
        Parameter(
            "down-for", .duration(.zero ... .seconds(86_400)), default: .duration(.zero),
            "How long it is gone: from the end of its last process to the new start."),
        Parameter(
            "state", .choice(State.allCases.map(\.rawValue)), default: .text(State.kept.rawValue),
            "What becomes of all that is in its work folder: kept, or lost before the new start."),
    ]

    init(_ plan: FaultPlan) {
        downFor = plan.duration("down-for") ?? .zero
        state = plan.text("state").flatMap(State.init) ?? .kept
    }
}

/// One actor's way down and up again: asked to end, ended, gone for a while, started, ready.
final class RestartCourse {
    private let kind: any Fault.Type
    private let actor: String
    private let id: String
    private let plan: RestartPlan
    private let field: any FaultField
    /// The pidfds of processes that have not ended yet.
    private var watched: [Int32: EventLoop.Token] = [:]
    private var timer: EventLoop.Token?
    private var done: (() throws -> Void)?
    /// Ports that it listened on.
    private var ports: Set<Int> = []
    /// Processes that have ended, as the kernel said by their pidfds.
    private(set) var ended: Int64 = 0
    /// Whether a program is up is asked this often.
    private static let step: Duration = .milliseconds(1)

    /// - Parameter id: of the fault, for what it holds.
    init(_ kind: any Fault.Type, _ actor: String, id: String, _ plan: RestartPlan, in field: any FaultField) {
        self.kind = kind
        self.actor = actor
        self.id = id
        self.plan = plan
        self.field = field
    }

    /// Calls `done` once every instance is ready again.
    func begin(_ done: @escaping () throws -> Void) throws(FaultError) {
        self.done = done
        do throws(FaultError) {
            try kind.attempt {
                ports = Set(try ActorSockets(of: actor, in: field).listeners.map(\.socket.local.port))
                for process in field.actors.processes(of: actor) {
                    let descriptor = halfopen_pidfd_open(process)
                    if descriptor >= 0 {
                        watched[descriptor] = try field.watch(descriptor) { [unowned self] in end(descriptor) }
                    }
                }
            }
        } catch {
            cancel()
            throw error
        }
        field.actors.terminate(actor)
        if watched.isEmpty { goDown() }
    }

    private func end(_ descriptor: Int32) {
        guard let token = watched.removeValue(forKey: descriptor) else { return }
        field.cancel(token)
        close(descriptor)
        ended += 1
        if watched.isEmpty { goDown() }
    }

    private func goDown() {
        timer = field.after(plan.downFor) { [unowned self] in try start() }
    }

    private func start() throws(FaultError) {
        if plan.state == .lost {
            for place in field.actors.places(of: actor) {
                for name in (try? Files.list(place.work)) ?? [] { Files.remove("\(place.work)/\(name)") }
            }
        }
        // Nothing runs that could be stopped: what is started now stands still from its first instruction.
        if let slow = plan.slow, !slow.isListening {
            field.actors.holds.take(actor, by: id)
            field.actors.start(actor)
            timer = field.after(slow.time) { [unowned self] in try goOn() }
        } else {
            field.actors.start(actor)
            try plan.slow == nil ? awaitReady() : awaitListening()
        }
    }

    private func goOn() throws(FaultError) {
        try field.release(actor, by: id, for: kind)
        awaitReady()
    }

    private func awaitListening() throws(FaultError) {
        let now = try kind.attempt { try ActorSockets(of: actor, in: field).listeners.map(\.socket.local.port) }
        if let slow = plan.slow, ports.isSubset(of: now) {
            try field.hold(actor, by: id, for: kind)
            timer = field.after(slow.time) { [unowned self] in try goOn() }
        } else {
            timer = field.after(Self.step) { [unowned self] in try awaitListening() }
        }
    }

    private func awaitReady() {
        timer = field.after(Self.step) { [unowned self] in
            if !field.actors.isReady(actor) { return awaitReady() }
            timer = nil
            let done = done
            self.done = nil
            try done?()
        }
    }

    /// Whatever is still to come does not.
    func cancel() {
        for (descriptor, token) in watched {
            field.cancel(token)
            close(descriptor)
        }
        watched = [:]
        if let timer { field.cancel(timer) }
        timer = nil
        done = nil
        try? field.release(actor, by: id, for: kind)
    }
}

/// A moment that lasts until several actors have been restarted, one after another.
final class Restarting: ActiveFault {
    private let courses: [RestartCourse]
    private let gap: Duration
    private let field: any FaultField
    private var timer: EventLoop.Token?
    private var over: (() -> Void)?
    private var isOver = false

    init(_ courses: [RestartCourse], gap: Duration = .zero, in field: any FaultField) {
        self.courses = courses
        self.gap = gap
        self.field = field
    }

    func begin(_ index: Int = 0) throws(FaultError) {
        try courses[index].begin { [unowned self] in
            if index + 1 < courses.count {
                timer = field.after(gap) { [unowned self] in try begin(index + 1) }
            } else {
                isOver = true
                over?()
            }
        }
    }

    func hits() -> Int64 { courses.reduce(0) { $0 + $1.ended } }

    func heal() {
        if let timer { field.cancel(timer) }
        timer = nil
        for course in courses { course.cancel() }
    }

    func whenOver(_ body: @escaping () -> Void) {
        if isOver { body() } else { over = body }
    }
}
