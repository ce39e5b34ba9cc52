import Foundation
import JSONLines
import Testing

/// Many writers at once, and writers that are killed: a history loses nothing, and a report is the old one or the new
/// one.
@Suite(.serialized) struct WritingTests {
    private static let findings = 3

    /// A report of so many runs, as another machine might send it.
    private func report(_ scenario: String, runs: Int) -> String {
        let findings: [JSON] = (0..<Self.findings).map { place in
            [
                "expectation": .string("expectation \(place)"), "verdict": "pass", "measured": .integer(Int64(place)),
                "bound": 5, "unit": "s", "summary": .string(String(repeating: "x", count: 200)),
            ]
        }
        let all = (1...runs).map { seed -> JSON in
            [
                "scenario": .string(scenario), "seed": .integer(Int64(seed)), "lab": "virtual", "verdict": "pass",
                "findings": .array(findings), "figures": [["name": "a figure", "seconds": 1.5]],
            ]
        }
        return (["format": 1, "runs": .array(all)] as JSON).line
    }

    /// Every run of the history, each of which must be whole.
    private func seeds(_ scratch: Scratch, _ scenario: String) throws -> [Int64] {
        let words = ["history", "list", "--limit", "0", "--scenario", scenario, "--history", "h.sqlite"]
        let outcome = try Halfopen.run(words + ["--format", "json"], in: scratch.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let runs = Played(outcome).report["runs"]?.array ?? []
        for run in runs {
            #expect(run["findings"]?.array?.count == Self.findings && run["figures"]?.array?.count == 1)
        }
        return runs.compactMap { $0["seed"]?.integer }
    }

    private func add(_ scratch: Scratch, _ name: String) throws -> Running {
        try Running(["history", "add", name, "--history", "h.sqlite"], in: scratch.path)
    }

    @Test func `eight processes store a thousand runs each into one history`() throws {
        let scratch = try Scratch()
        for writer in 1...8 { _ = try scratch.write("\(writer).json", report("writer-\(writer)", runs: 1000)) }
        // The file does not exist: they all make it.
        let start = Date()
        let writers = try (1...8).map { try add(scratch, "\($0).json") }
        for writer in writers {
            let outcome = try writer.end()
            #expect(outcome.status == 0, "\(outcome.all)")
        }
        let took = Date().timeIntervalSince(start)
        for writer in 1...8 { #expect(try seeds(scratch, "writer-\(writer)") == Array(1...1000), "\(took) s") }
        #expect(scratch.list(".").filter { $0.hasPrefix("h.") } == ["h.sqlite"])
    }

    @Test func `kill -9 while a history is written leaves whole runs`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("all.json", report("killed", runs: 400))
        let start = Date()
        #expect(try add(scratch, "all.json").end().status == 0)
        let latest = Date().timeIntervalSince(start)
        try FileManager.default.removeItem(atPath: scratch.path + "/h.sqlite")
        var moments = Moments(state: 20_261_121)
        var cut = 0
        for _ in 0..<20 {
            let before = scratch.has("h.sqlite") ? try seeds(scratch, "killed") : []
            let run = try add(scratch, "all.json")
            usleep(UInt32(moments.next() * latest * 1e6))
            Foundation.kill(run.pid, SIGKILL)
            _ = try run.end()
            guard scratch.has("h.sqlite") else { continue }
            let after = try seeds(scratch, "killed")
            // What was there is there, and what came is the beginning of what was to come.
            let new = after.count - before.count
            #expect(after == before + Array(1...400).prefix(new).map(Int64.init))
            if new > 0 && new < 400 { cut += 1 }
        }
        #expect(cut >= 5, "the kills did not come while it wrote")
        let check =
            "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone())"
        let outcome = try Halfopen.launch(["/usr/bin/python3", "-c", check, scratch.path + "/h.sqlite"])
        #expect(outcome.output == "ok\n", "\(outcome.all)")
    }

    /// Every format that stands in a file; of one run, as those about a run need.
    @Test func `kill -9 while a report is written leaves the old one or the new one`() throws {
        let scratch = try TestScenario.folder(
            TestScenario.text(end: "10m", expect: ["{ connects: client, within: 10s }"]))
        #expect(try Played.play(scratch, ["--pcap"]).outcome.status == 0)
        var moments = Moments(state: 20_261_122)
        var (old, new) = (0, 0)
        for format in ["text", "json", "junit", "markdown", "openmetrics", "otlp", "pcapng", "html", "baseline"] {
            let words = ["report", "reports", "--format", format, "--output", "out/report"]
            let start = Date()
            #expect(try Halfopen.run(words, in: scratch.path).status == 0)
            let latest = Date().timeIntervalSince(start)
            let whole = scratch.bytes("out/report")
            #expect(!whole.isEmpty)
            for _ in 0..<6 {
                _ = try scratch.write("out/report", "the old one")
                let run = try Running(words, in: scratch.path)
                // Most of its time it reads: the last fifth is what matters.
                usleep(UInt32((0.8 + moments.next() * 0.3) * latest * 1e6))
                Foundation.kill(run.pid, SIGKILL)
                _ = try run.end()
                let found = scratch.bytes("out/report")
                #expect(found == whole || found == Data("the old one".utf8), "\(format): \(found.count) bytes")
                if found == whole { new += 1 } else { old += 1 }
            }
        }
        #expect(old > 0 && new > 0, "\(old) old, \(new) new: the kills did not come around the writing")
    }

    @Test func `killed in the middle of a report, nothing of it stays behind`() throws {
        let scratch = try TestScenario.folder(
            TestScenario.text(end: "10m", expect: ["{ connects: client, within: 10s }"]))
        #expect(try Played.play(scratch).outcome.status == 0)
        _ = try scratch.write("out/report", "the old one")
        // The kernel ends whoever writes more than 4 KiB into a file: in the middle of a page of some 90 kB.
        let command = "ulimit -f 8; exec \(Halfopen.binary) report reports --format html --output out/report"
        let outcome = try Halfopen.launch(["/bin/sh", "-c", command], in: scratch.path)
        #expect(outcome.status != 0, "\(outcome.all)")
        #expect(scratch.list("out") == ["report"])
        #expect(scratch.bytes("out/report") == Data("the old one".utf8))
    }
}
