import Foundation
import JSONLines
import Testing

/// `halfopen history`, and that every run comes into it.
@Suite struct HistoryCommandTests {
    private static let scenario = TestScenario.text(
        timeline: ["{ at: 20s, until: 30s, fault: blackhole, between: [left, right] }"],
        expect: ["{ connects: client, within: 10s }", "{ recovery: client, after: blackhole, within: 1m }"])
    /// One after the other: in this order they are stored.
    private static let two = ["--seeds", "1..2", "--jobs", "1"]
    /// A CI service's word for what it has checked out, and none of another's.
    private static func branch(_ name: String) -> [String: String] {
        ["GITHUB_HEAD_REF": "", "GITHUB_REF_NAME": name, "GITHUB_SHA": "4f5e6a7b", "HALFOPEN_HISTORY": ""]
    }

    private func history(_ words: [String], _ scratch: Scratch, status: Int32 = 0) throws -> JSON {
        let outcome = try Halfopen.run(["history"] + words + ["--format", "json"], in: scratch.path)
        #expect(outcome.status == status, "\(words): \(outcome.all)")
        return Played(outcome).report
    }

    private func runs(_ scratch: Scratch, _ words: [String] = []) throws -> [JSON] {
        try history(["list", "--limit", "0"] + words, scratch)["runs"]?.array ?? []
    }

