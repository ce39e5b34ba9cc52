import CNetlink
import Glibc

// One case of PacketFilter.Expression is one or a few expressions of the kernel's small machine: load a field into a
// register, compare, act.
extension FilterBatch {
    static func put(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .cameBy, .cameNotBy, .leavesBy, .isTCP, .isUDP, .isICMP, .from, .to, .fromPort, .toPort, .flags,
            .longerThan, .carriesData, .payload, .hash, .chance, .inSet, .notInSet:
            putMatch(expression, in: rule)
        case .remember(let set, let reversed):
            putMemory(set, NFT_DYNSET_OP_ADD.rawValue, nil, reversed: reversed, in: rule)
        case .spend(let set, let bytes, let reversed):
            putMemory(set, NFT_DYNSET_OP_ADD.rawValue, bytes, reversed: reversed, in: rule)
        case .forget(let set, let reversed):
            putMemory(set, NFT_DYNSET_OP_DELETE.rawValue, nil, reversed: reversed, in: rule)
        case .state, .bytes, .packets, .mark, .connections: putTracked(expression, in: rule)
        case .count, .setWindow, .setSegmentSize, .setMark, .flip, .log: putStatement(expression, in: rule)
        case .accept, .drop, .goTo, .jump, .queue, .reset, .unreachable: putVerdict(expression, in: rule)
        case .masquerade, .masqueradeTo, .sourceTo, .destinationTo, .redirect: putTranslation(expression, in: rule)
        }
    }

    private static func putMatch(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .cameBy(let index): putDevice(NFT_META_IIF, NFT_CMP_EQ, index, in: rule)
        case .cameNotBy(let index): putDevice(NFT_META_IIF, NFT_CMP_NEQ, index, in: rule)
        case .leavesBy(let index): putDevice(NFT_META_OIF, NFT_CMP_EQ, index, in: rule)
        case .isTCP: putProtocol(UInt8(IPPROTO_TCP), in: rule)
        case .isUDP: putProtocol(UInt8(IPPROTO_UDP), in: rule)
        case .isICMP: putProtocol(UInt8(IPPROTO_ICMP), in: rule)
        case .from(let address):
            putIPv4(in: rule)
            putField(.network, 12, equals: address.bytes, in: rule)
        case .to(let address):
            putIPv4(in: rule)
            putField(.network, 16, equals: address.bytes, in: rule)
        case .fromPort(let port): putField(.transport, 0, equals: bytes(port), in: rule)
        case .toPort(let port): putField(.transport, 2, equals: bytes(port), in: rule)
        case .flags(let flags, let mask):
            load(.transport, 13, 1, in: rule)
            putMask([mask.rawValue], in: rule)
            putComparison(NFT_CMP_EQ, [flags.rawValue], in: rule)
        case .longerThan(let length):
            putMeta(NFT_META_LEN, in: rule)
            putNetworkOrder(size: 4, in: rule)
            putComparison(NFT_CMP_GT, bigEndian(UInt32(length)), in: rule)
        // Loading what is not there ends the rule.
        case .carriesData: load(.inner, 0, 1, in: rule)
        case .payload(let offset, let bytes): putField(.inner, offset, equals: bytes, in: rule)
        case .hash(let seed, let below, let modulus, let reversed):
            putIPv4(in: rule)
            loadFlow(reversed: reversed, in: rule)
            putHash(seed: seed, modulus: modulus, in: rule)
            putNetworkOrder(size: 4, in: rule)
            putComparison(NFT_CMP_LT, bigEndian(below), in: rule)
        case .chance(let below, let modulus):
            putLot(of: modulus, in: rule)
            putNetworkOrder(size: 4, in: rule)
            putComparison(NFT_CMP_LT, bigEndian(below), in: rule)
        case .inSet(let set, let reversed): putLookup(set, 0, reversed: reversed, in: rule)
        case .notInSet(let set, let reversed):
            putLookup(set, UInt32(NFT_LOOKUP_F_INV.rawValue), reversed: reversed, in: rule)
        default: preconditionFailure("\(expression) is no match")
        }
    }

    private static func putLookup(
        _ set: String, _ flags: UInt32, reversed: Bool, in rule: borrowing NetlinkMessage
    ) {
        putIPv4(in: rule)
        loadFlow(reversed: reversed, in: rule)
        put("lookup", in: rule) {
            rule.put(NFTA_LOOKUP_SET.rawValue, text: set)
            rule.put(NFTA_LOOKUP_SREG.rawValue, NFT_REG32_00.rawValue.bigEndian)
            rule.put(NFTA_LOOKUP_FLAGS.rawValue, flags.bigEndian)
        }
    }

    /// - Parameter bytes: of a quota of its own for every connection.
    private static func putMemory(
        _ set: String, _ operation: UInt32, _ bytes: UInt64?, reversed: Bool, in rule: borrowing NetlinkMessage
    ) {
        putIPv4(in: rule)
        loadFlow(reversed: reversed, in: rule)
        put("dynset", in: rule) {
            rule.put(NFTA_DYNSET_SET_NAME.rawValue, text: set)
            rule.put(NFTA_DYNSET_OP.rawValue, operation.bigEndian)
            rule.put(NFTA_DYNSET_SREG_KEY.rawValue, NFT_REG32_00.rawValue.bigEndian)
            guard let bytes else { return }
            rule.nest(NFTA_DYNSET_EXPR.rawValue) {
                rule.put(NFTA_EXPR_NAME.rawValue, text: "quota")
                rule.nest(NFTA_EXPR_DATA.rawValue) {
                    rule.put(NFTA_QUOTA_BYTES.rawValue, bytes.bigEndian)
                    rule.put(NFTA_QUOTA_FLAGS.rawValue, UInt32(NFT_QUOTA_F_INV.rawValue).bigEndian)
                }
            }
        }
    }

    private static func putTracked(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .state(let states):
            putTracked(NFT_CT_STATE, in: rule)
            putMask(nativeBytes(states.rawValue), in: rule)
            putComparison(NFT_CMP_NEQ, nativeBytes(UInt32(0)), in: rule)
        case .bytes(let count, let side): putTracked(NFT_CT_BYTES, side, over: count, in: rule)
        case .packets(let count, let side): putTracked(NFT_CT_PKTS, side, over: count, in: rule)
        case .mark(let mark):
            putTracked(NFT_CT_MARK, in: rule)
            putComparison(NFT_CMP_EQ, nativeBytes(mark), in: rule)
        case .connections(let count):
            put("connlimit", in: rule) {
                rule.put(NFTA_CONNLIMIT_COUNT.rawValue, count.bigEndian)
                rule.put(NFTA_CONNLIMIT_FLAGS.rawValue, UInt32(NFT_CONNLIMIT_F_INV.rawValue).bigEndian)
            }
        default: preconditionFailure("\(expression) asks nothing of connection tracking")
        }
    }

    private static func putStatement(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .count(let counter):
            put("objref", in: rule) {
                rule.put(NFTA_OBJREF_IMM_TYPE.rawValue, UInt32(NFT_OBJECT_COUNTER).bigEndian)
                rule.put(NFTA_OBJREF_IMM_NAME.rawValue, text: counter)
            }
        case .setWindow(let window):
            putImmediate(bigEndian(window), in: rule)
            put("payload", in: rule) {
                rule.put(NFTA_PAYLOAD_SREG.rawValue, register)
                rule.put(NFTA_PAYLOAD_BASE.rawValue, NFT_PAYLOAD_TRANSPORT_HEADER.rawValue.bigEndian)
                rule.put(NFTA_PAYLOAD_OFFSET.rawValue, UInt32(14).bigEndian)
                rule.put(NFTA_PAYLOAD_LEN.rawValue, UInt32(2).bigEndian)
                rule.put(NFTA_PAYLOAD_CSUM_TYPE.rawValue, NFT_PAYLOAD_CSUM_INET.rawValue.bigEndian)
                rule.put(NFTA_PAYLOAD_CSUM_OFFSET.rawValue, UInt32(16).bigEndian)
            }
        case .flip(let offset, let bits): putFlip(at: offset, bits, in: rule)
        case .setSegmentSize(let size):
            putImmediate(bigEndian(size), in: rule)
            put("exthdr", in: rule) {
                rule.put(NFTA_EXTHDR_SREG.rawValue, register)
                rule.put(NFTA_EXTHDR_TYPE.rawValue, UInt8(TCP_MAXSEG))
                rule.put(NFTA_EXTHDR_OFFSET.rawValue, UInt32(2).bigEndian)
                rule.put(NFTA_EXTHDR_LEN.rawValue, UInt32(2).bigEndian)
                rule.put(NFTA_EXTHDR_OP.rawValue, NFT_EXTHDR_OP_TCPOPT.rawValue.bigEndian)
            }
        case .setMark(let mark):
            putImmediate(nativeBytes(mark), in: rule)
            put("ct", in: rule) {
                rule.put(NFTA_CT_SREG.rawValue, register)
                rule.put(NFTA_CT_KEY.rawValue, NFT_CT_MARK.rawValue.bigEndian)
            }
        case .log(let group, let bytes):
            put("log", in: rule) {
                rule.put(NFTA_LOG_GROUP.rawValue, group.bigEndian)
                if bytes > 0 { rule.put(NFTA_LOG_SNAPLEN.rawValue, bytes.bigEndian) }
            }
        default: preconditionFailure("\(expression) is no statement")
        }
    }

    private static func putVerdict(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .accept: putVerdict(Int32(HALFOPEN_NF_ACCEPT), in: rule)
        case .drop: putVerdict(Int32(HALFOPEN_NF_DROP), in: rule)
        case .goTo(let chain): putVerdict(NFT_GOTO.rawValue, chain: chain, in: rule)
        case .jump(let chain): putVerdict(NFT_JUMP.rawValue, chain: chain, in: rule)
        case .queue(let number):
            put("queue", in: rule) {
                rule.put(NFTA_QUEUE_NUM.rawValue, number.bigEndian)
                rule.put(NFTA_QUEUE_TOTAL.rawValue, UInt16(1).bigEndian)
            }
        case .reset: putReject(NFT_REJECT_TCP_RST, nil, in: rule)
        case .unreachable(let code):
            putIPv4(in: rule)
            putReject(NFT_REJECT_ICMP_UNREACH, code.rawValue, in: rule)
        default: preconditionFailure("\(expression) is no verdict")
        }
    }

    private static func putTranslation(_ expression: PacketFilter.Expression, in rule: borrowing NetlinkMessage) {
        switch expression {
        case .masquerade: put("masq", in: rule) {}
        case .masqueradeTo(let ports):
            putPorts(ports, in: rule)
            put("masq", in: rule) {
                // NF_NAT_RANGE_PROTO_SPECIFIED (linux/netfilter/nf_nat.h): without it the kernel looks at no port.
                rule.put(NFTA_MASQ_FLAGS.rawValue, UInt32(1 << 1).bigEndian)
                rule.put(NFTA_MASQ_REG_PROTO_MIN.rawValue, leastPort)
                rule.put(NFTA_MASQ_REG_PROTO_MAX.rawValue, mostPort)
            }
        case .sourceTo(let address, let ports): putTranslation(NFT_NAT_SNAT, address, ports, in: rule)
        case .destinationTo(let address, let port):
            putTranslation(NFT_NAT_DNAT, address, port.map { $0...$0 }, in: rule)
        case .redirect(let port):
            putPorts(port...port, in: rule)
            put("redir", in: rule) {
                rule.put(NFTA_REDIR_REG_PROTO_MIN.rawValue, leastPort)
                rule.put(NFTA_REDIR_REG_PROTO_MAX.rawValue, mostPort)
            }
        default: preconditionFailure("\(expression) translates nothing")
        }
    }
}
