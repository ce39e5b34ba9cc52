/// Reads an assertion by this grammar:
///
///     statement = operand comparison operand | "never(" events ")" | "before(" events "," events ")"
///     operand   = quantity | [ number "*" ] measure
///     measure   = "count(" events ")" | "peak(" duration "," events ")"
///               | ("min" | "max" | "mean" | "sum") "(" series ")" | "quantile(" percentage "," series ")"
///     series    = "gap(" events ")" | "latency(" actor "->" actor [ window ] ")"
///               | field "of" events | resource "of" actor [ window ]
///     events    = kind "of" actor [ "where" condition { "and" condition } ] [ window ]
///     condition = field comparison (quantity | word | text)
///     window    = "between" duration "and" duration | "before" duration | "after" duration
///               | "during" fault | "outside" fault
///
/// It stops at the first mistake: what follows one is guesswork.
struct AssertionParser {
    /// What is wrong, and where.
    struct Mistake: Error, Equatable {
        /// In Unicode scalars from the beginning of the text.
        var offset: Int
        var message: String
    }

    /// Longer ones are many statements.
    static let longest = 1000

    private let tokens: [AssertionToken]
    private var place = 0

    static func parse(_ text: String) throws(Mistake) -> Assertion {
        guard text.unicodeScalars.count <= longest else {
            throw Mistake(offset: 0, message: "is longer than \(longest) characters: make it several")
        }
        var parser = AssertionParser(text)
        let statement = try parser.statement()
        if parser.token.kind != .end { throw parser.expected("nothing more") }
        return Assertion(text: text, statement: statement)
    }

    private init(_ text: String) { tokens = AssertionToken.all(text) }

    private var token: AssertionToken { tokens[min(place, tokens.count - 1)] }

    private mutating func advance() -> AssertionToken {
        defer { place += 1 }
        return token
    }

    private func expected(_ what: String) -> Mistake {
        let found = token.kind == .end ? "it ends" : "there is \(quoted(token.text))"
        return Mistake(offset: token.offset, message: "\(what) should stand here, and \(found)")
    }

    private func isWord(_ word: String) -> Bool { token.kind == .word && token.text == word }
    private func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol && token.text == symbol }

    private mutating func symbol(_ symbol: String) throws(Mistake) {
        guard isSymbol(symbol) else { throw expected(quoted(symbol)) }
        place += 1
    }

    private mutating func word(_ word: String) throws(Mistake) {
        guard isWord(word) else { throw expected(quoted(word)) }
        place += 1
    }

    private mutating func name(_ what: String) throws(Mistake) -> Assertion.Name {
        guard token.kind == .word else { throw expected(what) }
        let token = advance()
        return Assertion.Name(text: token.text, offset: token.offset)
    }

    private mutating func quantity<Value>(
        _ what: String, _ read: (String) throws(Units.Complaint) -> Value
    ) throws(Mistake) -> Value {
        guard token.kind == .quantity else { throw expected(what) }
        do throws(Units.Complaint) {
            let value = try read(token.text)
            place += 1
            return value
        } catch {
            throw Mistake(offset: token.offset, message: "\(quoted(token.text)) \(error.clause)")
        }
    }

    private mutating func duration() throws(Mistake) -> Duration {
        try quantity("a duration such as 10m", Units.duration)
    }
}

// Statements and operands.
extension AssertionParser {
    private static let functions = ["count", "peak", "min", "max", "mean", "sum", "quantile"]

    private mutating func statement() throws(Mistake) -> Assertion.Statement {
        if isWord("never") {
            place += 1
            try symbol("(")
            let events = try events()
            try symbol(")")
            return .never(events)
        }
        if isWord("before") {
            place += 1
            try symbol("(")
            let first = try events()
            try symbol(",")
            let second = try events()
            try symbol(")")
            return .before(first, second)
        }
        let start = token.offset
        let (left, leftUnit) = try operand()
        let comparison = try comparison()
        let place = token.offset
        let (right, rightUnit) = try operand()
        if case .value = left, case .value = right {
            throw Mistake(offset: start, message: "nothing that was recorded is compared: name a count, max, ...")
        }
        let fits = leftUnit == rightUnit || leftUnit == .unknown || rightUnit == .unknown
        guard fits else {
            throw Mistake(
                offset: place, message: "\(rightUnit.inWords) stands here, and it is compared with \(leftUnit.inWords)")
        }
        return .compare(left, comparison, right)
    }