    @Test func `every run is stored, unless nobody wants that`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        let played = try Played.play(scratch, ["--seeds", "3..4", "--jobs", "1"], environment: Self.branch("main"))
        #expect(played.outcome.status == 0, "\(played.outcome.all)")
        #expect(try Played.play(scratch, ["--no-history"]).outcome.status == 0)
        #expect(scratch.list("reports").contains("history.sqlite"))
        // Nothing of the write-ahead log stays when nobody writes.
        #expect(!scratch.list("reports").contains { $0.hasPrefix("history.sqlite-") })
        let stored = try runs(scratch)
        #expect(stored.map { $0["seed"]?.integer } == [3, 4])
        #expect(stored.allSatisfy { $0["branch"]?.string == "main" && $0["commit"]?.string == "4f5e6a7b" })
        // What the report says, but for the evidence.
        for (run, told) in zip(stored, played.report["runs"]?.array ?? []) {
            for key in ["verdict", "recording", "recording_sha256", "figures", "virtual_seconds", "command", "tags"] {
                #expect(run[key] == told[key], "\(key)")
            }
            #expect(run["findings"]?.array?.map { $0["measured"] } == told["findings"]?.array?.map { $0["measured"] })
        }
        // Where somebody wants it.
        #expect(try Played.play(scratch, ["--history", "a/b.sqlite"]).outcome.status == 0)
        #expect(try Played.play(scratch, environment: ["HALFOPEN_HISTORY": "c.sqlite"]).outcome.status == 0)
        #expect(try runs(scratch).count == 2)
        #expect(try runs(scratch, ["--history", "a/b.sqlite"]).count == 1)
        #expect(try runs(scratch, ["--history", "c.sqlite"]).count == 1)
        let both = try Halfopen.run(["run", "test.yaml", "--history", "x", "--no-history"], in: scratch.path)
        #expect(both.status == 64)
    }

    @Test func `runs are listed, shown, followed, compared and taken out`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        #expect(try Played.play(scratch, Self.two, environment: Self.branch("main")).outcome.status == 0)
        let strict = Self.scenario.replacingOccurrences(of: "within: 1m", with: "within: 1m, stages: { detect: 1s }")
        _ = try scratch.write("test.yaml", strict)
        #expect(try Played.play(scratch, Self.two, environment: Self.branch("topic")).outcome.status == 1)
        let list = try Halfopen.run(["history", "list", "--limit", "3"], in: scratch.path)
        #expect(list.output.split(separator: "\n").count == 4, "\(list.all)")
        #expect(list.errors.contains("3 of the 4 runs in reports/history.sqlite"), "\(list.all)")
        #expect(try runs(scratch, ["--verdict", "fail"]).map { $0["id"]?.integer } == [3, 4])
        let shown = try Halfopen.run(["history", "show", "3"], in: scratch.path)
        #expect(shown.output.hasPrefix("FAIL  test  seed 1"), "\(shown.all)")
        #expect(shown.output.contains("branch  topic") && shown.output.contains("again:"), "\(shown.all)")
        let trend = try history(["trend", "--by", "branch"], scratch)
        let groups = trend["courses"]?.array?.first?["groups"]?.array ?? []
        #expect(groups.map { $0["name"]?.string } == ["main", "topic"])
        #expect(groups.map { $0["verdicts"]?["pass"]?.integer } == [2, nil])
        let text = try Halfopen.run(["history", "trend", "--metric", "connects"], in: scratch.path)
        #expect(text.output.contains("connects: client, within: 10s"), "\(text.all)")
        #expect(!text.output.contains("recovery: client"), "\(text.all)")
        let compared = try Halfopen.run(
            ["compare", "history:main", "history:topic", "--format", "json"], in: scratch.path)
        #expect(compared.status == 1, "\(compared.all)")
        #expect(Played(compared).report["changes"]?.array?.count == 2, "\(compared.all)")
        let unknown = try Halfopen.run(["compare", "history:main", "history:mian"], in: scratch.path)
        #expect(unknown.status == 64 && unknown.errors.contains("branches: topic, main"), "\(unknown.all)")
        let prune = try Halfopen.run(["history", "prune", "--keep", "1"], in: scratch.path)
        #expect(prune.output == "3 runs were taken out of reports/history.sqlite\n", "\(prune.all)")
        #expect(try runs(scratch).map { $0["id"]?.integer } == [4])
        let added = try Halfopen.run(["history", "add", "reports", "reports/report.json"], in: scratch.path)
        #expect(added.output == "4 runs were stored in reports/history.sqlite\n", "\(added.all)")
    }

    @Test func `what cannot be done is said`() throws {
        let scratch = try Scratch()
        let cases: [([String], Int32, String)] = [
            ([], 64, "needs one of list, show, trend, prune, add"), (["lst"], 64, "needs one of list"),
            (["list"], 64, "reports/history.sqlite: there is no history here"),
            (["list", "--keep", "3"], 64, "halfopen history list has no --keep"),
            (["list", "x"], 64, "takes options only"), (["show"], 64, "needs the number of a run"),
            (["prune"], 64, "needs to be told what may go"), (["add"], 64, "needs folders or JSON reports"),
            (["add", "nowhere"], 64, "nowhere: there is no such file or folder"),
        ]
        for (words, status, message) in cases {
            let outcome = try Halfopen.run(["history"] + words, in: scratch.path)
            #expect(outcome.status == status, "\(words): \(outcome.all)")
            #expect(outcome.errors.contains(message), "\(words): \(outcome.all)")
        }
        #expect(scratch.list(".") == [])
        _ = try scratch.write("reports/history.sqlite", String(repeating: "damaged\n", count: 1000))
        let damaged = try Halfopen.run(["history", "list"], in: scratch.path)
        #expect(damaged.status == 69, "\(damaged.all)")
        #expect(damaged.errors.contains("the history reports/history.sqlite is damaged"), "\(damaged.all)")
    }

    @Test func `a damaged history loses no run`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        _ = try scratch.write("reports/history.sqlite", String(repeating: "damaged\n", count: 1000))
        let played = try Played.play(scratch, ["--seeds", "1..2"])
        #expect(played.outcome.status == 69, "\(played.outcome.all)")
        #expect(played.outcome.errors.contains("history.sqlite is damaged"), "\(played.outcome.all)")
        #expect(played.report["runs"]?.array?.map { $0["verdict"]?.string } == ["pass", "pass"])
        #expect(scratch.list("reports/test") == ["seed-1", "seed-2"])
        #expect(scratch.text("reports/history.sqlite").hasPrefix("damaged\n"), "the file was touched")
        // As its message says.
        let aside = ["/bin/mv", "reports/history.sqlite", "aside"]
        #expect(try Halfopen.launch(aside, in: scratch.path).status == 0)
        #expect(try Halfopen.run(["history", "add", "reports"], in: scratch.path).status == 0)
        #expect(try runs(scratch).count == 2)
    }
}
