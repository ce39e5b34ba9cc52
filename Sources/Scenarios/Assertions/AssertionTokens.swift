/// The words of an assertion. Any text gives tokens: what is no token of the grammar's is `.other`, and the parser says
/// so.
struct AssertionToken: Equatable {
    enum Kind: Equatable {
        /// A name or a word of the grammar: letters, digits, `-`, `_`, `#`.
        case word
        /// Begins with a digit: `20`, `1.5s`, `99%`, `100 MiB`.
        case quantity
        /// Between single quotation marks, which are left out.
        case text
        case symbol
        case other
        case end
    }
    var kind: Kind
    var text: String
    /// In Unicode scalars from the beginning.
    var offset: Int

    static func all(_ text: String) -> [AssertionToken] {
        let scalars = Array(text.unicodeScalars)
        var tokens: [AssertionToken] = []
        var place = 0
        while place < scalars.count {
            if isSpace(scalars[place]) {
                place += 1
                continue
            }
            let token = next(scalars, place)
            tokens.append(token.0)
            place = token.end
        }
        tokens.append(AssertionToken(kind: .end, text: "", offset: scalars.count))
        return tokens
    }

    private static func next(_ scalars: [Unicode.Scalar], _ start: Int) -> (AssertionToken, end: Int) {
        func token(_ kind: Kind, _ end: Int) -> (AssertionToken, end: Int) {
            (AssertionToken(kind: kind, text: string(scalars[start..<end]), offset: start), end)
        }
        let first = scalars[start]
        if isDigit(first) { return token(.quantity, quantityEnd(scalars, start)) }
        if isLetter(first) {
            var end = start + 1
            while end < scalars.count, isLetter(scalars[end]) || isDigit(scalars[end]) || "-_#".contains(scalars[end]) {
                end += 1
            }
            // The dash of an arrow is no part of the word before it.
            while scalars[end - 1] == "-" { end -= 1 }
            return token(.word, end)
        }
        if first == "'" {
            guard let close = scalars[(start + 1)...].firstIndex(of: "'") else { return token(.other, scalars.count) }
            let inside = AssertionToken(kind: .text, text: string(scalars[(start + 1)..<close]), offset: start)
            return (inside, close + 1)
        }
        if start + 1 < scalars.count, ["<=", ">=", "==", "!=", "->"].contains(string(scalars[start...(start + 1)])) {
            return token(.symbol, start + 2)
        }
        return token("(),<>=*".unicodeScalars.contains(first) ? .symbol : .other, start + 1)
    }

    /// Digits and a point, and the unit behind them; a size's may stand apart.
    private static func quantityEnd(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
        func end(_ from: Int, while isIn: (Unicode.Scalar) -> Bool) -> Int {
            scalars[from...].firstIndex { !isIn($0) } ?? scalars.count
        }
        let digits = end(start) { isDigit($0) || $0 == "." }
        let unit = end(digits) { isLetter($0) || $0 == "%" }
        if unit > digits { return unit }
        let gap = end(digits, while: isSpace)
        let apart = end(gap, while: isLetter)
        return ["B", "kB", "KiB", "MB", "MiB", "GB", "GiB"].contains(string(scalars[gap..<apart])) ? apart : digits
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\n" || scalar == "\t" }
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { (0x30...0x39).contains(scalar.value) }
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        (0x41...0x5A).contains(scalar.value) || (0x61...0x7A).contains(scalar.value)
    }
}

extension String {
    fileprivate func contains(_ scalar: Unicode.Scalar) -> Bool { unicodeScalars.contains(scalar) }
}
