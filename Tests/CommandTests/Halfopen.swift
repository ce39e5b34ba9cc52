import Foundation
import Testing

/// The built command line, run from outside as a user would.
struct Halfopen {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
        /// Both, for messages of failed tests.
        var all: String { "exit \(status)\n\(output)\(errors)" }
    }

    /// `make test` names the release binary; otherwise the debug build of this checkout is taken.
    static let binary = ProcessInfo.processInfo.environment["HALFOPEN_BINARY"] ?? root + "/.build/debug/halfopen"

    /// Of the checkout.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @discardableResult
    static func run(
        _ arguments: [String], in folder: String = root, environment: [String: String] = [:]
    ) throws -> Outcome {
        try launch([binary] + arguments, in: folder, environment: environment)
    }

    /// Any program; its output is read from files, so that a flood cannot block it.
    static func launch(
        _ words: [String], in folder: String = root, environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let scratch = try Scratch()
        let (out, err) = (scratch.path + "/out", scratch.path + "/err")
        for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        try process.run()
        process.waitUntilExit()
        func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
        return Outcome(status: process.terminationStatus, output: text(out), errors: text(err))
    }
}

/// A folder of its own that vanishes with this object.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("halfopen-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a new file in it.
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
