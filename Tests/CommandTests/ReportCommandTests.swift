import Foundation
import JSONLines
import Testing

/// `halfopen report`, `run --report` and `list formats`: every format, from runs that were played.
@Suite struct ReportCommandTests {
    private static let scenario = TestScenario.text(
        timeline: ["{ at: 20s, until: 30s, fault: blackhole, between: [left, right] }"],
        expect: ["{ connects: client, within: 10s }", "{ recovery: client, after: blackhole, within: 1m }"])

    @Test func `reports of played runs are those that the runs had made`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        let asked = [
            "--report", "markdown", "--report", "html=pages/all.html", "--report", "otlp", "--report", "openmetrics",
        ]
        let played = try Played.play(scratch, ["--seeds", "9..10"] + asked)
        #expect(played.outcome.status == 0, "\(played.outcome.all)")
        for name in ["report.json", "junit.xml", "report.txt", "report.md", "report.otlp.jsonl", "metrics.txt"] {
            let format = try #require(
                [
                    "json": "report.json", "junit": "junit.xml", "text": "report.txt", "markdown": "report.md",
                    "otlp": "report.otlp.jsonl", "openmetrics": "metrics.txt",
                ].first { $0.value == name }?.key)
            let outcome = try Halfopen.run(
                ["report", scratch.path + "/reports", "--format", format, "--output", "again"], in: scratch.path)
            #expect(outcome.status == 0, "\(outcome.all)")
            #expect(scratch.bytes("again") == scratch.bytes("reports/\(name)"), "\(name)")
            #expect(!scratch.bytes("again").isEmpty)
        }
        // Real runs, as the written schema has them.
        let (program, schema) = ("Tests/ReportingTests/Checks/report.py", "docs/report.schema.json")
        let check = [program, schema].map { "\(Halfopen.root)/\($0)" }
        for name in ["report.json", "test/seed-9/result.json"] {
            let valid = try Halfopen.launch(["/usr/bin/python3"] + check + ["reports/\(name)"], in: scratch.path)
            #expect(valid.status == 0, "\(name): \(valid.all)")
        }
        #expect(scratch.text("reports/report.otlp.jsonl").split(separator: "\n").count == 4)
        // A page of all, which leads to a page of each.
        #expect(scratch.list("pages") == ["all-runs", "all.html"])
        #expect(scratch.list("pages/all-runs") == ["test-seed-10.html", "test-seed-9.html"])
        let matrix = scratch.text("pages/all.html")
        #expect(matrix.contains("<a href=\"all-runs/test-seed-9.html\">"))
        let page = scratch.text("pages/all-runs/test-seed-9.html")
        #expect(page.contains("halfopen run test.yaml --seed 9"))
        #expect(page.contains("client, received"))
    }

    @Test func `one run is one document, on standard output too`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        #expect(try Played.play(scratch, ["--pcap"]).outcome.status == 0)
        let page = try Halfopen.run(["report", "reports/test/seed-1", "--format", "html"], in: scratch.path)
        #expect(page.status == 0, "\(page.errors)")
        #expect(page.output.hasPrefix("<!DOCTYPE html>") && page.output.hasSuffix("</html>\n"))
        #expect(page.output.contains("id=\"timeline\""))
        let packets = try Halfopen.run(
            ["report", "reports", "--format", "pcapng", "--output", "all.pcapng"], in: scratch.path)
        #expect(packets.status == 0, "\(packets.all)")
        #expect(Array(scratch.bytes("all.pcapng").prefix(4)) == [0x0A, 0x0D, 0x0D, 0x0A])
        let words = ["/usr/bin/tshark", "-r", "all.pcapng", "-Y", "frame.comment", "-T", "fields"]
        let comments = try Halfopen.launch(words + ["-e", "frame.comment"], in: scratch.path)
        #expect(comments.output.contains("blackhole at 20s on left-right begins at 20s"), "\(comments.all)")
        #expect(comments.output.contains("blackhole at 20s on left-right ends at 30s"), "\(comments.all)")
    }

    @Test func `what cannot be made is said, and leaves what was there`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        #expect(try Played.play(scratch, ["--seeds", "1..2"]).outcome.status == 0)
        _ = try scratch.write("old.pcapng", "old")
        let cases: [([String], Int32, String)] = [
            (["report"], 64, "needs the folder of a run"),
            (["report", "nowhere"], 64, "nowhere: there is no such file or folder"),
            (["report", "reports/test/seed-1/logs"], 64, "no run is in this folder"),
            (["report", "reports", "--format", "pdf"], 64, "there is no format \"pdf\"; known are text, json, junit"),
            (["report", "reports", "--format", "pcapng"], 64, "is a document about one run, and these are 2"),
            (["report", "reports", "--format", "pcapng", "--output", "old.pcapng"], 64, "play it with --pcap"),
            (["report", "reports", "--format", "json", "--output", "/proc/x"], 69, "/proc/x cannot be written"),
            (["report", "test.yaml"], 65, "this is not a recording"),
            (["run", "test.yaml", "--report", "pdf"], 64, "there is no format \"pdf\""),
            (["run", "test.yaml", "--report", "html="], 64, "names no file"),
            (["run", "test.yaml", "--format", "html"], 64, "--format is text or json or junit"),
        ]
        for (words, status, message) in cases {
            let outcome = try Halfopen.run(words, in: scratch.path)
            #expect(outcome.status == status, "\(words): \(outcome.all)")
            #expect(outcome.errors.contains(message), "\(words): \(outcome.all)")
        }
        #expect(scratch.text("old.pcapng") == "old")
        #expect(scratch.list(".").allSatisfy { !$0.hasSuffix(".tmp") })
    }

    @Test func `builds are compared, from folders and from a committed baseline`() throws {
        let scratch = try TestScenario.folder(Self.scenario)
        #expect(try Played.play(scratch, ["--seeds", "1..2", "--report", "baseline=old.json"]).outcome.status == 0)
        let same = try Halfopen.run(["compare", "old.json", "reports"], in: scratch.path)
        #expect(same.status == 0, "\(same.all)")
        #expect(same.output.hasPrefix("NO REGRESSION  2 pairs of runs: 0 verdicts changed"), "\(same.all)")
        // A client that comes back too late for what it owes now.
        let strict = Self.scenario.replacingOccurrences(of: "within: 1m", with: "within: 1m, stages: { detect: 1s }")
        _ = try scratch.write("test.yaml", strict)
        #expect(try Played.play(scratch, ["--seeds", "1..2"]).outcome.status == 1)
        let worse = try Halfopen.run(["compare", "old.json", "reports", "--format", "json"], in: scratch.path)
        #expect(worse.status == 1, "\(worse.all)")
        #expect(Played(worse).report["changes"]?.array?.count == 2)
        let page = ["compare", "old.json", "reports", "--format", "html", "--output", "x/page.html"]
        #expect(try Halfopen.run(page, in: scratch.path).status == 1)
        #expect(scratch.text("x/page.html").contains("REGRESSED"))
        for (words, message) in [
            (["old.json"], "needs two sets of runs"), (["old.json", "nowhere"], "nowhere"),
            (["old.json", "reports/test/seed-1/logs"], "no run is in this folder"),
            (["reports/test/seed-1/result.json", "none.json"], "none.json"),
        ] {
            let outcome = try Halfopen.run(["compare"] + words, in: scratch.path)
            #expect(outcome.status == 64, "\(outcome.all)")
            #expect(outcome.errors.contains(message), "\(outcome.all)")
        }
    }

    @Test func `formats are listed`() throws {
        let outcome = try Halfopen.run(["list", "formats", "--format", "json"])
        let names = Played(outcome).report["items"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(names == ["text", "json", "junit", "markdown", "openmetrics", "otlp", "pcapng", "html", "baseline"])
    }
}
