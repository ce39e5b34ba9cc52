extension JSON {
    /// Why a text is not JSON.
    package struct ParsingError: Error, Equatable, CustomStringConvertible {
        /// Offset of the byte that could not be read.
        package var offset: Int
        package var reason: String
        package var description: String { "not JSON at byte \(offset): \(reason)" }
    }

    /// Levels of arrays and objects that a text may hold, so that hostile input cannot exhaust the stack.
    package static let defaultDepth = 64

    /// Parses one complete value; anything but white space after it is an error. Depth is limited to 64 levels.
    package init(parsing text: String) throws(ParsingError) {
        self = try JSON(parsing: Array(text.utf8))
    }

    package init(parsing bytes: [UInt8], depth: Int = JSON.defaultDepth) throws(ParsingError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(ParsingError) in
            try JSON(parsing: buffer, depth: depth)
        }
    }

    /// Parses without copying: for readers of long files, a line at a time.
    package init(parsing bytes: UnsafeBufferPointer<UInt8>, depth: Int = JSON.defaultDepth) throws(ParsingError) {
        var parser = Parser(bytes: bytes, deepest: depth)
        self = try parser.document()
    }

    /// The value that begins at a place in a longer text, and where it ends.
    package static func value(
        in bytes: UnsafeBufferPointer<UInt8>, from place: Int, depth: Int
    ) throws(ParsingError) -> (value: JSON, end: Int) {
        var parser = Parser(bytes: bytes, deepest: depth, position: place)
        let value = try parser.value()
        return (value, parser.position)
    }
}

/// A recursive-descent parser over bytes that outlive it. It builds values, or steps over them and finds the same
/// faults (JSON+Skipping.swift).
struct Parser {
    let bytes: UnsafeBufferPointer<UInt8>
    let deepest: Int
    var position: Int
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>, deepest: Int = JSON.defaultDepth, position: Int = 0) {
        self.bytes = bytes
        self.deepest = deepest
        self.position = position
    }

    mutating func document() throws(JSON.ParsingError) -> JSON {
        let value = try value()
        try end()
        return value
    }

    mutating func end() throws(JSON.ParsingError) {
        skipSpace()
        guard position == bytes.count else { throw error("text after the value") }
    }

    func error(_ reason: String) -> JSON.ParsingError { JSON.ParsingError(offset: position, reason: reason) }

    func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func value() throws(JSON.ParsingError) -> JSON {
        skipSpace()
        switch peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw error("the text ends where a value should be")
        default: return try number()
        }
    }

    mutating func descend() throws(JSON.ParsingError) {
        guard depth < deepest else { throw error("more than \(deepest) levels") }
        depth += 1
        position += 1
        skipSpace()
    }

    mutating func word(_ text: StaticString, _ value: JSON) throws(JSON.ParsingError) -> JSON {
        let count = text.utf8CodeUnitCount
        let matches =
            position + count <= bytes.count && (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
        guard matches else { throw error("not a value") }
        position += count
        return value
    }

    mutating func array() throws(JSON.ParsingError) -> JSON {
        var values: [JSON] = []
        try elements { parser throws(JSON.ParsingError) in values.append(try parser.value()) }
        return .array(values)
    }

    mutating func object() throws(JSON.ParsingError) -> JSON {
        var members: [JSON.Member] = []
        try self.members { parser throws(JSON.ParsingError) in
            // What drivers add is one or two members, and a storm's recording keeps a few hundred thousand of them.
            if members.isEmpty { members.reserveCapacity(2) }
            let key = try parser.string()
            try parser.colon()
            members.append(JSON.Member(key, try parser.value()))
        }
        return .object(members)
    }

    /// Steps through an array; `element` steps over one.
    mutating func elements(
        _ element: (inout Parser) throws(JSON.ParsingError) -> Void
    ) throws(JSON.ParsingError) {
        try descend()
        defer { depth -= 1 }
        if peek() == UInt8(ascii: "]") {
            position += 1
            return
        }
        repeat { try element(&self) } while try continues(until: UInt8(ascii: "]"))
    }

    /// Steps through an object; `member` steps over a key, at which it begins, and its value.
    mutating func members(
        _ member: (inout Parser) throws(JSON.ParsingError) -> Void
    ) throws(JSON.ParsingError) {
        try descend()
        defer { depth -= 1 }
        if peek() == UInt8(ascii: "}") {
            position += 1
            return
        }
        repeat {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw error("a key should be here") }
            try member(&self)
        } while try continues(until: UInt8(ascii: "}"))
    }

    /// Between a key and its value.
    mutating func colon() throws(JSON.ParsingError) {
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { throw error("':' should be here") }
        position += 1
    }

    /// Steps over a comma (true) or the closing byte (false).
    mutating func continues(until close: UInt8) throws(JSON.ParsingError) -> Bool {
        skipSpace()
        let byte = peek()
        guard byte == UInt8(ascii: ",") || byte == close else { throw error("',' or the end should be here") }
        position += 1
        return byte != close
    }
}

