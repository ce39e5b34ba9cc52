/// A place in a file; line and column from 1, columns counted in Unicode scalars as libyaml does.
struct Position: Hashable, Sendable {
    /// Relative to the scenario's folder.
    var file: String
    var line: Int
    var column: Int

    var text: String { "\(file):\(line):\(column)" }

    func problem(_ message: String) -> Problem {
        Problem(file: file, line: line, column: column, message: message)
    }
}

/// A YAML value and where it stands. At most `YAMLReader.deepest` levels, so recursion over it is safe.
struct Node: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        /// `quoted` is false for a plain scalar, whose empty text or `~` means "no value".
        case scalar(String, quoted: Bool)
        case sequence([Node])
        case mapping([Entry])
    }

    /// One `key: value`; keys of a mapping differ.
    struct Entry: Equatable, Sendable {
        var key: String
        var position: Position
        var value: Node
    }

    var position: Position
    var content: Content

    /// True for a plain `~`, `null` or nothing at all.
    var isEmpty: Bool {
        guard case .scalar(let text, quoted: false) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    var items: [Node]? { if case .sequence(let items) = content { items } else { nil } }
    /// The text of a scalar, quoted or plain.
    var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

    subscript(key: String) -> Node? { entries?.first { $0.key == key }?.value }

    /// For messages: "not a list".
    var kindInWords: String {
        switch content {
        case .scalar: isEmpty ? "nothing" : "a single value"
        case .sequence(let items): items.isEmpty ? "an empty list" : "a list"
        case .mapping(let entries): entries.isEmpty ? "an empty mapping" : "a mapping"
        }
    }
}
