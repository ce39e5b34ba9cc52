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
        try Running(words: words, in: folder, environment: environment).end()
    }
}

/// A program that runs.
struct Running {
    let process = Process()
    private let scratch: Scratch
    var pid: Int32 { process.processIdentifier }

    init(_ arguments: [String], in folder: String) throws {
        try self.init(words: [Halfopen.binary] + arguments, in: folder, environment: [:])
    }

    init(words: [String], in folder: String, environment: [String: String]) throws {
        scratch = try Scratch()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        // Runs of tests are no part of anybody's history.
        var own = ProcessInfo.processInfo.environment
        own["HALFOPEN_HISTORY"] = nil
        process.environment = own.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        for name in ["out", "err"] { _ = try scratch.write(name, "") }
        process.standardOutput = FileHandle(forWritingAtPath: scratch.path + "/out")
        process.standardError = FileHandle(forWritingAtPath: scratch.path + "/err")
        try process.run()
    }

    /// Waits for it.
    func end() throws -> Halfopen.Outcome {
        process.waitUntilExit()
        return Halfopen.Outcome(
            status: process.terminationStatus, output: scratch.text("out"), errors: scratch.text("err"))
    }
}

/// A folder of its own that vanishes with this object.
final class Scratch {
    let path: String

    /// - Parameter parent: in the folder for temporary files when nil.
    init(in parent: String? = nil) throws {
        let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        path = parent.appendingPathComponent("halfopen-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    func bytes(_ name: String) -> Data { FileManager.default.contents(atPath: path + "/" + name) ?? Data() }

    func text(_ name: String) -> String { String(decoding: bytes(name), as: UTF8.self) }

    /// Names in a folder of it, hidden ones too; none when it is not there.
    func list(_ name: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + name)) ?? []).sorted()
    }

    /// Copies files of it into a folder, by their own names; makes it when it is not there.
    func copy(_ names: [String], to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in names {
            let own = URL(fileURLWithPath: name).lastPathComponent
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: folder + "/" + own)
        }
    }

    /// The path of a new file in it.
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