// Numbers, by the grammar of RFC 8259 section 6.
extension Parser {
    mutating func number() throws(JSON.ParsingError) -> JSON {
        let start = position
        let negative = peek() == UInt8(ascii: "-")
        if negative { position += 1 }
        let first = position
        var magnitude: UInt64 = 0
        var overflows = false
        while let digit = digit() {
            let (product, over) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, beyond) = product.addingReportingOverflow(UInt64(digit))
            magnitude = sum
            overflows = overflows || over || beyond
            position += 1
        }
        let digits = position - first
        guard digits == 1 || (digits > 1 && bytes[first] != UInt8(ascii: "0")) else {
            throw JSON.ParsingError(offset: start, reason: "not a value")
        }
        let whole = try !fraction()
        if whole, !overflows {
            if !negative, let value = Int64(exactly: magnitude) { return .integer(value) }
            if negative, magnitude <= Int64.min.magnitude { return .integer(Int64(truncatingIfNeeded: 0 &- magnitude)) }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw JSON.ParsingError(offset: start, reason: "a number beyond the range of a double")
        }
        return .number(value)
    }

    func digit() -> UInt8? {
        guard let byte = peek(), byte &- UInt8(ascii: "0") < 10 else { return nil }
        return byte &- UInt8(ascii: "0")
    }

    /// Steps over a fraction and an exponent; false when there is neither.
    mutating func fraction() throws(JSON.ParsingError) -> Bool {
        let start = position
        if peek() == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return position > start
    }

    mutating func digits() throws(JSON.ParsingError) {
        guard digit() != nil else { throw error("a digit should be here") }
        while digit() != nil { position += 1 }
    }
}

extension Parser {
    mutating func string() throws(JSON.ParsingError) -> String {
        position += 1
        let start = position
        while let byte = peek(), byte &- 0x20 < 0x60, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            position += 1
        }
        // ASCII, as nearly all are, needs no looking through for what is no UTF-8.
        if peek() == UInt8(ascii: "\"") {
            let text = UnsafeBufferPointer(rebasing: bytes[start..<position])
            position += 1
            return String(decoding: text, as: UTF8.self)
        }
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                let text = UnsafeBufferPointer(rebasing: bytes[start..<position])
                guard let valid = String(validating: text, as: UTF8.self) else { throw error("invalid UTF-8") }
                position += 1
                return valid
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw error("a control character in a string")
            default: position += 1
            }
        }
        throw error("the string does not end")
    }

    /// The rest of a string that holds escapes; `position` is at the first of them.
    mutating func escapedString(from start: Int) throws(JSON.ParsingError) -> String {
        var text = Array(bytes[start..<position])
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

    mutating func escape(into text: inout [UInt8]) throws(JSON.ParsingError) {
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

    mutating func unicode(into text: inout [UInt8]) throws(JSON.ParsingError) {
        var code = try hex4()
        if (0xD800..<0xDC00).contains(code), peek() == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = try hex4()
            guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
        text.append(contentsOf: String(Character(scalar)).utf8)
    }

    mutating func hex4() throws(JSON.ParsingError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("four hexadecimal digits should be here") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            switch bytes[position] {
            case let byte where byte &- UInt8(ascii: "0") < 10: code = code << 4 + UInt32(byte &- UInt8(ascii: "0"))
            case let byte where (byte | 0x20) &- UInt8(ascii: "a") < 6:
                code = code << 4 + UInt32((byte | 0x20) &- UInt8(ascii: "a") + 10)
            default: throw error("four hexadecimal digits should be here")
            }
            position += 1
        }
        return code
    }
}
