/// One object, looked through without building anything: which members it has and where their values stand.
///
/// A recording holds a million lines, and a reader wants a few members of each as numbers and short strings. Building a
/// `JSON` of every line would cost ten times as much as this. It accepts and refuses exactly what `JSON(parsing:)`
/// does, with the same words. It is good for as long as the bytes that it read stand.
package struct JSONObjectLine {
    private struct Member {
        var key: Text
        /// Where the value begins.
        var value: Int
        /// What it is, if it is a string.
        var text: Text?
    }

    /// The bytes between two quotes.
    struct Text {
        var range: Range<Int>
        var hasEscapes: Bool
    }

    private var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private var members: [Member] = []

    package init() {}

    /// Looks through a line; false when it is a valid value of another kind. To be used again for the next line: it
    /// keeps its memory.
    package mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>, depth: Int = JSON.defaultDepth
    ) throws(JSON.ParsingError) -> Bool {
        members.removeAll(keepingCapacity: true)
        self.bytes = bytes
        var parser = Parser(bytes: bytes, deepest: depth)
        parser.skipSpace()
        let isObject = parser.peek() == UInt8(ascii: "{")
        if isObject { try look(through: &parser) } else { try parser.skip() }
        try parser.end()
        return isObject
    }

    private mutating func look(through parser: inout Parser) throws(JSON.ParsingError) {
        try parser.members { parser throws(JSON.ParsingError) in
            let key = try parser.skipString()
            try parser.colon()
            parser.skipSpace()
            let start = parser.position
            let text = parser.peek() == UInt8(ascii: "\"") ? try parser.skipString() : nil
            if text == nil { try parser.skip() }
            members.append(Member(key: key, value: start, text: text))
        }
    }

    /// Where the member of this name stands. Looks from `next` on first, and moves it behind what it found: who asks in
    /// the order of the line looks at each member once.
    package func place(of key: StaticString, next: inout Int) -> Int? {
        let found =
            (next..<members.count).first { isKey(key, at: $0) }
            ?? (0..<min(next, members.count)).first { isKey(key, at: $0) }
        if let found { next = found + 1 }
        return found
    }

    /// Where members stand.
    package var places: Range<Int> { members.indices }

    package func key(at place: Int) -> String { string(members[place].key) }

    package func isKey(_ key: StaticString, at place: Int) -> Bool {
        let text = members[place].key
        if text.hasEscapes { return string(text) == key.description }
        guard text.range.count == key.utf8CodeUnitCount else { return false }
        for (offset, byte) in zip(0..<text.range.count, bytes[text.range]) where key.utf8Start[offset] != byte {
            return false
        }
        return true
    }

    /// Nil when it is no string.
    package func string(at place: Int) -> String? { members[place].text.map(string) }

    /// The bytes between its quotes; nil when it is no string, or one with escapes.
    package func plainText(at place: Int) -> UnsafeBufferPointer<UInt8>? {
        guard let text = members[place].text, !text.hasEscapes else { return nil }
        return UnsafeBufferPointer(rebasing: bytes[text.range])
    }

    /// Nil when it is no whole number.
    package func integer(at place: Int) -> Int64? {
        if members[place].text != nil { return nil }
        switch bytes[members[place].value] {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return value(at: place).integer
        default: return nil
        }
    }

    /// The value as a tree.
    package func value(at place: Int) -> JSON {
        var parser = Parser(bytes: bytes, deepest: .max, position: members[place].value)
        guard let value = try? parser.value() else { preconditionFailure("a value that was read is none") }
        return value
    }

    /// The elements of an array that holds objects; nil when it is no array, or holds something else.
    package func objects(at place: Int) -> [JSONObjectLine]? {
        guard bytes[members[place].value] == UInt8(ascii: "[") else { return nil }
        var parser = Parser(bytes: bytes, deepest: .max, position: members[place].value)
        var objects: [JSONObjectLine] = []
        var areObjects = true
        try? parser.elements { parser throws(JSON.ParsingError) in
            parser.skipSpace()
            guard parser.peek() == UInt8(ascii: "{") else {
                areObjects = false
                return try parser.skip()
            }
            var object = JSONObjectLine()
            object.bytes = bytes
            try object.look(through: &parser)
            objects.append(object)
        }
        return areObjects ? objects : nil
    }

    private func string(_ text: Text) -> String {
        if !text.hasEscapes { return String(decoding: UnsafeBufferPointer(rebasing: bytes[text.range]), as: UTF8.self) }
        var parser = Parser(bytes: bytes, position: text.range.lowerBound - 1)
        guard let string = try? parser.string() else { preconditionFailure("a string that was read is none") }
        return string
    }
}
