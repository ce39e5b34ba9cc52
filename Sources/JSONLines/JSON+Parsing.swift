extension JSON {
    /// Why a text is not JSON.
    package struct ParsingError: Error, Equatable, CustomStringConvertible {
        /// Offset of the byte that could not be read.
        package var offset: Int
        package var reason: String
        package var description: String { "not JSON at byte \(offset): \(reason)" }
    }

    /// Parses one complete value; anything but white space after it is an error. Depth is limited to 64 levels, so that
    /// hostile input cannot exhaust the stack.
    package init(parsing text: String) throws(ParsingError) {
        self = try JSON(parsing: Array(text.utf8))
    }

    package init(parsing bytes: [UInt8]) throws(ParsingError) {
        var parser = Parser(bytes: bytes)
        self = try parser.document()
    }

    private struct Parser {
        let bytes: [UInt8]
        var position = 0
        var depth = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func document() throws(ParsingError) -> JSON {
            let value = try value()
            skipSpace()
            guard position == bytes.count else { throw error("text after the value") }
            return value
        }

        func error(_ reason: String) -> ParsingError { ParsingError(offset: position, reason: reason) }

        func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func skipSpace() {
            while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        }

        mutating func value() throws(ParsingError) -> JSON {
            skipSpace()
            switch peek() {
            case UInt8(ascii: "{"): return try nested { parser throws(ParsingError) in try parser.object() }
            case UInt8(ascii: "["): return try nested { parser throws(ParsingError) in try parser.array() }
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            case nil: throw error("the text ends where a value should be")
            default: return try number()
            }
        }

        mutating func nested(_ body: (inout Parser) throws(ParsingError) -> JSON) throws(ParsingError) -> JSON {
            guard depth < 64 else { throw error("more than 64 levels") }
            depth += 1
            position += 1
            let value = try body(&self)
            depth -= 1
            return value
        }

        mutating func word(_ text: StaticString, _ value: JSON) throws(ParsingError) -> JSON {
            let count = text.utf8CodeUnitCount
            let matches =
                position + count <= bytes.count
                && (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
            guard matches else { throw error("not a value") }
            position += count
            return value
        }

        mutating func array() throws(ParsingError) -> JSON {
            var values: [JSON] = []
            skipSpace()
            if peek() == UInt8(ascii: "]") {
                position += 1
                return .array([])
            }
            while true {
                values.append(try value())
                if try !continues(until: UInt8(ascii: "]")) { return .array(values) }
            }
        }

        mutating func object() throws(ParsingError) -> JSON {
            var members: [Member] = []
            skipSpace()
            if peek() == UInt8(ascii: "}") {
                position += 1
                return .object([])
            }
            while true {
                skipSpace()
                guard peek() == UInt8(ascii: "\"") else { throw error("a key should be here") }
                let key = try string()
                skipSpace()
                guard peek() == UInt8(ascii: ":") else { throw error("':' should be here") }
                position += 1
                members.append(Member(key, try value()))
                if try !continues(until: UInt8(ascii: "}")) { return .object(members) }
            }
        }

        /// Steps over a comma (true) or the closing byte (false).
        mutating func continues(until close: UInt8) throws(ParsingError) -> Bool {
            skipSpace()
            let byte = peek()
            guard byte == UInt8(ascii: ",") || byte == close else { throw error("',' or the end should be here") }
            position += 1
            return byte != close
        }

        mutating func number() throws(ParsingError) -> JSON {
            let start = position
            var whole = true
            while let byte = peek() {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
                case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): whole = false
                default: return try number(from: start, whole: whole)
                }
                position += 1
            }
            return try number(from: start, whole: whole)
        }

        func number(from start: Int, whole: Bool) throws(ParsingError) -> JSON {
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            if whole, let value = Int64(text) { return .integer(value) }
            if !text.isEmpty, let value = Double(text), value.isFinite { return .number(value) }
            throw ParsingError(offset: start, reason: "not a value")
        }

        mutating func string() throws(ParsingError) -> String {
            position += 1
            var text: [UInt8] = []
            while let byte = peek() {
                position += 1
                switch byte {
                case UInt8(ascii: "\""):
                    guard let valid = String(validating: text, as: UTF8.self) else { throw error("invalid UTF-8") }
                    return valid
                case UInt8(ascii: "\\"): try escape(into: &text)
                case 0..<0x20: throw error("a control character in a string")
                default: text.append(byte)
                }
            }
            throw error("the string does not end")
        }

        mutating func escape(into text: inout [UInt8]) throws(ParsingError) {
            guard let byte = peek() else { throw error("the string does not end") }
            position += 1
            switch byte {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
            case UInt8(ascii: "u"): try unicode(into: &text)
            default: throw error("unknown escape")
            }
        }

        mutating func unicode(into text: inout [UInt8]) throws(ParsingError) {
            var code = UInt32(try hex4())
            if (0xD800..<0xDC00).contains(code), peek() == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = UInt32(try hex4())
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        }

        mutating func hex4() throws(ParsingError) -> UInt16 {
            guard position + 4 <= bytes.count,
                let value = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
            else { throw error("four hexadecimal digits should be here") }
            position += 4
            return value
        }
    }
}
