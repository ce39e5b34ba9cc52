import Foundation
import Testing

/// The checkout, as far as it is ours: what was built, downloaded or reported is left out.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Every file that can be read as text, sorted by path.
    static let files: [SourceFile] = {
        var paths: [String] = []
        collect("", &paths)
        return paths.compactMap { path in
            guard let bytes = FileManager.default.contents(atPath: "\(root)/\(path)") else { return nil }
            return String(bytes: bytes, encoding: .utf8).map { SourceFile(path: path, text: $0) }
        }
    }()

    static let swift = files.filter { $0.path.hasSuffix(".swift") }
    static let sources = files.filter { $0.path.hasPrefix("Sources/") && ($0.isC || $0.path.hasSuffix(".swift")) }
    static let swiftSources = sources.filter { !$0.isC }

    /// Names of the folders directly in `folder`, sorted.
    static func folders(in folder: String) -> [String] {
        let below = files.filter { $0.path.hasPrefix(folder + "/") }
        return Set(below.compactMap(\.module)).sorted()
    }

    private static func collect(_ folder: String, _ paths: inout [String]) {
        let skipped: Set = [".git", ".build", ".swiftpm", "reports", "__pycache__"]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        for name in names.sorted() where !skipped.contains(name) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder)
            if isFolder.boolValue { collect(path, &paths) } else { paths.append(path) }
        }
    }
}

struct SourceFile {
    /// From the root of the checkout.
    let path: String
    let text: String
    let lines: [Substring]
    /// The text with the inside of strings and comments blanked, line by line: what is left is code. The text itself
    /// when it is neither Swift nor C.
    let code: String
    let codeLines: [Substring]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if path.hasSuffix(".swift") {
            code = CodeMask.ofSwift(text)
        } else {
            code = path.hasSuffix(".c") || path.hasSuffix(".h") ? CodeMask.ofC(text) : text
        }
        codeLines = code.split(separator: "\n", omittingEmptySubsequences: false)
    }

    var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }

    /// The module or test target that it belongs to: Labs for `Sources/Labs/Lab.swift`.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : nil
    }
}

/// A place that breaks a rule, as an editor can open it.
struct Breach: CustomStringConvertible {
    let file: SourceFile
    /// From 1.
    let line: Int
    let what: String
    var description: String { "\(file.path):\(line): \(what)" }

    /// Fails the test with one line for each.
    static func none(_ breaches: [Breach], sourceLocation: SourceLocation = #_sourceLocation) {
        guard !breaches.isEmpty else { return }
        Issue.record("\(breaches.map { "\n" + $0.description }.joined())", sourceLocation: sourceLocation)
    }
}
