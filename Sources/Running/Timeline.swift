import Faults
import Kernel
import Recordings
import Scenarios

/// Performs the plan's faults at their times and heals them, and tells actors what they are told.
final class Timeline {
    private unowned let engine: Engine
    private var active: [Int: any ActiveFault] = [:]
    private var hits: [Int: Int64] = [:]
    /// The first fault that could not be applied or healed, or command that a driver does not know: nothing after it
    /// can be trusted.
    private(set) var failure: Engine.Ending?

    init(engine: Engine) { self.engine = engine }

    func schedule(from zero: Int64) {
        for action in engine.plan.actions {
            let due = zero + action.at.wholeNanoseconds
            switch action.action {
            case .strike(let index): engine.loop.at(due) { [unowned self] in strike(index, due: due) }
            case .heal(let index): engine.loop.at(due) { [unowned self] in heal(index, due: due) }
            case .tell(let index): engine.loop.at(due) { [unowned self] in tell(index) }
            case .end: break
            }
        }
    }

    /// Writes how often each active fault has hit, when that has changed. Part of every drain: a first hit carries the
    /// kernel's stamp where there is one, and that lies after the drain before.
    func sampleHits() {
        for (index, fault) in active.sorted(by: { $0.key < $1.key }) {
            if let total = try? fault.hits() { recordHits(index, fault, total) }
        }
    }

    private func recordHits(_ index: Int, _ fault: any ActiveFault, _ total: Int64) {
        guard total > hits[index, default: 0] else { return }
        let isFirst = hits[index] == nil
        hits[index] = total
        record(index, .hit(total: total), at: isFirst ? fault.firstHit : nil)
    }

    /// Whatever still strikes at the end of the timeline heals now.
    func healAll() {
        for index in active.keys.sorted() { heal(index, due: Clock.now) }
    }

    private func strike(_ index: Int, due: Int64) {
        let plan = engine.scenario.faults[index]
        do throws(FaultError) {
            let handle = try FaultCatalog.make(plan).strike(in: engine)
            record(index, .applied(late: Clock.now - due))
            active[index] = handle
            if plan.until == nil { handle.whenOver { [unowned self] in heal(index, due: Clock.now) } }
        } catch {
            fail(index, error)
        }
    }

    private func heal(_ index: Int, due: Int64) {
        guard let fault = active.removeValue(forKey: index) else { return }
        do throws(FaultError) {
            try fault.heal()
            let late = Clock.now - due
            let total = try fault.hits()
            if fault.firstHit != nil { recordHits(index, fault, total) }
            record(index, .healed(late: late, total: total))
        } catch {
            fail(index, error)
        }
    }

    /// Does what a fault wants done while it lasts; an error ends the run.
    func noticing(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            let isUnsupported = (error as? FaultError)?.isUnsupported ?? false
            failure = failure ?? Engine.Ending(isUnsupported ? .unsupported : .error, "\(error)")
        }
    }

    private func tell(_ index: Int) {
        let plan = engine.scenario.tells[index]
        if let objection = engine.cast.objection(to: plan, isDue: true) {
            failure = failure ?? Engine.Ending(.unsupported, objection)
        } else {
            engine.cast.tell(plan)
        }
    }

    private func fail(_ index: Int, _ error: FaultError) {
        record(index, .failed(reason: error.reason))
        let plan = engine.scenario.faults[index]
        let reason = "\(plan.position): \(error)"
        failure = failure ?? Engine.Ending(error.isUnsupported ? .unsupported : .error, reason)
    }

    private func record(_ index: Int, _ change: FaultChange.Change, at time: Int64? = nil) {
        let body = Event.Body.fault(FaultChange(index, engine.scenario.faults[index].kind, change))
        engine.recorder.add(Timestamp(nanoseconds: time ?? Clock.now), body)
    }
}
