import Faults
import Kernel
import Recordings
import Scenarios

/// Performs the plan's faults at their times and heals them.
final class Timeline {
    private unowned let engine: Engine
    private var active: [Int: any ActiveFault] = [:]
    private var hits: [Int: Int64] = [:]
    /// The first fault that could not be applied or healed: nothing after it can be trusted.
    private(set) var failure: Engine.Ending?

    init(engine: Engine) { self.engine = engine }

    func schedule(from zero: Int64) {
        for action in engine.plan.actions {
            let due = zero + action.at.wholeNanoseconds
            switch action.action {
            case .strike(let index): engine.loop.at(due) { [unowned self] in strike(index, due: due) }
            case .heal(let index): engine.loop.at(due) { [unowned self] in heal(index, due: due) }
            case .end: break
            }
        }
    }

    /// Writes how often each active fault has hit, when that has changed.
    func sampleHits() {
        for (index, fault) in active.sorted(by: { $0.key < $1.key }) {
            guard let total = try? fault.hits(), total > hits[index, default: 0] else { continue }
            hits[index] = total
            tell(index, .hit(total: total))
        }
    }

    /// Whatever still strikes at the end of the timeline heals now.
    func healAll() {
        for index in active.keys.sorted() { heal(index, due: Clock.now) }
    }

    private func strike(_ index: Int, due: Int64) {
        let plan = engine.scenario.faults[index]
        do throws(FaultError) {
            let handle = try FaultCatalog.make(plan).strike(in: engine)
            tell(index, .applied(late: Clock.now - due))
            active[index] = handle
            if plan.until == nil { heal(index, due: Clock.now) }
        } catch {
            fail(index, error)
        }
    }

    private func heal(_ index: Int, due: Int64) {
        guard let fault = active.removeValue(forKey: index) else { return }
        do throws(FaultError) {
            try fault.heal()
            tell(index, .healed(late: Clock.now - due, total: try fault.hits()))
        } catch {
            fail(index, error)
        }
    }

    private func fail(_ index: Int, _ error: FaultError) {
        tell(index, .failed(reason: error.reason))
        let plan = engine.scenario.faults[index]
        let reason = "\(plan.position): \(error)"
        failure = failure ?? Engine.Ending(error.isUnsupported ? .unsupported : .error, reason)
    }

    private func tell(_ index: Int, _ change: FaultChange.Change) {
        engine.recorder.add(.fault(FaultChange(index, engine.scenario.faults[index].kind, change)))
    }
}
