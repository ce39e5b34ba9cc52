import Glibc

/// An IPv4 address as the kernel has it: four bytes in network order.
package struct IPv4Address: Hashable, Sendable, CustomStringConvertible {
    /// In memory in network order, whatever the machine's.
    package var networkOrder: UInt32

    /// Nil when the text is not four numbers with points.
    package init?(_ text: String) {
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        networkOrder = address.s_addr
    }

    package init(networkOrder: UInt32) { self.networkOrder = networkOrder }

    /// In network order.
    package var bytes: [UInt8] { withUnsafeBytes(of: networkOrder) { Array($0) } }

    package var description: String {
        let number = UInt32(bigEndian: networkOrder)
        return [24, 16, 8, 0].map { String((number >> UInt32($0)) & 0xff) }.joined(separator: ".")
    }
}

/// An IPv6 address as the kernel has it: sixteen bytes in network order.
package struct IPv6Address: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// Nil when the text is no IPv6 address.
    package init?(_ text: String) {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        bytes = withUnsafeBytes(of: address) { Array($0) }
    }

    /// The shortest form (RFC 5952).
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes { inet_ntop(AF_INET6, $0.baseAddress, &text, socklen_t(text.count)) }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// An Ethernet address.
package struct HardwareAddress: Hashable, Sendable, CustomStringConvertible {
    /// Six bytes.
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        precondition(bytes.count == 6, "an Ethernet address has six bytes")
        self.bytes = bytes
    }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
