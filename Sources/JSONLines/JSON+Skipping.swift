// Stepping over values: the grammar of `value()`, and its words for what is no value, without what it builds.
extension Parser {
    mutating func skip() throws(JSON.ParsingError) {
        skipSpace()
        switch peek() {
        case UInt8(ascii: "\""): _ = try skipString()
        case UInt8(ascii: "{"):
            try members { parser throws(JSON.ParsingError) in
                _ = try parser.skipString()
                try parser.colon()
                try parser.skip()
            }
        case UInt8(ascii: "["): try elements { parser throws(JSON.ParsingError) in try parser.skip() }
        default: _ = try value()
        }
    }

    /// What stands between the quotes.
    mutating func skipString() throws(JSON.ParsingError) -> JSONObjectLine.Text {
        let start = position + 1
        var end = start
        // Nearly all strings are short, and ASCII without escapes.
        while end < bytes.count, bytes[end] >= 0x20, bytes[end] < 0x80, bytes[end] != UInt8(ascii: "\""),
            bytes[end] != UInt8(ascii: "\\")
        {
            end += 1
        }
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            position = end + 1
            return JSONObjectLine.Text(range: start..<end, hasEscapes: false)
        }
        _ = try string()
        let range = start..<position - 1
        return JSONObjectLine.Text(range: range, hasEscapes: bytes[range].contains(UInt8(ascii: "\\")))
    }
}
