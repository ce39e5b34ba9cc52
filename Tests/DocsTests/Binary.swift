import Foundation

/// The built program, run from outside.
enum Binary {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    /// `make test` names the release binary; otherwise the debug build of this checkout is taken.
    static let path = ProcessInfo.processInfo.environment["HALFOPEN_BINARY"] ?? Page.root + "/.build/debug/halfopen"

    static func run(_ arguments: [String], in folder: String = Page.root) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        // Runs of tests are no part of anybody's history.
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "HALFOPEN_HISTORY" }
        process.standardInput = FileHandle.nullDevice
        // Into files: two pipes that are read one after the other could block it.
        let scratch = try Scratch()
        let (out, err) = (scratch.path + "/out", scratch.path + "/err")
        for file in [out, err] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOfFile: out, encoding: .utf8),
            errors: try String(contentsOfFile: err, encoding: .utf8))
    }
}

/// A folder of its own that vanishes with this object.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("halfopen-docs-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
