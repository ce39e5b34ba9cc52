import CNetlink
import Glibc
import Kernel

/// A table of nftables in one namespace, spoken to in the kernel's own messages.
///
/// A fault's punctuality and a lab's start hang on this, so it does not go through libnftables: its parser and its look
/// at the whole ruleset take 300 us for a rule when nothing is in the caches, and its hash tables 20 ms of page faults
/// in the lab kernel; these messages take 60 us and no time worth telling.
package final class PacketFilter {
    package enum Hook: UInt32, Sendable { case input = 1, forward, output, postrouting }

    package enum Policy: UInt32, Sendable { case drop, accept }

    /// A chain and what stands in it from the start.
    package struct Chain: Sendable {
        package var name: String
        /// Where packets come in; nil for a chain that rules lead to.
        package var hook: Hook?
        package var policy: Policy
        /// Translates addresses, at the place where source addresses are changed (priority srcnat).
        package var isTranslation = false
        package var rules: [[Expression]]

        package init(
            _ name: String, _ hook: Hook?, policy: Policy = .accept, isTranslation: Bool = false,
            rules: [[Expression]] = []
        ) {
            self.name = name
            self.hook = hook
            self.policy = policy
            self.isTranslation = isTranslation
            self.rules = rules
        }
    }

    /// A rule that was added later, and the counter that came with it.
    package struct Rule: Equatable, Sendable {
        fileprivate var chain: String
        fileprivate var handle: UInt64
        fileprivate var counter: String
    }

    private let socket: NetlinkSocket
    private var added = 0

    /// Makes the table `inet halfopen` with all that is in it, in one transaction.
    package init(in namespace: NetworkNamespace, counters: [String] = [], chains: [Chain]) throws {
        socket = try NetlinkSocket(NETLINK_NETFILTER, in: namespace)
        var batch = FilterBatch()
        batch.addTable()
        for counter in counters { batch.addCounter(counter) }
        for chain in chains {
            batch.add(chain)
            for rule in chain.rules { batch.addRule(rule, to: chain.name) }
        }
        try socket.transact("make the packet filter of", batch.finished())
    }

    /// Adds a rule that counts what it matches and then does what the last expression says.
    package func add(_ matches: [Expression], then verdict: Expression, to chain: String) throws(NetlinkError) -> Rule {
        added += 1
        let counter = "rule\(added)"
        var batch = FilterBatch()
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
        var batch = FilterBatch()
        batch.flush(chain)
        for rule in rules { batch.addRule(rule, to: chain) }
        try socket.transact("replace rules of the packet filter of", batch.finished())
    }

    /// Packets that the rule has matched so far.
    package func count(_ rule: Rule) throws(NetlinkError) -> Int64 { try count(rule.counter) }

    /// Packets of a named counter.
    package func count(_ counter: String) throws(NetlinkError) -> Int64 {
        let replies = try socket.request(
            "read the counter \(counter) of", FilterBatch.counterMessage(NFT_MSG_GETOBJ, counter))
        guard let packets = replies.first.flatMap(FilterBatch.packets) else {
            throw NetlinkError("read the counter \(counter) of", socket.namespace.owner, code: ENODATA)
        }
        return packets
    }

    /// Removes the rule and gives the packets that it has matched in all.
    @discardableResult
    package func remove(_ rule: Rule) throws(NetlinkError) -> Int64 {
        var batch = FilterBatch()
        batch.removeRule(rule.handle, from: rule.chain)
        try socket.transact("remove a rule from the packet filter of", batch.finished())
        // Only now it is final.
        let packets = try count(rule.counter)
        batch = FilterBatch()
        batch.removeCounter(rule.counter)
        try socket.transact("remove a counter from the packet filter of", batch.finished())
        return packets
    }
}

extension PacketFilter {
    /// A piece of a rule: matches first, a verdict last.
    package enum Expression: Equatable, Sendable {
        /// Came in by the device of this index (`iif`), or by another.
        case cameBy(Int32)
        case cameNotBy(Int32)
        /// Leaves by it (`oif`).
        case leavesBy(Int32)
        case isTCP
        /// `ct state`, one of these.
        case state(ConnectionState)
        case count(String)
        case accept, drop
        /// Goes on in another chain, for good.
        case goTo(String)
        /// Drops, and answers with a RST.
        case reset
        /// Gives it the address of the device by which it leaves.
        case masquerade
    }

    /// What connection tracking says of a packet (NF_CT_STATE_BIT).
    package struct ConnectionState: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Belongs to no connection and begins none.
        package static let invalid = ConnectionState(rawValue: 1 << 0)
        package static let established = ConnectionState(rawValue: 1 << 1)
        package static let related = ConnectionState(rawValue: 1 << 2)
        package static let new = ConnectionState(rawValue: 1 << 3)
    }
}
