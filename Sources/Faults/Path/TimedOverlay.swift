import Kernel
import Labs
import Scenarios

/// A change of what a link does to packets that changes itself as time goes on.
final class TimedOverlay: ActiveFault {
    /// What is done from now on, and for how long; for good when nil.
    typealias Step = (change: (inout Impairment) -> Void, time: Duration?)

    private let kind: any Fault.Type
    private let wire: Wire
    private let id: String
    private let from: String?
    private unowned let field: any FaultField
    private let step: (Int) -> Step
    private var index = 0
    /// When the next step begins, on the kernel's clock; counted on, so that lateness does not add up.
    private var due = Clock.now
    private var token: EventLoop.Token?
    /// What it came to, once healed.
    private var total: Int64?

    /// Lays the first step.
    /// - Parameter step: the step of this number, 0...; asked once for each, when it begins.
    init(
        _ kind: any Fault.Type, id: String, on wire: Wire, from: String?, in field: any FaultField,
        step: @escaping (Int) -> Step
    ) throws(FaultError) {
        self.kind = kind
        self.wire = wire
        self.id = id
        self.from = from
        self.field = field
        self.step = step
        try turn()
    }

    private func turn() throws(FaultError) {
        token = nil
        let (change, time) = step(index)
        try kind.attempt { try wire.overlay(id: id, from: from, change: change) }
        index += 1
        guard let time else { return }
        due += time.wholeNanoseconds
        token = field.after(.nanoseconds(max(0, due - Clock.now))) { [unowned self] in try turn() }
    }

    func hits() throws(FaultError) -> Int64 {
        if let total { return total }
        return try kind.attempt { try wire.struck(by: id) }.entered
    }

    func heal() throws(FaultError) {
        if total != nil { return }
        if let token { field.cancel(token) }
        token = nil
        total = try kind.attempt { try wire.removeOverlay(id) }.entered
    }
}
