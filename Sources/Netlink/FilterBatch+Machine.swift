import CNetlink
import Glibc

// The expressions of the kernel's own small machine, and what they are made of.
extension FilterBatch {
    /// Everything compared passes through the first register.
    static let register = UInt32(NFT_REG_1.rawValue).bigEndian
    static let leastPort = UInt32(NFT_REG_2.rawValue).bigEndian
    static let mostPort = UInt32(NFT_REG_3.rawValue).bigEndian

    enum Base { case network, transport, inner }

    static func put(_ name: String, in rule: borrowing NetlinkMessage, _ data: () -> Void) {
        rule.nest(NFTA_LIST_ELEM.rawValue) {
            rule.put(NFTA_EXPR_NAME.rawValue, text: name)
            rule.nest(NFTA_EXPR_DATA.rawValue, data)
        }
    }

    static func load(
        _ base: Base, _ offset: Int, _ length: Int, to destination: UInt32 = register,
        in rule: borrowing NetlinkMessage
    ) {
        let number =
            switch base {
            case .network: NFT_PAYLOAD_NETWORK_HEADER.rawValue
            case .transport: NFT_PAYLOAD_TRANSPORT_HEADER.rawValue
            case .inner: NFT_PAYLOAD_INNER_HEADER.rawValue
            }
        put("payload", in: rule) {
            rule.put(NFTA_PAYLOAD_DREG.rawValue, destination)
            rule.put(NFTA_PAYLOAD_BASE.rawValue, number.bigEndian)
            rule.put(NFTA_PAYLOAD_OFFSET.rawValue, UInt32(offset).bigEndian)
            rule.put(NFTA_PAYLOAD_LEN.rawValue, UInt32(length).bigEndian)
        }
    }

    static func putField(
        _ base: Base, _ offset: Int, equals bytes: [UInt8], in rule: borrowing NetlinkMessage
    ) {
        precondition((1...16).contains(bytes.count), "a register holds 16 bytes")
        load(base, offset, bytes.count, in: rule)
        putComparison(NFT_CMP_EQ, bytes, in: rule)
    }

    /// Addresses and ports of the sender and the receiver (or the other way about), 4 bytes each, from the first
    /// register on: see PacketFilter.Flow.
    static func loadFlow(reversed: Bool, in rule: borrowing NetlinkMessage) {
        let first = NFT_REG32_00.rawValue
        let fields: [(Base, Int, Int)] = [(.network, 12, 4), (.transport, 0, 2), (.network, 16, 4), (.transport, 2, 2)]
        let order = reversed ? [2, 3, 0, 1] : [0, 1, 2, 3]
        for (place, field) in order.enumerated() {
            let (base, offset, length) = fields[field]
            load(base, offset, length, to: (first + UInt32(place)).bigEndian, in: rule)
        }
    }

    static func putHash(seed: UInt32, modulus: UInt32, in rule: borrowing NetlinkMessage) {
        put("hash", in: rule) {
            rule.put(NFTA_HASH_SREG.rawValue, NFT_REG32_00.rawValue.bigEndian)
            rule.put(NFTA_HASH_DREG.rawValue, register)
            rule.put(NFTA_HASH_LEN.rawValue, UInt32(16).bigEndian)
            rule.put(NFTA_HASH_MODULUS.rawValue, modulus.bigEndian)
            rule.put(NFTA_HASH_SEED.rawValue, seed.bigEndian)
            rule.put(NFTA_HASH_TYPE.rawValue, NFT_HASH_JENKINS.rawValue.bigEndian)
        }
    }

    static func putMeta(_ key: nft_meta_keys, in rule: borrowing NetlinkMessage) {
        put("meta", in: rule) {
            rule.put(NFTA_META_DREG.rawValue, register)
            rule.put(NFTA_META_KEY.rawValue, key.rawValue.bigEndian)
        }
    }

    static func putProtocol(_ number: UInt8, in rule: borrowing NetlinkMessage) {
        putMeta(NFT_META_L4PROTO, in: rule)
        putComparison(NFT_CMP_EQ, [number], in: rule)
    }

    /// Before a look at an address: the table has packets of IPv6 as well.
    static func putIPv4(in rule: borrowing NetlinkMessage) {
        putMeta(NFT_META_NFPROTO, in: rule)
        putComparison(NFT_CMP_EQ, [UInt8(HALFOPEN_NFPROTO_IPV4)], in: rule)
    }

    static func putDevice(
        _ key: nft_meta_keys, _ operation: nft_cmp_ops, _ index: Int32, in rule: borrowing NetlinkMessage
    ) {
        putMeta(key, in: rule)
        putComparison(operation, nativeBytes(index), in: rule)
    }

