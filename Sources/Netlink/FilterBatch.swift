import CNetlink
import Glibc

/// The messages of one transaction of nftables (linux/netfilter/nf_tables.h). Numbers are in network order, but for
/// what is compared with a packet's own data.
struct FilterBatch {
    private let table: String
    private var batch = NetlinkBatch()

    init(table: String) {
        self.table = table
        batch.append(Self.border(NFNL_MSG_BATCH_BEGIN))
    }

    consuming func finished() -> NetlinkBatch {
        batch.append(Self.border(NFNL_MSG_BATCH_END))
        return batch
    }

    mutating func addTable() {
        let message = Self.message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK)
        message.put(NFTA_TABLE_NAME.rawValue, text: table)
        batch.append(message)
    }

    /// With all that is in it.
    mutating func removeTable() {
        let message = Self.message(NFT_MSG_DELTABLE, NLM_F_ACK)
        message.put(NFTA_TABLE_NAME.rawValue, text: table)
        batch.append(message)
    }

    /// - Parameter id: names the set within this transaction.
    mutating func addSet(_ set: PacketFilter.FlowSet, id: UInt32) {
        let message = Self.message(NFT_MSG_NEWSET, NLM_F_CREATE)
        message.put(NFTA_SET_TABLE.rawValue, text: table)
        message.put(NFTA_SET_NAME.rawValue, text: set.name)
        message.put(NFTA_SET_ID.rawValue, id.bigEndian)
        let dynamic = set.isDynamic ? NFT_SET_EVAL.rawValue : 0
        message.put(
            NFTA_SET_FLAGS.rawValue, (dynamic | (set.timeout == nil ? 0 : NFT_SET_TIMEOUT.rawValue)).bigEndian)
        if let timeout = set.timeout {
            message.put(NFTA_SET_TIMEOUT.rawValue, UInt64(timeout / .milliseconds(1)).bigEndian)
        }
        // For nft(8) alone, when it lists the set: ipv4_addr . inet_service . ipv4_addr . inet_service, 6 bits each.
        message.put(NFTA_SET_KEY_TYPE.rawValue, UInt32(7 << 18 | 13 << 12 | 7 << 6 | 13).bigEndian)
        message.put(NFTA_SET_KEY_LEN.rawValue, UInt32(16).bigEndian)
        // With a size the kernel makes its hash table once; a dynamic one begins small and grows.
        if let size = set.size {
            message.nest(NFTA_SET_DESC.rawValue) {
                message.put(NFTA_SET_DESC_SIZE.rawValue, UInt32(size).bigEndian)
            }
        }
        batch.append(message)
    }

    /// - Parameter isAll: nothing else of this transaction asks for an acknowledgement.
    mutating func add(_ flows: [PacketFilter.Flow], to set: String, isAll: Bool = false) {
        put(flows, of: set, NFT_MSG_NEWSETELEM, NLM_F_CREATE, isAll: isAll)
    }

    mutating func remove(_ flows: [PacketFilter.Flow], from set: String) {
        put(flows, of: set, NFT_MSG_DELSETELEM, 0, isAll: true)
    }

    private mutating func put(
        _ flows: [PacketFilter.Flow], of set: String, _ type: nf_tables_msg_types, _ flags: Int32, isAll: Bool
    ) {
        // A message has a page; an element takes 28 bytes of it.
        for start in stride(from: 0, to: flows.count, by: 100) {
            let message = Self.message(type, flags | (isAll && start == 0 ? NLM_F_ACK : 0))
            message.put(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table)
            message.put(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
            message.nest(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) {
                for flow in flows[start..<min(start + 100, flows.count)] {
                    message.nest(NFTA_LIST_ELEM.rawValue) {
                        message.nest(NFTA_SET_ELEM_KEY.rawValue) {
                            message.put(NFTA_DATA_VALUE.rawValue, bytes: flow.key)
                        }
                    }
                }
            }
            batch.append(message)
        }
    }

    mutating func add(_ chain: PacketFilter.Chain) {
        let message = Self.message(NFT_MSG_NEWCHAIN, NLM_F_CREATE)
        message.put(NFTA_CHAIN_TABLE.rawValue, text: table)
        message.put(NFTA_CHAIN_NAME.rawValue, text: chain.name)
        if let hook = chain.hook {
            message.nest(NFTA_CHAIN_HOOK.rawValue) {
                message.put(NFTA_HOOK_HOOKNUM.rawValue, hook.rawValue.bigEndian)
                message.put(NFTA_HOOK_PRIORITY.rawValue, chain.effectivePriority.bigEndian)
            }
            message.put(NFTA_CHAIN_POLICY.rawValue, chain.policy.rawValue.bigEndian)
            message.put(NFTA_CHAIN_TYPE.rawValue, text: chain.isTranslation ? "nat" : "filter")
        }
        batch.append(message)
    }

    mutating func addCounter(_ name: String) {
        let message = Self.counterMessage(NFT_MSG_NEWOBJ, name, NLM_F_CREATE, in: table)
        message.nest(NFTA_OBJ_DATA.rawValue) {}
        batch.append(message)
    }

    mutating func removeCounter(_ name: String) {
        batch.append(Self.counterMessage(NFT_MSG_DELOBJ, name, NLM_F_ACK, in: table))
    }

    /// - Parameter echo: the answer holds the rule, see `ruleHandle`.
    mutating func addRule(_ expressions: [PacketFilter.Expression], to chain: String, echo: Bool = false) {
        let more = echo ? NLM_F_ECHO | NLM_F_ACK : 0
        let message = Self.message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | more)
        message.put(NFTA_RULE_TABLE.rawValue, text: table)
        message.put(NFTA_RULE_CHAIN.rawValue, text: chain)
        message.nest(NFTA_RULE_EXPRESSIONS.rawValue) {
            for expression in expressions { Self.put(expression, in: message) }
        }
        batch.append(message)
    }

    mutating func removeRule(_ handle: UInt64, from chain: String) {
        let message = Self.message(NFT_MSG_DELRULE, NLM_F_ACK)
        message.put(NFTA_RULE_TABLE.rawValue, text: table)
        message.put(NFTA_RULE_CHAIN.rawValue, text: chain)
        message.put(NFTA_RULE_HANDLE.rawValue, handle.bigEndian)
        batch.append(message)
    }

    /// Removes all rules of the table.
    mutating func flushAll() {
        let message = Self.message(NFT_MSG_DELRULE, NLM_F_ACK)
        message.put(NFTA_RULE_TABLE.rawValue, text: table)
        batch.append(message)
    }

    /// Removes all rules of the chain.
    mutating func flush(_ chain: String) {
        let message = Self.message(NFT_MSG_DELRULE, NLM_F_ACK)
        message.put(NFTA_RULE_TABLE.rawValue, text: table)
        message.put(NFTA_RULE_CHAIN.rawValue, text: chain)
        batch.append(message)
    }

    static func counterMessage(
        _ type: nf_tables_msg_types, _ name: String, _ flags: Int32 = 0, in table: String
    ) -> NetlinkMessage {
        let message = message(type, flags)
        message.put(NFTA_OBJ_TABLE.rawValue, text: table)
        message.put(NFTA_OBJ_NAME.rawValue, text: name)
        message.put(NFTA_OBJ_TYPE.rawValue, UInt32(NFT_OBJECT_COUNTER).bigEndian)
        return message
    }

    private static func message(_ type: nf_tables_msg_types, _ flags: Int32) -> NetlinkMessage {
        let message = NetlinkMessage(UInt32(NFNL_SUBSYS_NFTABLES) << 8 | type.rawValue, flags: flags)
        message.append(
            nfgenmsg(nfgen_family: UInt8(HALFOPEN_NFPROTO_INET), version: UInt8(NFNETLINK_V0), res_id: 0))
        return message
    }

    private static func border(_ type: Int32) -> NetlinkMessage {
        let message = NetlinkMessage(type)
        message.append(nfgenmsg(nfgen_family: 0, version: 0, res_id: UInt16(NFNL_SUBSYS_NFTABLES).bigEndian))
        return message
    }

    static func elementsMessage(of set: String, in table: String) -> NetlinkMessage {
        let message = message(NFT_MSG_GETSETELEM, NLM_F_DUMP)
        message.put(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table)
        message.put(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
        return message
    }

    // MARK: Answers

    /// The connections in a part of a listing.
    static func flows(_ reply: NetlinkReply) -> [(flow: PacketFilter.Flow, left: Duration?)] {
        let list = reply.attributes(after: MemoryLayout<nfgenmsg>.size).nested(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)
        return (list?.all ?? []).compactMap { item in
            let element = NetlinkAttributes(item.value)
            guard let key = element.nested(NFTA_SET_ELEM_KEY.rawValue)?.bytes(NFTA_DATA_VALUE.rawValue),
                let flow = PacketFilter.Flow(key: key)
            else { return nil }
            let left = element.number(NFTA_SET_ELEM_EXPIRATION.rawValue, as: UInt64.self)
            return (flow, left.map { .milliseconds(Int64(UInt64(bigEndian: $0))) })
        }
    }

    static func ruleHandle(_ reply: NetlinkReply) -> UInt64? {
        guard UInt32(reply.type & 0xff) == NFT_MSG_NEWRULE.rawValue else { return nil }
        return reply.attributes(after: MemoryLayout<nfgenmsg>.size)
            .number(NFTA_RULE_HANDLE.rawValue, as: UInt64.self).map(UInt64.init(bigEndian:))
    }

    static func packets(_ reply: NetlinkReply) -> Int64? {
        reply.attributes(after: MemoryLayout<nfgenmsg>.size).nested(NFTA_OBJ_DATA.rawValue)?
            .number(NFTA_COUNTER_PACKETS.rawValue, as: UInt64.self)
            .map { Int64(clamping: UInt64(bigEndian: $0)) }
    }
}
