import Foundation
import JSONLines
import Testing

/// What `halfopen run` shows before a terminal while it plays, and what stands there when it has ended.
@Suite(.serialized) struct LiveProgressTests {
    /// Long enough in wall-clock time to be looked at some times: a message a second for half an hour.
    private static let scenario = TestScenario.text(
        timeline: ["{ at: 10s, until: 25m, fault: delay, between: [left, right], delay: 20ms }"], end: "30m",
        expect: ["{ connects: client, within: 10s }"])

    private static let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("terminal.py").path

    private func watch(
        _ scratch: Scratch, _ words: [String], columns: Int = 100, lines: Int = 24, environment: [String: String] = [:]
    ) throws -> JSON {
        let own = ["TERM": "xterm", "CI": "", "NO_COLOR": ""].merging(environment) { $1 }
        let command = ["/usr/bin/python3", Self.program, String(columns), String(lines), Halfopen.binary, "run"]
        let outcome = try Halfopen.launch(command + words, in: scratch.path, environment: own)
        #expect(outcome.status == 0, "\(outcome.all)")
        return try JSON(parsing: Array(outcome.output.utf8))
    }

    private func frames(_ seen: JSON) -> [String] { seen["frames"]?.array?.compactMap(\.string) ?? [] }

    @Test func `a terminal shows where the runs are, and is clean afterwards`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        let seen = try watch(scratch, ["test.yaml", "--seeds", "1..3", "--jobs", "2"], columns: 140)
        #expect(seen["status"] == 0 && seen["unknown"] == [] && seen["broken"] == 0, "\(seen)")
        let frames = frames(seen)
        let drawn = frames.filter { $0.contains("[0/3]\n  test seed 1  ") }
        #expect(!drawn.isEmpty, "\(frames)")
        #expect(frames.contains { $0.contains(#/test seed 1  .* of 30m/#) && $0.contains("\n  test seed 2  ") })
        #expect(frames.contains { $0.contains("delay on left-right  1 session up  ") }, "\(frames)")
        #expect(frames.contains { $0.contains(#/session up  \d+x/#) }, "\(frames)")
        #expect(frames.contains { $0.contains("[1/3]  1 pass") || $0.contains("[2/3]  2 pass") }, "\(frames)")
        // Reports, and nothing of the lines that were written over.
        let screen = seen["screen"]?.string ?? ""
        #expect(screen.hasPrefix("PASS  test  seed "), "\(screen)")
        #expect(screen.contains("3 runs: 3 pass"), "\(screen)")
        #expect(!screen.contains("of 30m  ") && !screen.contains("/3]"), "\(screen)")
    }

    @Test func `a narrow terminal shows the beginning of each line`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        let seen = try watch(scratch, ["test.yaml", "--format", "json"], columns: 24)
        // The report's own lines are longer; of the lines that are written over none is broken.
        let drawn = frames(seen).filter { $0.hasPrefix("[0/1]\n") }
        #expect(!drawn.isEmpty, "\(seen)")
        #expect(drawn.allSatisfy { $0.split(separator: "\n").count == 2 }, "\(drawn)")
        #expect(drawn.allSatisfy { $0.split(separator: "\n").allSatisfy { $0.count <= 23 } }, "\(drawn)")
    }

    @Test func `whoever watches changes nothing`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        let alone = try Played.play(scratch, ["--seed", "5"])
        #expect(alone.outcome.status == 0 && alone.sha256.count == 64, "\(alone.outcome.all)")
        _ = try watch(scratch, ["test.yaml", "--seed", "5"])
        let watched = try JSON(parsing: Array(scratch.bytes("reports/test/seed-5/result.json")))
        #expect(watched["runs"]?.array?.first?["recording_sha256"]?.string == alone.sha256)
    }

    @Test(arguments: [["CI": "true"], ["TERM": "dumb"]])
    func `logs and simple terminals get reports only`(_ environment: [String: String]) throws {
        let scratch = try TestScenario.folder(Self.scenario)
        let seen = try watch(scratch, ["test.yaml"], environment: environment)
        #expect(frames(seen).allSatisfy { !$0.contains("[0/1]") }, "\(seen)")
        #expect(seen["screen"]?.string?.hasPrefix("PASS  test") == true)
    }

    @Test func `no colours where nobody wants them`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        func colours(_ environment: [String: String]) throws -> Bool {
            let words = ["/usr/bin/script", "-qec", "\(Halfopen.binary) run test.yaml --seed 2", "/dev/null"]
            let own = ["TERM": "xterm", "CI": ""].merging(environment) { $1 }
            let outcome = try Halfopen.launch(words, in: scratch.path, environment: own)
            #expect(outcome.output.contains("PASS") && outcome.output.contains("[0/1]"), "\(outcome.all)")
            return outcome.output.contains(#/\x{1B}\[\d+m/#)
        }
        #expect(try colours(["NO_COLOR": ""]))
        #expect(try !colours(["NO_COLOR": "1"]))
    }
}