    static func putTracked(_ key: nft_ct_keys, in rule: borrowing NetlinkMessage) {
        put("ct", in: rule) {
            rule.put(NFTA_CT_DREG.rawValue, register)
            rule.put(NFTA_CT_KEY.rawValue, key.rawValue.bigEndian)
        }
    }

    static func putTracked(
        _ key: nft_ct_keys, _ side: PacketFilter.Side, over count: UInt64, in rule: borrowing NetlinkMessage
    ) {
        put("ct", in: rule) {
            rule.put(NFTA_CT_DREG.rawValue, register)
            rule.put(NFTA_CT_KEY.rawValue, key.rawValue.bigEndian)
            rule.put(NFTA_CT_DIRECTION.rawValue, side.rawValue)
        }
        putNetworkOrder(size: 8, in: rule)
        putComparison(NFT_CMP_GT, bigEndian(count), in: rule)
    }

    /// Comparisons of size are of bytes in network order.
    static func putNetworkOrder(size: UInt32, in rule: borrowing NetlinkMessage) {
        put("byteorder", in: rule) {
            rule.put(NFTA_BYTEORDER_SREG.rawValue, register)
            rule.put(NFTA_BYTEORDER_DREG.rawValue, register)
            rule.put(NFTA_BYTEORDER_OP.rawValue, NFT_BYTEORDER_HTON.rawValue.bigEndian)
            rule.put(NFTA_BYTEORDER_LEN.rawValue, size.bigEndian)
            rule.put(NFTA_BYTEORDER_SIZE.rawValue, size.bigEndian)
        }
    }

    static func putMask(_ mask: [UInt8], in rule: borrowing NetlinkMessage) {
        put("bitwise", in: rule) {
            rule.put(NFTA_BITWISE_SREG.rawValue, register)
            rule.put(NFTA_BITWISE_DREG.rawValue, register)
            rule.put(NFTA_BITWISE_LEN.rawValue, UInt32(mask.count).bigEndian)
            rule.nest(NFTA_BITWISE_MASK.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, bytes: mask) }
            rule.nest(NFTA_BITWISE_XOR.rawValue) {
                rule.put(NFTA_DATA_VALUE.rawValue, bytes: [UInt8](repeating: 0, count: mask.count))
            }
        }
    }

    static func putComparison(
        _ operation: nft_cmp_ops, _ value: [UInt8], in rule: borrowing NetlinkMessage
    ) {
        put("cmp", in: rule) {
            rule.put(NFTA_CMP_SREG.rawValue, register)
            rule.put(NFTA_CMP_OP.rawValue, operation.rawValue.bigEndian)
            rule.nest(NFTA_CMP_DATA.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, bytes: value) }
        }
    }

    static func putImmediate(
        _ value: [UInt8], to destination: UInt32 = register, in rule: borrowing NetlinkMessage
    ) {
        put("immediate", in: rule) {
            rule.put(NFTA_IMMEDIATE_DREG.rawValue, destination)
            rule.nest(NFTA_IMMEDIATE_DATA.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, bytes: value) }
        }
    }

    static func putVerdict(_ code: Int32, chain: String? = nil, in rule: borrowing NetlinkMessage) {
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

    static func putReject(_ type: nft_reject_types, _ code: UInt8?, in rule: borrowing NetlinkMessage) {
        put("reject", in: rule) {
            rule.put(NFTA_REJECT_TYPE.rawValue, UInt32(type.rawValue).bigEndian)
            if let code { rule.put(NFTA_REJECT_ICMP_CODE.rawValue, code) }
        }
    }

    static func putPorts(_ ports: ClosedRange<Int>, in rule: borrowing NetlinkMessage) {
        putImmediate(bytes(ports.lowerBound), to: leastPort, in: rule)
        putImmediate(bytes(ports.upperBound), to: mostPort, in: rule)
    }

    static func putTranslation(
        _ type: nft_nat_types, _ address: IPv4Address, _ ports: ClosedRange<Int>?, in rule: borrowing NetlinkMessage
    ) {
        putImmediate(address.bytes, in: rule)
        if let ports { putPorts(ports, in: rule) }
        put("nat", in: rule) {
            rule.put(NFTA_NAT_TYPE.rawValue, type.rawValue.bigEndian)
            rule.put(NFTA_NAT_FAMILY.rawValue, UInt32(HALFOPEN_NFPROTO_IPV4).bigEndian)
            rule.put(NFTA_NAT_REG_ADDR_MIN.rawValue, register)
            if ports != nil {
                rule.put(NFTA_NAT_REG_PROTO_MIN.rawValue, leastPort)
                rule.put(NFTA_NAT_REG_PROTO_MAX.rawValue, mostPort)
            }
        }
    }

    // MARK: Bytes

    static func bytes(_ port: Int) -> [UInt8] { bigEndian(UInt16(port)) }
    static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] { nativeBytes(value.bigEndian) }
    static func nativeBytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value) { Array($0) }
    }
}
