/// Blanks what stands in strings and comments, so that rules about code see code only. Lines stay lines.
///
/// Interpolations are blanked with their strings: nothing that these rules are about belongs there. Bytes, because
/// every file of the checkout goes through here.
struct CodeMask {
    private var bytes: [UInt8]
    private var place: Int
    private let isC: Bool

    static func ofSwift(_ text: String) -> String { masked(text, isC: false) }
    static func ofC(_ text: String) -> String { masked(text, isC: true) }

    private static func masked(_ text: String, isC: Bool) -> String {
        var mask = CodeMask(bytes: Array(text.utf8), place: 0, isC: isC)
        while mask.place < mask.bytes.count { mask.step() }
        return String(decoding: mask.bytes, as: UTF8.self)
    }

    private mutating func step() {
        switch bytes[place] {
        case UInt8(ascii: "/") where stands("//"):
            while place < bytes.count && bytes[place] != UInt8(ascii: "\n") { blank(1) }
        case UInt8(ascii: "/") where stands("/*"):
            while place < bytes.count && !stands("*/") { blank(1) }
            blank(2)
        case UInt8(ascii: "'") where isC: skipC("'")
        case UInt8(ascii: "\"") where isC: skipC("\"")
        case UInt8(ascii: "\"") where !isC: skipString(hashes: 0)
        case UInt8(ascii: "#") where !isC:
            let hashes = bytes[place...].prefix { $0 == UInt8(ascii: "#") }.count
            place += hashes
            if stands("\"") { skipString(hashes: hashes) }
        default: place += 1
        }
    }

    private mutating func skipC(_ quote: String) {
        place += 1
        while place < bytes.count && !stands(quote) && !stands("\n") { blank(stands("\\") ? 2 : 1) }
        place += 1
    }

    private mutating func skipString(hashes: Int) {
        let quotes = stands("\"\"\"") ? 3 : 1
        let fence = String(repeating: "#", count: hashes)
        let (end, escape) = (String(repeating: "\"", count: quotes) + fence, "\\" + fence)
        place += quotes
        while place < bytes.count && !stands(end) {
            if stands(escape + "(") {
                blank(hashes + 2)
                skipInterpolation()
            } else {
                blank(stands(escape) ? hashes + 2 : 1)
            }
        }
        place += quotes + hashes
    }

    /// Up to and with the parenthesis that ends it; strings in it may hold interpolations of their own.
    private mutating func skipInterpolation() {
        let start = place
        var depth = 1
        while depth > 0 && place < bytes.count {
            if stands("(") { depth += 1 }
            if stands(")") { depth -= 1 }
            step()
        }
        let end = place
        place = start
        blank(end - start)
    }

    private func stands(_ text: String) -> Bool {
        let text = text.utf8
        guard place + text.count <= bytes.count else { return false }
        var index = place
        for byte in text {
            if bytes[index] != byte { return false }
            index += 1
        }
        return true
    }

    /// A character of several bytes becomes as many spaces.
    private mutating func blank(_ count: Int) {
        let end = min(place + count, bytes.count)
        while place < end {
            if bytes[place] != UInt8(ascii: "\n") { bytes[place] = UInt8(ascii: " ") }
            place += 1
        }
    }
}
