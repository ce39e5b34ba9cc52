/// Loads scenarios: reads their files, checks them against a catalog, makes their plans.
package struct ScenarioLoader {
    /// Bytes; a longer file is refused, so a reader need not read on.
    package static let largestFile = YAMLReader.largestFile
    /// Problems reported at once; the rest is counted.
    static let mostProblems = 100

    private let catalog: Catalog
    private let shapes: Shapes
    private let read: (String) throws -> [UInt8]

    /// `read` gives the bytes of a file; its error's description follows "cannot be read: ".
    package init(catalog: Catalog, read: @escaping (String) throws -> [UInt8]) {
        self.catalog = catalog
        shapes = Shapes(catalog: catalog)
        self.read = read
    }

    /// The scenario of a file; several when it has a matrix. Problems name files as `path` does.
    /// - Parameter choices: values that take the place of those in its matrix.
    package func load(path: String, with choices: MatrixChoices = MatrixChoices()) throws(Problems) -> [LoadedScenario]
    {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let (folder, name) = (String(path[..<slash]), String(path[slash...]))
        let read = read
        do throws(Problems) {
            return try load(name, SourceFiles { try read(folder + $0) }, choices)
        } catch {
            throw Problems(
                error.all.map {
                    Problem(file: folder + $0.file, line: $0.line, column: $0.column, message: $0.message)
                })
        }
    }

    /// The scenario called `name`, from files that a recording has kept, its own first.
    ///
    /// With `expecting`, a YAML file, what stands under its key `expect` takes the place of the scenario's own.
    package func load(
        sources: [SourceFile], name: String, expecting: SourceFile? = nil
    ) throws(Problems) -> LoadedScenario {
        guard let own = sources.first else {
            throw Problems([Problem(file: "recording", message: "holds no scenario file")])
        }
        let choices = sources.first { $0.path == MatrixChoices.path }.map { MatrixChoices($0) } ?? MatrixChoices()
        let files = SourceFiles { path in
            guard let source = sources.first(where: { $0.path == path }) else { throw MissingSource() }
            return Array(source.text.utf8)
        }
        let all = try load(own.path, files, choices, expecting: expecting)
        guard let loaded = all.first(where: { $0.scenario.name == name }) else {
            throw Problems([Problem(file: own.path, message: "holds no scenario called \(quoted(name))")])
        }
        return loaded
    }

    private struct MissingSource: Error, CustomStringConvertible {
        var description: String { "the recording does not hold it" }
    }

    private func load(
        _ name: String, _ files: SourceFiles, _ choices: MatrixChoices, expecting: SourceFile? = nil
    ) throws(Problems) -> [LoadedScenario] {
        var (root, problems) = files.tree(name)
        if let expecting { root = replacing(root, expecting, &problems) }
        var scenarios: [Scenario] = []
        if let root {
            for combination in combinations(root, choices, &problems) {
                var found: [Problem] = []
                let tree = combination?.substituted(root, &found) ?? root
                problems += found
                if !found.isEmpty { continue }
                var checker = Checker(catalog: catalog, shapes: shapes, files: files, combination: combination)
                if let scenario = checker.scenario(tree) { scenarios.append(scenario) }
                problems += checker.problems
            }
        }
        guard problems.isEmpty else { throw Problems(sorted(problems, files.order)) }
        let sources = files.files + (choices.isEmpty ? [] : [choices.source])
        return scenarios.map { LoadedScenario(scenario: $0, sources: sources, choices: choices) }
    }

    private func replacing(_ root: Node?, _ file: SourceFile, _ problems: inout [Problem]) -> Node? {
        let (other, found) = YAMLReader.read(Array(file.text.utf8), file: file.path)
        problems += found
        guard var root, let other else { return nil }
        guard let entry = other.entries?.first(where: { $0.key == "expect" }) else {
            problems.append(other.position.problem("the file has no \"expect\": what the clients owe their users"))
            return nil
        }
        root.content = .mapping((root.entries ?? []).filter { $0.key != "expect" } + [entry])
        return root
    }

    /// One nil when there is no matrix.
    private func combinations(
        _ root: Node, _ choices: MatrixChoices, _ problems: inout [Problem]
    ) -> [Matrix.Combination?] {
        guard let node = root["matrix"] else {
            if let name = choices.names.first {
                problems.append(root.position.problem("it has no matrix, so no value of \(quoted(name)) can be chosen"))
            }
            return [nil]
        }
        let (all, found) = Matrix.combinations(node, choices)
        problems += found
        return all
    }

    /// In the order of the files, each once, and no more than anyone reads.
    private func sorted(_ problems: [Problem], _ order: [String]) -> [Problem] {
        let rank = Dictionary(uniqueKeysWithValues: zip(order, order.indices))
        let keyed = problems.enumerated().map { (key: (rank[$1.file] ?? 0, $1.line, $1.column, $0), problem: $1) }
        var seen: Set<String> = []
        var result = keyed.sorted { $0.key < $1.key }.map(\.problem).filter { seen.insert($0.description).inserted }
        if result.count > Self.mostProblems {
            let more = result.count - Self.mostProblems
            result.removeLast(more)
            result.append(Problem(file: order.first ?? "", message: "and \(more) problems more"))
        }
        return result
    }
}