    private mutating func comparison() throws(Mistake) -> Assertion.Comparison {
        let word = token.text == "=" ? "==" : token.text
        guard token.kind == .symbol, let comparison = Assertion.Comparison(rawValue: word) else {
            throw expected("a comparison (<=, <, ==, !=, >=, >)")
        }
        place += 1
        return comparison
    }

    private mutating func operand() throws(Mistake) -> (Assertion.Operand, Assertion.Unit) {
        guard token.kind == .quantity else {
            let (measure, unit) = try measure()
            return (.measure(measure, times: 1), unit)
        }
        let (value, unit) = try quantity("a quantity", AssertionParser.literal)
        guard isSymbol("*") else { return (.value(value, unit), unit) }
        guard unit == .count else { throw expected("a comparison: only numbers and shares are factors; nothing else") }
        place += 1
        let (measure, measured) = try measure()
        return (.measure(measure, times: value), measured)
    }

    /// `20`, `90%`, `1.5s`, `100 MiB`.
    private static func literal(_ text: String) throws(Units.Complaint) -> (Double, Assertion.Unit) {
        if let number = Units.decimal(text) { return (number, .count) }
        if text.hasSuffix("%") { return (try Units.fraction(text), .count) }
        if text.hasSuffix("B") { return (Double(try Units.size(text)), .bytes) }
        return (Double(Units.nanoseconds(try Units.duration(text))) / 1e9, .seconds)
    }

    private mutating func measure() throws(Mistake) -> (Assertion.Measure, Assertion.Unit) {
        let start = token
        let name = try name("a number, or one of \(AssertionParser.functions.joined(separator: ", "))")
        guard AssertionParser.functions.contains(name.text) else {
            let all = AssertionParser.functions + ["never", "before"]
            throw Mistake(
                offset: start.offset,
                message: "unknown function \(quoted(name.text))\(suggestion(for: name.text, among: all))")
        }
        try symbol("(")
        switch name.text {
        case "count":
            let events = try events()
            try symbol(")")
            return (.count(events), .count)
        case "peak":
            let span = try duration()
            guard span > .zero else { throw Mistake(offset: start.offset, message: "peak takes a time above zero") }
            try symbol(",")
            let events = try events()
            try symbol(")")
            return (.peak(span, events), .count)
        default:
            let summary = try summary(name.text)
            let (series, unit) = try series()
            try symbol(")")
            return (.summary(summary, series), unit)
        }
    }

    private mutating func summary(_ name: String) throws(Mistake) -> Assertion.Summary {
        switch name {
        case "min": return .min
        case "max": return .max
        case "mean": return .mean
        case "sum": return .sum
        default:
            let offset = token.offset
            let share = try quantity("a percentage such as 99%", Units.fraction)
            guard share > 0, share <= 1 else {
                throw Mistake(offset: offset, message: "a quantile is above 0% and at most 100%")
            }
            try symbol(",")
            return .quantile(share)
        }
    }
}

// What is measured.
extension AssertionParser {
    private mutating func series() throws(Mistake) -> (Assertion.Series, Assertion.Unit) {
        let start = token
        let name = try name("gap(...), latency(...), FIELD of EVENT of ACTOR, or memory of ACTOR")
        if isSymbol("(") {
            place += 1
            switch name.text {
            case "gap":
                let events = try events()
                try symbol(")")
                return (.gap(events), .seconds)
            case "latency":
                let from = try self.name("an actor")
                try symbol("->")
                let to = try self.name("an actor")
                let window = try window()
                try symbol(")")
                return (.latency(from: from, to: to, window), .seconds)
            default:
                let hint = suggestion(for: name.text, among: ["gap", "latency"])
                throw Mistake(offset: start.offset, message: "unknown function \(quoted(name.text))\(hint)")
            }
        }
        try word("of")
        if let resource = Assertion.Resource(rawValue: name.text), !isFieldOfEvents {
            let actor = try actor()
            return (.resource(resource, actor, try window()), resource.unit)
        }
        guard isFieldOfEvents else {
            let hint =
                Assertion.Kind(rawValue: name.text) == nil
                ? "; known: \(Assertion.Resource.allCases.map(\.rawValue).joined(separator: ", "))"
                : ": write gap(\(name.text) of ...), count(...), or a field, such as seq of \(name.text) of ..."
            throw Mistake(offset: start.offset, message: "\(quoted(name.text)) of an actor is no number\(hint)")
        }
        let isTime = name.text.hasSuffix("_ns") || name.text == "retry_after"
        return (.field(name, try events()), isTime ? .seconds : .unknown)
    }

