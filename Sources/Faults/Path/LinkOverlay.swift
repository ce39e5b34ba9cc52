import Labs
import Scenarios

/// A change of what a link does to packets, for a while, with the count of the packets that it did it to.
final class LinkOverlay: ActiveFault {
    private let kind: any Fault.Type
    private let wire: Wire
    private let id: String
    private let count: (Wire.Struck) -> Int64
    /// What it came to, once healed.
    private var total: Int64?

    /// Lays it.
    /// - Parameters:
    ///   - from: The host whose packets are struck; nil for both.
    ///   - change: What becomes of the link's impairment.
    ///   - count: Which of the wire's counters proves it. Another overlay that hides this one takes its count as well.
    init(
        _ kind: any Fault.Type, id: String, on wire: Wire, from: String?,
        change: @escaping (inout Impairment) -> Void, count: @escaping (Wire.Struck) -> Int64
    ) throws(FaultError) {
        self.kind = kind
        self.wire = wire
        self.id = id
        self.count = count
        try kind.attempt { try wire.overlay(id: id, from: from, change: change) }
    }

    func hits() throws(FaultError) -> Int64 {
        if let total { return total }
        return count(try kind.attempt { try wire.struck(by: id) })
    }

    func heal() throws(FaultError) {
        if total != nil { return }
        total = count(try kind.attempt { try wire.removeOverlay(id) })
    }
}
