/// `matrix: { profile: [wifi, lte], timeout: [30s, 60s] }`: one file, a scenario for each combination, with
/// `${profile}` in any text replaced.
enum Matrix {
    static let mostCombinations = 256
    /// Characters that the values may add to a scenario's name, which becomes the name of a folder.
    static let longestSuffix = 64

    /// One name with one of its values.
    struct Entry: Equatable, Sendable {
        var name: String
        var value: String
        /// Whether it tells this scenario from others: the only value that the file gives does not.
        var isTelling: Bool
    }

    struct Combination: Equatable, Sendable {
        /// In the order of the file.
        var values: [Entry]

        /// What tells its scenario from the others: `-wifi-30s`.
        var suffix: String {
            values.filter(\.isTelling).map {
                "-"
                    + $0.value.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }
                    .joined()
            }
            .joined()
        }

        /// The tree with every `${name}` replaced; unknown names are problems. `$${` stands for `${`.
        func substituted(_ node: Node, _ problems: inout [Problem]) -> Node {
            var result = node
            switch node.content {
            case .scalar(let text, let quoted):
                guard text.contains("${") else { return node }
                result.content = .scalar(substituted(text, node.position, &problems), quoted: quoted)
            case .sequence(let items):
                result.content = .sequence(items.map { substituted($0, &problems) })
            case .mapping(let entries):
                result.content = .mapping(
                    entries.map { entry in
                        var entry = entry
                        entry.value = substituted(entry.value, &problems)
                        return entry
                    })
            }
            return result
        }

        private func substituted(_ text: String, _ position: Position, _ problems: inout [Problem]) -> String {
            var result = ""
            var rest = Substring(text)
            while let character = rest.first {
                if rest.hasPrefix("$${") {
                    result += "${"
                    rest = rest.dropFirst(3)
                } else if rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") {
                    let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                    if let value = values.first(where: { $0.name == name })?.value {
                        result += value
                    } else {
                        let hint = suggestion(for: name, among: values.map(\.name))
                        problems.append(position.problem("the matrix has no \(quoted(name))\(hint)"))
                        result += rest[...end]
                    }
                    rest = rest[rest.index(after: end)...]
                } else {
                    result.append(character)
                    rest = rest.dropFirst()
                }
            }
            return result
        }
    }

    /// All combinations, the last name changing fastest; empty with at least one problem when the matrix is wrong.
    /// - Parameter choices: values that take the place of those in the file.
    static func combinations(_ node: Node, _ choices: MatrixChoices) -> (all: [Combination], problems: [Problem]) {
        var problems: [Problem] = []
        guard let entries = node.entries, !entries.isEmpty else {
            let message = "matrix must be a mapping such as { profile: [wifi, lte] }, not \(node.kindInWords)"
            return ([], [node.position.problem(message)])
        }
        var all = [Combination(values: [])]
        for entry in entries {
            let texts = (entry.value.items ?? []).compactMap { $0.isEmpty ? nil : $0.text }
            guard !texts.isEmpty, texts.count == entry.value.items?.count else {
                problems.append(
                    entry.value.position.problem("\(shown(entry.key)) must be a list of values such as [30s, 60s]"))
                continue
            }
            let chosen = choices[entry.key] ?? texts
            guard all.count * chosen.count <= mostCombinations else {
                let message = "the matrix has more than \(mostCombinations) combinations; make it several scenarios"
                return ([], problems + [node.position.problem(message)])
            }
            all = all.flatMap { one in
                chosen.map { value in
                    let isTelling = texts != [value]
                    let entry = Entry(name: entry.key, value: value, isTelling: isTelling)
                    return Combination(values: one.values + [entry])
                }
            }
        }
        for name in choices.names where !entries.contains(where: { $0.key == name }) {
            let hint = suggestion(for: name, among: entries.map(\.key))
            problems.append(node.position.problem("the matrix has no \(quoted(name)) to choose a value for\(hint)"))
        }
        let suffixes = all.map(\.suffix)
        if problems.isEmpty, let long = suffixes.first(where: { $0.utf8.count > longestSuffix }) {
            let message =
                "a scenario's name would end in \(quoted(long)); use values of \(longestSuffix) characters in all"
            return ([], [node.position.problem(message)])
        }
        if problems.isEmpty, Set(suffixes).count < suffixes.count {
            problems.append(
                node.position.problem("the matrix gives two scenarios of the same name; is a value in it twice?"))
        }
        return (problems.isEmpty ? all : [], problems)
    }
}