    /// `EVENT of ...` comes next.
    private var isFieldOfEvents: Bool {
        let next = tokens[min(place + 1, tokens.count - 1)]
        return next.kind == .word && next.text == "of"
    }

    private mutating func events() throws(Mistake) -> Assertion.Events {
        let name = try name("an event, such as attempt of subscriber,")
        guard let kind = Assertion.Kind(rawValue: name.text) else {
            let kinds = Assertion.Kind.allCases.map(\.rawValue)
            let hint = nearest(to: name.text, among: kinds).map { "; did you mean \(quoted($0))?" }
            throw Mistake(
                offset: name.offset,
                message: "unknown event \(quoted(name.text))\(hint ?? "; known: \(kinds.joined(separator: ", "))")")
        }
        try word("of")
        let actor = try actor()
        var conditions: [Assertion.Condition] = []
        if isWord("where") {
            repeat {
                place += 1
                conditions.append(try condition())
            } while isWord("and")
        }
        return Assertion.Events(kind: kind, actor: actor, conditions: conditions, window: try window())
    }

    private mutating func actor() throws(Mistake) -> Assertion.Actor {
        let name = try name("an actor")
        let parts = name.text.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return Assertion.Actor(name: name, index: nil) }
        guard parts.count == 2, let index = Int(parts[1]) else {
            throw Mistake(offset: name.offset, message: "\(quoted(name.text)) is no instance: write subscriber#1")
        }
        return Assertion.Actor(name: Assertion.Name(text: String(parts[0]), offset: name.offset), index: index)
    }

    private mutating func condition() throws(Mistake) -> Assertion.Condition {
        let field = try name("a field, such as text, stream, seq, class, ok,")
        let comparison = try comparison()
        switch token.kind {
        case .quantity:
            let (value, unit) = try quantity("a value", AssertionParser.literal)
            // Drivers say times in nanoseconds.
            let number = unit == .seconds ? value * 1e9 : value
            return Assertion.Condition(field: field, comparison: comparison, value: .number(number))
        case .word, .text:
            guard comparison == .equal || comparison == .unequal else { throw expected("a number") }
            return Assertion.Condition(field: field, comparison: comparison, value: .text(advance().text))
        case .symbol, .other, .end: throw expected("a value")
        }
    }

    private mutating func window() throws(Mistake) -> Assertion.Window? {
        guard token.kind == .word else { return nil }
        switch token.text {
        case "between":
            place += 1
            let start = try duration()
            try word("and")
            let offset = token.offset
            let end = try duration()
            guard start < end else { throw Mistake(offset: offset, message: "the window ends before it begins") }
            return .between(start, end)
        case "before":
            place += 1
            return .before(try duration())
        case "after":
            place += 1
            return .after(try duration())
        case "during":
            place += 1
            return .during(try name("the kind of a fault"))
        case "outside":
            place += 1
            return .outside(try name("the kind of a fault"))
        default: throw expected("where, between, before, after, during, outside or \")\"")
        }
    }
}

extension Assertion.Resource {
    var unit: Assertion.Unit {
        switch self {
        case .memory: .bytes
        case .cpu: .seconds
        case .descriptors, .threads: .count
        }
    }
}

extension Assertion.Unit {
    var inWords: String {
        switch self {
        case .count: "a number"
        case .seconds: "a duration"
        case .bytes: "a size"
        case .unknown: "a field"
        }
    }
}
