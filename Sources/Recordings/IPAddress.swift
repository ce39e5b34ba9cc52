import JSONLines

/// The address of a host, IPv4 or IPv6, as recordings write it.
///
/// A run's index compares and hashes millions of them: an IPv4 address is held as its number, anything else as the text
/// that it is.
package struct IPAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Empty for an IPv4 address.
    private let text: String
    private let number: UInt32
    private let isNumber: Bool

    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { IPAddress($0) }
    }

    init(_ text: UnsafeBufferPointer<UInt8>) {
        if let number = IPAddress.number(text) {
            (self.text, self.number, isNumber) = ("", number, true)
        } else {
            (self.text, number, isNumber) = (String(decoding: text, as: UTF8.self), 0, false)
        }
    }

    package var description: String {
        guard isNumber else { return text }
        return [24, 16, 8, 0].map { String(number >> $0 & 0xFF) }.joined(separator: ".")
    }

    /// Its text, without one being made first; false for one that is not held as a number.
    func writeNumber(to bytes: inout [UInt8]) -> Bool {
        guard isNumber else { return false }
        for shift: UInt32 in [24, 16, 8, 0] {
            JSON.write(integer: Int64(number >> shift & 0xFF), to: &bytes)
            if shift > 0 { bytes.append(UInt8(ascii: ".")) }
        }
        return true
    }

    package static func == (a: IPAddress, b: IPAddress) -> Bool {
        a.number == b.number && a.isNumber == b.isNumber && (a.isNumber || a.text == b.text)
    }

    package static func < (a: Self, b: Self) -> Bool { (a.text, a.number) < (b.text, b.number) }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        if !isNumber { hasher.combine(text) }
    }

    /// Four numbers, each without needless zeros: what is written back is what was read.
    private static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard text.count <= 15 else { return nil }
        var (whole, part, digits, dots) = (0 as UInt32, 0 as UInt32, 0, 0)
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { return nil }
                (whole, part, digits, dots) = (whole << 8 | part, 0, 0, dots + 1)
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10, digits == 0 || part > 0 else { return nil }
            (part, digits) = (part * 10 + UInt32(digit), digits + 1)
            guard part <= 255 else { return nil }
        }
        return dots == 3 && digits > 0 ? whole << 8 | part : nil
    }
}
