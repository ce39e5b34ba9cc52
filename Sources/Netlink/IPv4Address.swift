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

/// An Ethernet address.
package struct HardwareAddress: Equatable, Sendable, CustomStringConvertible {
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
