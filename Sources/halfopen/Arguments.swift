/// An option that a command knows: the parser, the help and the error messages all read this table.
struct Option: Sendable {
    /// With its dashes: `--seed`.
    var name: String
    /// What stands after it, `N`; nil for a flag.
    var value: String?
    var summary: String
    /// Whether it may be given more than once.
    var isRepeatable = false
}

/// A command line that cannot be understood; the message says what to do. Exit code 64.
struct UsageError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A command's arguments, taken apart by its table of options.
struct Arguments {
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    /// `--name value`, `--name=value`, flags, operands; `--` ends the options.
    init(_ words: [String], options: [Option], command: String) throws(UsageError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                return
            }
            guard word.hasPrefix("-"), word != "-" else {
                operands.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.name == parts[0] }) else {
                throw UsageError(
                    "halfopen \(command) has no option \(parts[0]); it knows "
                        + (options.map(\.name) + ["--help"]).joined(separator: ", "))
            }
            guard values[option.name] == nil || option.isRepeatable else {
                throw UsageError("\(option.name) was given twice")
            }
            try take(option, inline: parts.count == 2 ? parts[1] : nil, rest: &rest)
        }
    }

    private mutating func take(_ option: Option, inline: String?, rest: inout ArraySlice<String>) throws(UsageError) {
        guard let value = option.value else {
            guard inline == nil else { throw UsageError("\(option.name) takes no value") }
            values[option.name] = [""]
            return
        }
        guard let given = inline ?? rest.popFirst() else {
            throw UsageError("\(option.name) needs a value: \(option.name) \(value)")
        }
        values[option.name, default: []].append(given)
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    func text(_ name: String) -> String? { values[name]?.last }

    /// Of an option that may be given more than once.
    func texts(_ name: String) -> [String] { values[name] ?? [] }

    /// One of a few words.
    func choice(_ name: String, _ choices: [String], default fallback: String) throws(UsageError) -> String {
        guard let text = text(name) else { return fallback }
        guard choices.contains(text) else {
            throw UsageError("\(name) is \(choices.joined(separator: " or ")), not \"\(text)\"")
        }
        return text
    }

    func whole<T: FixedWidthInteger>(_ name: String, in range: ClosedRange<T>, default fallback: T) throws(UsageError)
        -> T
    {
        guard let text = text(name) else { return fallback }
        guard let number = T(text), range.contains(number) else {
            throw UsageError(
                "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return number
    }
}
