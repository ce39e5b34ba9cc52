import JSONLines

/// A line as our own encoder writes it, read once from its beginning to its end: no white space, text without escapes
/// and beyond ASCII, and members only as they are asked for, in that order.
///
/// Nearly all of a million lines are like this, and reading them so costs a third of what `JSONObjectLine` costs, which
/// first looks where everything stands. It never says what is wrong with a line: whoever comes not to its end, for
/// whatever reason, asks that one.
struct StraightLine {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Where the brace or the comma before the next member is.
    private var position = 0

    /// - Parameter bytes: they outlive it.
    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Everything was read.
    var isComplete: Bool { position == bytes.count - 1 && bytes[position] == UInt8(ascii: "}") }

    /// Steps to the value of this member, if it is the next one.
    mutating func steps(to key: StaticString) -> Bool {
        let (start, count) = (position + 2, key.utf8CodeUnitCount)
        guard start + count + 2 <= bytes.count,
            bytes[position] == (position == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")),
            bytes[position + 1] == UInt8(ascii: "\"")
        else { return false }
        let name = key.utf8Start
        for offset in 0..<count where bytes[start + offset] != name[offset] { return false }
        guard bytes[start + count] == UInt8(ascii: "\""), bytes[start + count + 1] == UInt8(ascii: ":") else {
            return false
        }
        position = start + count + 2
        return true
    }

    /// The bytes of a text, which are ASCII.
    mutating func text() -> UnsafeBufferPointer<UInt8>? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        var end = start
        // Eight at once, as long as none of them is one that the text may end at.
        while end + 8 <= bytes.count, isPlain(UnsafeRawPointer(bytes.baseAddress! + end)) { end += 8 }
        while end < bytes.count, bytes[end] &- 0x20 < 0x60, bytes[end] != UInt8(ascii: "\""),
            bytes[end] != UInt8(ascii: "\\")
        {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        position = end + 1
        return UnsafeBufferPointer(rebasing: bytes[start..<end])
    }

    /// None of eight bytes is a control character, a quote, a backslash or beyond ASCII.
    private func isPlain(_ place: UnsafeRawPointer) -> Bool {
        let word = place.loadUnaligned(as: UInt64.self)
        let (ones, highs) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        let (quotes, backslashes) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
        // A byte that is smaller than what is taken from it borrows: those beyond ASCII are told by their own bit.
        let found = (word &- ones &* 0x20) | (quotes &- ones) | (backslashes &- ones) | word
        return found & highs == 0
    }

    mutating func integer() -> Int64? {
        guard position < bytes.count else { return nil }
        let isNegative = bytes[position] == UInt8(ascii: "-")
        let start = isNegative ? position + 1 : position
        var (value, end) = (0 as Int64, start)
        while end < bytes.count, bytes[end] &- UInt8(ascii: "0") < 10 {
            value = value &* 10 &+ Int64(bytes[end] &- UInt8(ascii: "0"))
            end += 1
        }
        // So many digits never overflow.
        guard (1...18).contains(end - start), end - start == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        position = end
        return isNegative ? -value : value
    }

    /// - Parameter depth: how many levels the line may have.
    mutating func value(depth: Int) -> JSON? {
        guard let (value, end) = try? JSON.value(in: bytes, from: position, depth: depth - 1) else { return nil }
        position = end
        return value
    }
}
