/// The keys that a mapping of a scenario file may hold. The checker, the JSON Schema and their messages read these
/// tables, so they cannot disagree.
package struct Shape: Sendable {
    /// One key and what stands beside it.
    package struct Key: Sendable {
        package var name: String
        package var form: Form
        package var isRequired: Bool
        /// What it says, in a phrase; for messages and for editors.
        package var summary: String

        init(_ name: String, _ form: Form, required: Bool = false, _ summary: String) {
            self.name = name
            self.form = form
            self.isRequired = required
            self.summary = summary
        }
    }

    package indirect enum Form: Sendable {
        case parameter(Parameter.Kind)
        /// This word, which chose the shape.
        case constant(String)
        /// The number of this file format.
        case format
        case name(longest: Int)
        case size(ClosedRange<Int64>)
        /// `2026-01-01T00:00:00Z`
        case date
        /// A list of texts, `least` or more.
        case texts(least: Int)
        /// `[a, b]`
        case pair
        /// `[[a, b], [c]]`, two groups or more.
        case groups
        /// Names of environment variables, and texts.
        case environment
        /// Names of fields, and scalar values of any kind.
        case fields
        /// A file or a list of files, relative to the scenario's folder.
        case files
        /// Names, and lists of values for them.
        case matrix
        case shape(Shape)
        /// Names of our own choice, each with this shape. `from` among them names files with more when `hasParts`.
        case named(Shape, hasParts: Bool)
        /// A list whose items have one of these shapes.
        case list(of: [Shape])
    }

    /// How many of the keys must be there, beyond those that are required.
    package enum Rule: Sendable {
        case any
        /// Exactly one of all keys.
        case exactlyOne
        /// At least one of these, and of these...
        case oneOf([[String]])
    }

    /// As messages name it: `in nat`.
    package var name: String
    package var keys: [Key]
    package var rule: Rule
    /// Whether nothing at all may stand in its place, meaning no keys.
    package var mayBeEmpty: Bool

    init(_ name: String, _ keys: [Key], rule: Rule = .any, mayBeEmpty: Bool = false) {
        // Only a definition in the catalog could break this, and its own tests see it first.
        precondition(Set(keys.map(\.name)).count == keys.count, "\(name) has a key twice")
        self.name = name
        self.keys = keys
        self.rule = rule
        self.mayBeEmpty = mayBeEmpty
    }

    func form(of key: String) -> Form? { keys.first { $0.name == key }?.form }
}
