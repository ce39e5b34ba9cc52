import Labs
import Scenarios

/// A change of what a link does to packets, for a while, with the count of the packets that it did it to.
final class LinkOverlay: ActiveFault {
    private let kind: any Fault.Type
    private let wire: Wire
    private let hosts: [String]
    private let id: String
    private let count: (Wire.Struck) -> Int64
    /// Of each direction when it struck.
    private var before: [Int64] = []
    /// What it came to, once healed.
    private var total: Int64?

    /// Lays it.
    /// - Parameters:
    ///   - from: The host whose packets are struck; nil for both.
    ///   - change: What becomes of the link's impairment.
    ///   - count: Which of the wire's counters proves it.
    init(
        _ kind: any Fault.Type, id: String, on wire: Wire, from: String?,
        change: @escaping (inout Impairment) -> Void, count: @escaping (Wire.Struck) -> Int64
    ) throws(FaultError) {
        self.kind = kind
        self.wire = wire
        self.id = id
        self.count = count
        hosts = from.map { [$0] } ?? [wire.first.host, wire.second.host]
        before = try counters()
        try kind.attempt { try wire.overlay(id: id, from: from, change: change) }
    }

    func hits() throws(FaultError) -> Int64 {
        if let total { return total }
        return zip(before, try counters()).reduce(0) { $0 + max(0, $1.1 - $1.0) }
    }

    func heal() throws(FaultError) {
        if total != nil { return }
        total = try hits()
        try kind.attempt { try wire.removeOverlay(id) }
    }

    private func counters() throws(FaultError) -> [Int64] {
        var result: [Int64] = []
        for host in hosts {
            result.append(count(try kind.attempt { try wire.struck(from: host) }))
        }
        return result
    }
}
