import Glibc
import Recordings

/// Addresses as text. They are few and packets are many: each is formatted once.
struct AddressNames {
    typealias Address = (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
    )
    private var names: [[UInt8]: String] = [:]

    mutating func endpoint(_ address: Address, _ port: UInt16, family: UInt8) -> Endpoint {
        let bytes = withUnsafeBytes(of: address) { Array($0.prefix(family == 4 ? 4 : 16)) }
        if let name = names[bytes] { return Endpoint(address: name, port: Int(port)) }
        var text = [CChar](repeating: 0, count: 64)
        inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, &text, 64)
        let name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        names[bytes] = name
        return Endpoint(address: name, port: Int(port))
    }
}
