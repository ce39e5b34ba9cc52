import Foundation

/// The repository, and running small programs on this machine.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Files of a folder by name, sorted.
    static func files(_ folder: String, ending: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path(percentEncoded: false))
            .filter { $0.hasSuffix(ending) }.sorted().map { folder + "/" + $0 }
    }
}

struct Output {
    var lines: [[UInt8]]
    var status: Int32
    var text: String { lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n") }
}

/// Runs a program to its end; `input` is its standard input. Its standard error goes into the output as well when it
/// fails.
func run(_ command: [String], environment: [String: String] = [:], input: String = "") throws -> Output {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, feed) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardInput = feed
    try process.run()
    try feed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try feed.fileHandleForWriting.close()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let lines = [UInt8](bytes).split(separator: 0x0A, omittingEmptySubsequences: false)
    return Output(lines: lines.dropLast().map(Array.init), status: process.terminationStatus)
}

/// A folder that goes away with this object.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "halfopen-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = url.appending(path: name)
        try text.write(to: file, atomically: false, encoding: .utf8)
        return file.path(percentEncoded: false)
    }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}

/// Python with the helper module at hand.
func python(_ program: String, input: String = "") throws -> Output {
    let folder = try TemporaryFolder()
    let file = try folder.write("driver.py", program)
    let helper = Repository.root.appending(path: "drivers/python").path(percentEncoded: false)
    // Without site-packages (-S), which may import anything. No bytecode is left in the repository.
    return try run(
        ["python3", "-S", file], environment: ["PYTHONPATH": helper, "PYTHONDONTWRITEBYTECODE": "1"], input: input)
}

/// A C program with the helper header at hand, every warning an error.
func c(_ program: String) throws -> Output {
    let folder = try TemporaryFolder()
    let file = try folder.write("driver.c", program)
    let include = Repository.root.appending(path: "drivers/c").path(percentEncoded: false)
    let compiled = try run([
        "gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-I", include, "-o", folder.path("driver"), file,
    ])
    guard compiled.status == 0 else { throw CompilerFailed(output: compiled.text) }
    return try run([folder.path("driver")])
}

struct CompilerFailed: Error { var output: String }
