import Foundation
import Judging
import Reporting

/// A folder of its own that vanishes with this object.
final class Folder {
    let path: String
    /// Where a history may be.
    var history: String { path + "/history.sqlite" }

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("halfopen-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: Data) throws {
        let file = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    /// What SQLite itself, by another hand than ours, does with a file here.
    func sqlite(_ name: String, _ sql: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        let program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.close()"
        process.arguments = ["-c", program, path + "/" + name, sql]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}

/// Runs as a history is given them.
enum Sample {
    static func run(
        _ scenario: String = "outage", seed: UInt64 = 1, _ verdict: Verdict = .pass, measured: Double = 6,
        build: ClientBuild = ClientBuild(), lab: String = "virtual"
    ) -> RunResult {
        let findings = [
            Finding(
                expectation: "recovery: client, within: 30s", verdict: verdict, measured: measured, bound: 30,
                unit: "s", summary: "It came back.\u{0}Zeros stay."),
            Finding(
                expectation: "no-gaps: feed -> client", verdict: .void, measured: nil, bound: nil, unit: "messages",
                summary: "Nothing was sent."),
        ]
        var result = RunResult(
            scenario: scenario, summary: "A test's \"summary\"", clients: ["client"], tags: ["a", "b, c"], seed: seed,
            lab: lab, judgement: Judgement(verdict: verdict, reasons: ["why"], findings: findings),
            recording: "/r/recording.jsonl", sha256: "abab", virtualSeconds: 1800.25, wallSeconds: 1.5,
            hostCPUSeconds: 1.25, command: "halfopen run x.yaml")
        result.figures = [ShownFigure(name: "recovery of client, median", seconds: measured)]
        result.notes = ["a note"]
        result.build = build
        return result
    }
}
