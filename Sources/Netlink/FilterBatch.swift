import CNetlink
import Glibc

/// The messages of one transaction of nftables (linux/netfilter/nf_tables.h). Numbers are in network order, but for
/// what is compared with a packet's own data.
struct FilterBatch {
    private static let table = "halfopen"
    private var batch = NetlinkBatch()

    init() { batch.append(Self.border(NFNL_MSG_BATCH_BEGIN)) }

    consuming func finished() -> NetlinkBatch {
        batch.append(Self.border(NFNL_MSG_BATCH_END))
        return batch
    }

    mutating func addTable() {
        let message = Self.message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK)
        message.put(NFTA_TABLE_NAME.rawValue, text: Self.table)
        batch.append(message)
    }

    mutating func add(_ chain: PacketFilter.Chain) {
        let message = Self.message(NFT_MSG_NEWCHAIN, NLM_F_CREATE)
        message.put(NFTA_CHAIN_TABLE.rawValue, text: Self.table)
        message.put(NFTA_CHAIN_NAME.rawValue, text: chain.name)
        if let hook = chain.hook {
            message.nest(NFTA_CHAIN_HOOK.rawValue) {
                message.put(NFTA_HOOK_HOOKNUM.rawValue, hook.rawValue.bigEndian)
                // "filter" and "srcnat".
                message.put(NFTA_HOOK_PRIORITY.rawValue, UInt32(chain.isTranslation ? 100 : 0).bigEndian)
            }
            message.put(NFTA_CHAIN_POLICY.rawValue, chain.policy.rawValue.bigEndian)
            message.put(NFTA_CHAIN_TYPE.rawValue, text: chain.isTranslation ? "nat" : "filter")
        }
        batch.append(message)
    }

    mutating func addCounter(_ name: String) {
        let message = Self.counterMessage(NFT_MSG_NEWOBJ, name, NLM_F_CREATE)
        message.nest(NFTA_OBJ_DATA.rawValue) {}
        batch.append(message)
    }

    mutating func removeCounter(_ name: String) {
        batch.append(Self.counterMessage(NFT_MSG_DELOBJ, name, NLM_F_ACK))
    }

    /// - Parameter echo: the answer holds the rule, see `ruleHandle`.
    mutating func addRule(_ expressions: [PacketFilter.Expression], to chain: String, echo: Bool = false) {
        let more = echo ? NLM_F_ECHO | NLM_F_ACK : 0
        let message = Self.message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | more)
        message.put(NFTA_RULE_TABLE.rawValue, text: Self.table)
        message.put(NFTA_RULE_CHAIN.rawValue, text: chain)
        message.nest(NFTA_RULE_EXPRESSIONS.rawValue) {
            for expression in expressions { Self.put(expression, in: message) }
        }
        batch.append(message)
    }

    mutating func removeRule(_ handle: UInt64, from chain: String) {
        let message = Self.message(NFT_MSG_DELRULE, NLM_F_ACK)
        message.put(NFTA_RULE_TABLE.rawValue, text: Self.table)
        message.put(NFTA_RULE_CHAIN.rawValue, text: chain)
        message.put(NFTA_RULE_HANDLE.rawValue, handle.bigEndian)
        batch.append(message)
    }

    /// Removes all rules of the chain.
    mutating func flush(_ chain: String) {
        let message = Self.message(NFT_MSG_DELRULE, NLM_F_ACK)
        message.put(NFTA_RULE_TABLE.rawValue, text: Self.table)
        message.put(NFTA_RULE_CHAIN.rawValue, text: chain)
        batch.append(message)
    }

    static func counterMessage(_ type: nf_tables_msg_types, _ name: String, _ flags: Int32 = 0) -> NetlinkMessage {
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

    // MARK: Answers

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

// MARK: Expressions

extension FilterBatch {
    fileprivate static func put(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .cameBy(let index): putDevice(NFT_META_IIF, NFT_CMP_EQ, index, in: rule)
        case .cameNotBy(let index): putDevice(NFT_META_IIF, NFT_CMP_NEQ, index, in: rule)
        case .leavesBy(let index): putDevice(NFT_META_OIF, NFT_CMP_EQ, index, in: rule)
        case .isTCP:
            putMeta(NFT_META_L4PROTO, in: rule)
            putComparison(NFT_CMP_EQ, UInt8(IPPROTO_TCP), in: rule)
        case .state(let states): putState(states, in: rule)
        case .count(let counter):
            put("objref", in: rule) {
                rule.put(NFTA_OBJREF_IMM_TYPE.rawValue, UInt32(NFT_OBJECT_COUNTER).bigEndian)
                rule.put(NFTA_OBJREF_IMM_NAME.rawValue, text: counter)
            }
        case .accept: putVerdict(Int32(HALFOPEN_NF_ACCEPT), in: rule)
        case .drop: putVerdict(Int32(HALFOPEN_NF_DROP), in: rule)
        case .goTo(let chain): putVerdict(NFT_GOTO.rawValue, chain: chain, in: rule)
        case .reset:
            put("reject", in: rule) {
                rule.put(NFTA_REJECT_TYPE.rawValue, UInt32(NFT_REJECT_TCP_RST.rawValue).bigEndian)
            }
        case .masquerade: put("masq", in: rule) {}
        }
    }

    private static func put(_ name: String, in rule: borrowing NetlinkMessage, _ data: () -> Void) {
        rule.nest(NFTA_LIST_ELEM.rawValue) {
            rule.put(NFTA_EXPR_NAME.rawValue, text: name)
            rule.nest(NFTA_EXPR_DATA.rawValue, data)
        }
    }

    /// Everything compared passes through the first register.
    private static let register = UInt32(NFT_REG_1.rawValue).bigEndian

    private static func putMeta(_ key: nft_meta_keys, in rule: borrowing NetlinkMessage) {
        put("meta", in: rule) {
            rule.put(NFTA_META_DREG.rawValue, register)
            rule.put(NFTA_META_KEY.rawValue, key.rawValue.bigEndian)
        }
    }

    private static func putComparison(
        _ operation: nft_cmp_ops, _ value: some BitwiseCopyable, in rule: borrowing NetlinkMessage
    ) {
        put("cmp", in: rule) {
            rule.put(NFTA_CMP_SREG.rawValue, register)
            rule.put(NFTA_CMP_OP.rawValue, operation.rawValue.bigEndian)
            rule.nest(NFTA_CMP_DATA.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, value) }
        }
    }

    private static func putDevice(
        _ key: nft_meta_keys, _ operation: nft_cmp_ops, _ index: Int32, in rule: borrowing NetlinkMessage
    ) {
        putMeta(key, in: rule)
        putComparison(operation, index, in: rule)
    }

    /// The state's bits, masked, are not zero.
    private static func putState(_ states: PacketFilter.ConnectionState, in rule: borrowing NetlinkMessage) {
        put("ct", in: rule) {
            rule.put(NFTA_CT_DREG.rawValue, register)
            rule.put(NFTA_CT_KEY.rawValue, NFT_CT_STATE.rawValue.bigEndian)
        }
        put("bitwise", in: rule) {
            rule.put(NFTA_BITWISE_SREG.rawValue, register)
            rule.put(NFTA_BITWISE_DREG.rawValue, register)
            rule.put(NFTA_BITWISE_LEN.rawValue, UInt32(4).bigEndian)
            rule.nest(NFTA_BITWISE_MASK.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, states.rawValue) }
            rule.nest(NFTA_BITWISE_XOR.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, UInt32(0)) }
        }
        putComparison(NFT_CMP_NEQ, UInt32(0), in: rule)
    }

    private static func putVerdict(_ code: Int32, chain: String? = nil, in rule: borrowing NetlinkMessage) {
        put("immediate", in: rule) {
            rule.put(NFTA_IMMEDIATE_DREG.rawValue, UInt32(NFT_REG_VERDICT.rawValue).bigEndian)
            rule.nest(NFTA_IMMEDIATE_DATA.rawValue) {
                rule.nest(NFTA_DATA_VERDICT.rawValue) {
                    rule.put(NFTA_VERDICT_CODE.rawValue, UInt32(bitPattern: code).bigEndian)
                    if let chain { rule.put(NFTA_VERDICT_CHAIN.rawValue, text: chain) }
                }
            }
        }
    }
}
