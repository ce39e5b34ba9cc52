import Labs
import Netlink

/// A fault that is a table of nftables of its own, in one namespace or several: there while it lasts, and gone without
/// a trace after.
final class FilterFault: ActiveFault {
    /// What one namespace gets.
    struct Table {
        var namespace: NetworkNamespace
        /// Counters whose packets are hits.
        var hits: [String] = [FilterFault.hits]
        /// Other counters that its rules name.
        var counters: [String] = []
        var sets: [PacketFilter.FlowSet] = []
        var chains: [PacketFilter.Chain]
    }

    /// The counter that most faults need.
    static let hits = "hits"

    /// Behind the drops of blackholes and partitions, whichever came first: what vanishes cannot be answered.
    static let answering: Int32 = 10

    private let kind: any Fault.Type
    private var tables: [(filter: PacketFilter, hits: [String])] = []
    /// What it came to, once healed.
    private var total: Int64?

    /// Makes all tables, or none.
    /// - Parameters:
    ///   - id: the fault's own, so that two of one kind do not meet.
    ///   - missing: what this kernel may lack of what the rules say.
    init(
        _ kind: any Fault.Type, id: String, missing: (what: String, codes: [Int32])? = nil, _ tables: [Table]
    ) throws(FaultError) {
        self.kind = kind
        do throws(FaultError) {
            for table in tables {
                let filter = try kind.attempt(missing: missing) {
                    try PacketFilter(
                        "halfopen-\(id)", in: table.namespace, counters: table.hits + table.counters,
                        sets: table.sets, chains: table.chains)
                }
                self.tables.append((filter, table.hits))
            }
        } catch {
            try? heal()
            throw error
        }
    }

    /// Of the only table.
    var filter: PacketFilter { tables[0].filter }

    func hits() throws(FaultError) -> Int64 {
        if let total { return total }
        var count: Int64 = 0
        for (filter, hits) in tables {
            for counter in hits { count += try kind.attempt { try filter.count(counter) } }
        }
        return count
    }

    func heal() throws(FaultError) {
        if total != nil { return }
        var count: Int64 = 0
        var failure: FaultError?
        for (filter, hits) in tables {
            do throws(FaultError) {
                count += try kind.attempt { try filter.remove(counting: hits).values.reduce(0, +) }
            } catch {
                failure = failure ?? error
            }
        }
        total = count
        if let failure { throw failure }
    }
}

extension Wire {
    /// The sides whose packets a fault strikes, with whether a connection looks reversed from there: `first` is where
    /// rules see it the right way round.
    func sides(from host: String?) -> [(side: Side, reversed: Bool)] {
        [(first, false), (second, true)].filter { host == nil || $0.0.host == host }
    }
}
