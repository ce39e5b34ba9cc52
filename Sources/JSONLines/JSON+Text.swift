extension JSON {
    /// One line, no spaces, keys in their order; never holds a raw newline, so it can be a line of a JSON Lines file.
    package var line: String {
        String(decoding: utf8Line, as: UTF8.self)
    }

    /// The bytes of `line`.
    package var utf8Line: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        write(to: &bytes)
        return bytes
    }

    /// Indented by two spaces, for people and for files that are kept under version control.
    package func pretty(indent: Int = 0) -> String {
        let inner = String(repeating: "  ", count: indent + 1)
        let outer = String(repeating: "  ", count: indent)
        switch self {
        case .array(let values) where !values.isEmpty:
            let lines = values.map { inner + $0.pretty(indent: indent + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { inner + JSON.string($0.key).line + ": " + $0.value.pretty(indent: indent + 1) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        case .null, .bool, .integer, .number, .string, .array, .object:
            return line
        }
    }

    package func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): JSON.write(integer: value, to: &bytes)
        // JSON has no infinities and no NaN.
        case .number(let value): bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): JSON.write(string: value, to: &bytes)
        case .array(let values): JSON.write(values, open: "[", close: "]", to: &bytes) { $0.write(to: &$1) }
        case .object(let members):
            JSON.write(members, open: "{", close: "}", to: &bytes) { member, bytes in
                JSON.write(string: member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
        }
    }

    private static func write<T>(
        _ items: [T], open: Unicode.Scalar, close: Unicode.Scalar, to bytes: inout [UInt8],
        item: (T, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: open))
        for (index, value) in items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            item(value, &bytes)
        }
        bytes.append(UInt8(ascii: close))
    }

    /// Appends `string` with its quotes, escaped so that it stays on one line.
    package static func write(string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { text in
            var plain = 0
            for (index, byte) in text.enumerated() {
                guard byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                    continue
                }
                bytes.append(contentsOf: text[plain..<index])
                escape(byte, to: &bytes)
                plain = index + 1
            }
            bytes.append(contentsOf: text[plain...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        default:
            let hex = String(byte, radix: 16)
            bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8)
        }
    }
}
