import CNetlink
import Glibc

extension FilterBatch {
    /// A random number of 0..<modulus into the register, in the machine's order.
    static func putLot(of modulus: UInt32, in rule: borrowing NetlinkMessage) {
        put("numgen", in: rule) {
            rule.put(NFTA_NG_DREG.rawValue, register)
            rule.put(NFTA_NG_MODULUS.rawValue, modulus.bigEndian)
            rule.put(NFTA_NG_TYPE.rawValue, UInt32(NFT_NG_RANDOM.rawValue).bigEndian)
        }
    }

    /// Reads the byte, flips its bits and writes it back. No checksum is told.
    static func putFlip(at offset: Int, _ bits: UInt8, in rule: borrowing NetlinkMessage) {
        func place() {
            rule.put(NFTA_PAYLOAD_BASE.rawValue, NFT_PAYLOAD_TRANSPORT_HEADER.rawValue.bigEndian)
            rule.put(NFTA_PAYLOAD_OFFSET.rawValue, UInt32(offset).bigEndian)
            rule.put(NFTA_PAYLOAD_LEN.rawValue, UInt32(1).bigEndian)
        }
        put("payload", in: rule) {
            rule.put(NFTA_PAYLOAD_DREG.rawValue, register)
            place()
        }
        put("bitwise", in: rule) {
            rule.put(NFTA_BITWISE_SREG.rawValue, register)
            rule.put(NFTA_BITWISE_DREG.rawValue, register)
            rule.put(NFTA_BITWISE_LEN.rawValue, UInt32(1).bigEndian)
            rule.nest(NFTA_BITWISE_MASK.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, bytes: [0xff]) }
            rule.nest(NFTA_BITWISE_XOR.rawValue) { rule.put(NFTA_DATA_VALUE.rawValue, bytes: [bits]) }
        }
        put("payload", in: rule) {
            rule.put(NFTA_PAYLOAD_SREG.rawValue, register)
            place()
        }
    }
}
