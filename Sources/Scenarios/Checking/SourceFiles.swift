/// The files of one scenario: each read and parsed once, remembered in the order in which they were named.
///
/// A class, because every combination of a matrix reads through the same one.
final class SourceFiles {
    private let readBytes: (String) throws -> [UInt8]
    private(set) var files: [SourceFile] = []
    private var trees: [String: (root: Node?, problems: [Problem])] = [:]
    private var traces: [String: (trace: DeliveryTrace?, problems: [Problem])] = [:]
    /// Paths in the order in which they were named, whether or not they could be read.
    private(set) var order: [String] = []

    /// `read` takes a path relative to the scenario's folder.
    init(read: @escaping (String) throws -> [UInt8]) { readBytes = read }

    func tree(_ path: String) -> (root: Node?, problems: [Problem]) {
        if let tree = trees[path] { return tree }
        order.append(path)
        let tree = read(path)
        trees[path] = tree
        return tree
    }

    /// A trace, read and checked once.
    func trace(_ path: String) -> (trace: DeliveryTrace?, problems: [Problem]) {
        if let trace = traces[path] { return trace }
        order.append(path)
        let trace = readTrace(path)
        traces[path] = trace
        return trace
    }

    private func readTrace(_ path: String) -> (trace: DeliveryTrace?, problems: [Problem]) {
        let bytes: [UInt8]
        do {
            bytes = try readBytes(path)
        } catch {
            return (nil, [Problem(file: path, message: "cannot be read: \(error)")])
        }
        guard bytes.count <= YAMLReader.largestFile else {
            let most = Units.sizeText(Int64(YAMLReader.largestFile))
            return (nil, [Problem(file: path, line: 1, column: 1, message: "the file has more than \(most)")])
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if !files.contains(where: { $0.path == path }) { files.append(SourceFile(path: path, text: text)) }
        return DeliveryTrace.parse(text, path: path)
    }

    private func read(_ path: String) -> (root: Node?, problems: [Problem]) {
        do {
            let bytes = try readBytes(path)
            let tree = YAMLReader.read(bytes, file: path)
            // Invalid UTF-8 is a problem of the tree; such a file's text is never used.
            files.append(
                SourceFile(path: path, text: String(decoding: bytes.prefix(YAMLReader.largestFile), as: UTF8.self)))
            return tree
        } catch {
            return (nil, [Problem(file: path, message: "cannot be read: \(error)")])
        }
    }
}

extension Checker {
    /// The trace in the file that this names; what cannot be read is a problem at its name.
    mutating func trace(_ node: Node, _ key: String) -> DeliveryTrace? {
        guard let path = text(node, key, "a file") else { return nil }
        if path.hasPrefix("/") {
            add(node, "\(key) \(quoted(path)) must be relative to the scenario's folder")
            return nil
        }
        let (trace, found) = files.trace(path)
        for problem in found {
            if problem.line == 0 {
                add(node, "\(key) \(quoted(path)): \(problem.message)")
            } else {
                problems.append(problem)
            }
        }
        return trace
    }

    /// The trees of the files that `from` names; what cannot be read is a problem at its name.
    mutating func partFiles(_ node: Node) -> [Node] {
        let names = node.items ?? [node]
        return names.compactMap { name in
            guard let path = text(name, "from") else { return nil }
            if path.hasPrefix("/") {
                add(name, "from \(quoted(path)) must be relative to the scenario's folder")
                return nil
            }
            let (root, found) = files.tree(path)
            for problem in found {
                if problem.line == 0 {
                    add(name, "from \(quoted(path)): \(problem.message)")
                } else {
                    problems.append(problem)
                }
            }
            guard let root else { return nil }
            guard let combination else { return root }
            return combination.substituted(root, &problems)
        }
    }
}
