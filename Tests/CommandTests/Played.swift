import Foundation
import JSONLines
import Testing

/// A `halfopen run --format json` that came to an end, and what it left.
struct Played {
    var outcome: Halfopen.Outcome
    /// What it left stays as long as this.
    var scratch: Scratch?
    /// The last line of its standard output.
    var report: JSON
    /// The first of the runs.
    var run: JSON { report["runs"]?.array?.first ?? .null }
    var verdict: String { run["verdict"]?.string ?? "none" }
    var sha256: String { run["recording_sha256"]?.string ?? "none" }
    /// Everything that is told, on one line: tables wrap their texts.
    var told: String {
        outcome.all.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    }

    /// Plays `test.yaml` of a folder, in that folder.
    static func play(
        _ scratch: Scratch, _ arguments: [String] = [], environment: [String: String] = [:], prefix: [String] = []
    ) throws -> Played {
        let words = prefix + [Halfopen.binary, "run", "test.yaml", "--format", "json"] + arguments
        return Played(try Halfopen.launch(words, in: scratch.path, environment: environment), scratch)
    }

    init(_ outcome: Halfopen.Outcome, _ scratch: Scratch? = nil) {
        self.outcome = outcome
        self.scratch = scratch
        let line = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
        report = (try? JSON(parsing: Array(line.utf8))) ?? .null
    }

    /// A recording, its header first.
    static func lines(of recording: String) -> [JSON] {
        let bytes = FileManager.default.contents(atPath: recording) ?? Data()
        return bytes.split(separator: 0x0A).compactMap { try? JSON(parsing: Array($0)) }
    }

    var events: [JSON] { Array(Played.lines(of: run["recording"]?.string ?? "").dropFirst()) }

    /// Events of an actor's life.
    func changes(_ actor: String, _ what: String) -> [JSON] {
        events.filter { $0["event"] == "actor" && $0["what"]?.string == what && $0["actor"]?.string == actor }
    }

    /// `said` events of a driver.
    func said(_ actor: String, _ what: String) -> [JSON] {
        events.filter { $0["event"] == "driver" && $0["what"]?.string == what && $0["actor"]?.string == actor }
    }

    /// The findings with this beginning.
    func findings(_ expectation: String) -> [JSON] {
        (run["findings"]?.array ?? []).filter { $0["expectation"]?.string?.hasPrefix(expectation) == true }
    }

    /// Whole, and in place: nothing half done is beside it.
    func expectKept(in scratch: Scratch, seed: String = "seed-1", sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(scratch.list("reports/test") == [seed], "\(outcome.all)", sourceLocation: sourceLocation)
        #expect(events.last?["event"] == "end", "\(outcome.all)", sourceLocation: sourceLocation)
        #expect(scratch.has("reports/test/\(seed)/logs"), sourceLocation: sourceLocation)
        #expect(scratch.has("reports/test/\(seed)/result.json"), sourceLocation: sourceLocation)
    }
}
