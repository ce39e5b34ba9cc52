import JSONLines

/// An IPv4 or IPv6 address with a port, as text: `10.77.1.2:1883`, `[fd00::1]:1883`.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    // Narrow: two of these stand in most of a million events.
    private let number: UInt16

    package var port: Int { Int(number) }

    /// - Parameter port: 0 to 65535.
    package init(address: IPAddress, port: Int) {
        self.address = address
        number = UInt16(port)
    }

    package init(address: String, port: Int) { self.init(address: IPAddress(address), port: port) }

    package var description: String {
        let text = address.description
        return text.contains(":") ? "[\(text)]:\(port)" : "\(text):\(port)"
    }
}

extension Endpoint {
    /// From `10.77.1.2:1883` or `[fd00::1]:1883`; nil when it is neither.
    package init?(_ text: String) {
        var text = text
        guard let endpoint = text.withUTF8({ Endpoint($0) }) else { return nil }
        self = endpoint
    }

    init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")), (1...5).contains(text.count - colon - 1) else {
            return nil
        }
        var port = 0
        for byte in text[(colon + 1)...] {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            port = port * 10 + Int(byte &- UInt8(ascii: "0"))
        }
        guard port <= 65535 else { return nil }
        var address = text[..<colon]
        if address.first == UInt8(ascii: "["), address.last == UInt8(ascii: "]"), address.count > 1 {
            address = address.dropFirst().dropLast()
        }
        self.init(address: IPAddress(UnsafeBufferPointer(rebasing: address)), port: port)
    }
}

extension JSONLineWriter {
    /// As its description: two of them stand in most of a million events.
    mutating func field(_ key: StaticString, _ endpoint: Endpoint) {
        field(key) { bytes in
            if endpoint.address.writeNumber(to: &bytes) {
                bytes.append(UInt8(ascii: ":"))
                JSON.write(integer: Int64(endpoint.port), to: &bytes)
            } else {
                bytes.append(contentsOf: endpoint.description.utf8)
            }
        }
    }
}
