import CNetlink
import Glibc
import Kernel

/// A table of nftables in one namespace, spoken to in the kernel's own messages.
///
/// A fault's punctuality and a lab's start hang on this, so it does not go through libnftables: its parser and its look
/// at the whole ruleset take 300 us for a rule when nothing is in the caches, and its hash tables 20 ms of page faults
/// in the lab kernel; these messages take 60 us and no time worth telling.
package final class PacketFilter {
    package enum Hook: UInt32, Sendable { case prerouting = 0, input, forward, output, postrouting }

    package enum Policy: UInt32, Sendable { case drop, accept }

    /// A chain and what stands in it from the start.
    package struct Chain: Sendable {
        package var name: String
        /// Where packets come in; nil for a chain that rules lead to.
        package var hook: Hook?
        package var policy: Policy
        /// Translates addresses: sources in postrouting (priority srcnat), destinations in prerouting and output
        /// (dstnat).
        package var isTranslation = false
        /// Among the chains of one hook the lower comes first. Connection tracking is at -200, dstnat at -100, filters
        /// at 0, srcnat at 100 (nft(8)); nil for the place that suits.
        package var priority: Int32?
        package var rules: [[Expression]]

        package init(
            _ name: String, _ hook: Hook?, policy: Policy = .accept, isTranslation: Bool = false,
            priority: Int32? = nil, rules: [[Expression]] = []
        ) {
            self.name = name
            self.hook = hook
            self.policy = policy
            self.isTranslation = isTranslation
            self.priority = priority
            self.rules = rules
        }

        var effectivePriority: Int32 {
            if let priority { return priority }
            return isTranslation ? (hook == .postrouting ? 100 : -100) : 0
        }
    }

    /// Connections that rules may look up: `inSet`.
    package struct FlowSet: Sendable {
        package var name: String
        package var flows: [Flow]
        /// Rules may add to it: `remember`, `spend`.
        package var isDynamic: Bool
        /// How long a connection stays in it, to the millisecond; for ever when nil.
        package var timeout: Duration?
        /// How many find room; 65,535 when nil.
        package var size: Int?

        /// So many more may be added later, when nothing else is said.
        package static let room = 4096

        package init(
            _ name: String, _ flows: [Flow] = [], isDynamic: Bool = false, timeout: Duration? = nil, size: Int? = nil
        ) {
            self.name = name
            self.flows = flows
            self.isDynamic = isDynamic
            self.timeout = timeout
            self.size = size ?? (isDynamic ? nil : flows.count + Self.room)
        }
    }

    /// A rule that was added later, and the counter that came with it.
    package struct Rule: Equatable, Sendable {
        fileprivate var chain: String
        fileprivate var handle: UInt64
        fileprivate var counter: String
    }

    private let socket: NetlinkSocket
    private let table: String
    private var added = 0

    /// Makes the table `inet TABLE` with all that is in it, in one transaction. A table of one's own is how to change
    /// what packets meet and leave no trace: `remove` takes it all away again.
    package init(
        _ table: String = "halfopen", in namespace: NetworkNamespace, counters: [String] = [], sets: [FlowSet] = [],
        chains: [Chain]
    ) throws {
        socket = try NetlinkSocket(NETLINK_NETFILTER, in: namespace)
        self.table = table
        var batch = FilterBatch(table: table)
        batch.addTable()
        for counter in counters { batch.addCounter(counter) }
        for (number, set) in sets.enumerated() {
            batch.addSet(set, id: UInt32(number + 1))
            batch.add(set.flows, to: set.name)
        }
        // Chains first, so that rules may lead to any of them.
        for chain in chains { batch.add(chain) }
        for chain in chains {
            for rule in chain.rules { batch.addRule(rule, to: chain.name) }
        }
        try socket.transact("make the packet filter of", batch.finished())
    }

    /// Adds a rule that counts what it matches and then does what the last expression says.
    package func add(_ matches: [Expression], then verdict: Expression, to chain: String) throws(NetlinkError) -> Rule {
        added += 1
        let counter = "rule\(added)"
        var batch = FilterBatch(table: table)
        batch.addCounter(counter)
        batch.addRule(matches + [.count(counter), verdict], to: chain, echo: true)
        for reply in try socket.transact("add a rule to the packet filter of", batch.finished()) {
            if let handle = FilterBatch.ruleHandle(reply) {
                return Rule(chain: chain, handle: handle, counter: counter)
            }
        }
        throw NetlinkError("learn the handle of a rule in the packet filter of", socket.namespace.owner, code: ENODATA)
    }

    /// Puts these rules in the place of all that stand in the chain.
    package func replace(_ rules: [[Expression]], in chain: String) throws(NetlinkError) {
        var batch = FilterBatch(table: table)
        batch.flush(chain)
        for rule in rules { batch.addRule(rule, to: chain) }
        try socket.transact("replace rules of the packet filter of", batch.finished())
    }

    /// Adds connections to a set; one that is in it already is fine.
    package func add(_ flows: [Flow], to set: String) throws(NetlinkError) {
        if flows.isEmpty { return }
        var batch = FilterBatch(table: table)
        batch.add(flows, to: set, isAll: true)
        try socket.transact("add connections to a set of the packet filter of", batch.finished())
    }

    /// Takes connections out of a set, in which they must be.
    package func remove(_ flows: [Flow], from set: String) throws(NetlinkError) {
        if flows.isEmpty { return }
        var batch = FilterBatch(table: table)
        batch.remove(flows, from: set)
        try socket.transact("take connections out of a set of the packet filter of", batch.finished())
    }

    /// The connections in a set and the time that each has left, sorted by their bytes: the kernel's order is a hash's.
    package func flows(in set: String) throws(NetlinkError) -> [(flow: Flow, left: Duration?)] {
        let replies = try socket.request(
            "list a set of the packet filter of", FilterBatch.elementsMessage(of: set, in: table))
        return replies.flatMap(FilterBatch.flows).sorted { $0.flow.key.lexicographicallyPrecedes($1.flow.key) }
    }

    /// Packets that the rule has matched so far.
    package func count(_ rule: Rule) throws(NetlinkError) -> Int64 { try count(rule.counter) }

    /// Packets of a named counter.
    package func count(_ counter: String) throws(NetlinkError) -> Int64 {
        let replies = try socket.request(
            "read the counter \(counter) of", FilterBatch.counterMessage(NFT_MSG_GETOBJ, counter, in: table))
        guard let packets = replies.first.flatMap(FilterBatch.packets) else {
            throw NetlinkError("read the counter \(counter) of", socket.namespace.owner, code: ENODATA)
        }
        return packets
    }

    /// Removes the rule and gives the packets that it has matched in all.
    @discardableResult
    package func remove(_ rule: Rule) throws(NetlinkError) -> Int64 {
        var batch = FilterBatch(table: table)
        batch.removeRule(rule.handle, from: rule.chain)
        try socket.transact("remove a rule from the packet filter of", batch.finished())
        // Only now it is final.
        let packets = try count(rule.counter)
        batch = FilterBatch(table: table)
        batch.removeCounter(rule.counter)
        try socket.transact("remove a counter from the packet filter of", batch.finished())
        return packets
    }

    /// Removes the table and all that is in it, and gives what these counters came to. Connections that it has
    /// translated stay translated: connection tracking remembers them.
    @discardableResult
    package func remove(counting counters: [String] = []) throws(NetlinkError) -> [String: Int64] {
        var batch = FilterBatch(table: table)
        batch.flushAll()
        try socket.transact("empty the packet filter \(table) of", batch.finished())
        // Without rules they are final.
        var totals: [String: Int64] = [:]
        for counter in counters { totals[counter] = try count(counter) }
        batch = FilterBatch(table: table)
        batch.removeTable()
        try socket.transact("remove the packet filter \(table) of", batch.finished())
        return totals
    }
}
