import Glibc
import Recordings

/// Addresses as text. They are few and packets are many: each is formatted once.
struct AddressNames {
    typealias Address = (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
    )
    private var names: [Key: IPAddress] = [:]

    private struct Key: Hashable {
        var high: UInt64
        var low: UInt64
        var family: UInt8
    }

    mutating func endpoint(_ address: Address, _ port: UInt16, family: UInt8) -> Endpoint {
        let key = withUnsafeBytes(of: address) { bytes in
            // Of IPv4 what stands behind its four bytes is nobody's.
            let high = bytes.loadUnaligned(as: UInt64.self)
            return family == 4
                ? Key(high: high.littleEndian & 0xFFFF_FFFF, low: 0, family: 4)
                : Key(high: high, low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self), family: family)
        }
        if let name = names[key] { return Endpoint(address: name, port: Int(port)) }
        let bytes = withUnsafeBytes(of: address) { Array($0.prefix(family == 4 ? 4 : 16)) }
        var text = [CChar](repeating: 0, count: 64)
        inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, &text, 64)
        let name = IPAddress(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        names[key] = name
        return Endpoint(address: name, port: Int(port))
    }
}
