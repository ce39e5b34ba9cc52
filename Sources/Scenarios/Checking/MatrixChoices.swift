import JSONLines

/// Values that take the place of those in a scenario's matrix, without a change of the file: `--with build=v2`.
///
/// A recording keeps them as a file beside the scenario's own, so that it can be judged again.
package struct MatrixChoices: Equatable, Sendable {
    /// The path of that file; no scenario can name one so.
    package static let path = "(--with)"

    /// In the order in which they were given.
    package private(set) var names: [String] = []
    private var values: [String: [String]] = [:]

    package init() {}

    package var isEmpty: Bool { names.isEmpty }

    package subscript(name: String) -> [String]? { values[name] }

    /// One more value of this name.
    package mutating func add(_ name: String, _ value: String) {
        if values[name] == nil { names.append(name) }
        values[name, default: []].append(value)
    }

    /// As a command line has them: `--with build=v1 --with build=v2`.
    package var words: [String] { pairs.flatMap { ["--with", $0] } }

    /// `build=v1`, `build=v2`.
    package var pairs: [String] { names.flatMap { name in values[name, default: []].map { "\(name)=\($0)" } } }

    /// The file that keeps them.
    package var source: SourceFile {
        let lines = names.map { name in
            let list = JSON.array(values[name, default: []].map { .string($0) })
            return "\(JSON.string(name).line): \(list.line)\n"
        }
        return SourceFile(path: MatrixChoices.path, text: lines.joined())
    }

    /// What `source` holds; nothing for anything else.
    package init(_ source: SourceFile) {
        let (root, _) = YAMLReader.read(Array(source.text.utf8), file: source.path)
        for entry in root?.entries ?? [] {
            for item in entry.value.items ?? [] {
                if let value = item.text { add(entry.key, value) }
            }
        }
    }
}
