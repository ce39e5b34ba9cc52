import Foundation
import FoundationXML
import JSONLines
import Testing

/// The commands beside `run`, and what machines may rely on.
@Suite struct CommandsTests {
    /// A run that fails: the client notices after its timeout of five seconds, and one is allowed.
    private let failing = TestScenario.text(
        timeline: ["{ at: 20s, until: 30s, fault: blackhole, between: [left, right] }"],
        expect: [
            "{ connects: client, within: 10s }",
            "{ recovery: client, after: blackhole, within: 1m, stages: { detect: 1s } }",
            "{ no-gaps: server -> client }", "{ no-duplicates: server -> client }",
        ])

    /// Verdict, reasons and findings; not what a run took.
    private func judged(_ run: JSON) -> [JSON?] {
        [run["verdict"], run["reasons"], run["findings"], run["recording_sha256"]]
    }

    private func report(_ outcome: Halfopen.Outcome) -> JSON { Played(outcome).run }

    // MARK: judge

    @Test func `judge says what run said, from the file alone`() throws {
        let scratch = try TestScenario.folder(failing)
        let played = try Played.play(scratch)
        #expect(played.outcome.status == 1, "\(played.outcome.all)")
        #expect(played.findings("recovery").first?["verdict"] == "fail", "\(played.outcome.all)")
        // Nothing of the scenario is there any more, and the recording is somewhere else.
        let elsewhere = try Scratch()
        try scratch.copy(["reports/test/seed-1/recording.jsonl"], to: elsewhere.path + "/x")
        try FileManager.default.removeItem(atPath: scratch.path)
        for operand in ["x", "x/recording.jsonl"] {
            let again = try Halfopen.run(["judge", operand, "--format", "json"], in: elsewhere.path)
            #expect(again.status == 1, "\(again.all)")
            #expect(judged(report(again)) == judged(played.run), "\(again.all)")
        }
        // The file is as it was.
        let text = try Halfopen.run(["judge", "x"], in: elsewhere.path)
        #expect(text.status == 1)
        #expect(text.output.contains("fail: recovery: client"), "\(text.all)")
        #expect(elsewhere.list("x") == ["recording.jsonl"])
    }

    @Test func `judge takes the expectations of another file`() throws {
        let scratch = try TestScenario.folder(failing)
        #expect(try Played.play(scratch).outcome.status == 1)
        let easy = failing.replacingOccurrences(of: "detect: 1s", with: "detect: 10s")
            .replacingOccurrences(of: "  - { no-gaps: server -> client }\n", with: "")
        _ = try scratch.write("easy.yaml", easy)
        let outcome = try Halfopen.run(
            ["judge", "reports/test/seed-1", "--expect", "easy.yaml", "--format", "json"], in: scratch.path)
        #expect(outcome.status == 0, "\(outcome.all)")
        #expect(report(outcome)["verdict"] == "pass")
        _ = try scratch.write("wrong.yaml", easy.replacingOccurrences(of: "within: 1m", with: "within: 1"))
        let wrong = try Halfopen.run(
            ["judge", "reports/test/seed-1", "--expect", "wrong.yaml"], in: scratch.path)
        #expect(wrong.status == 65, "\(wrong.all)")
        #expect(wrong.errors.contains(#/wrong\.yaml:\d+:\d+: /#), "\(wrong.all)")
    }

    /// A run that the watchdog ended, one whose client crashed, one that never began.
    @Test(arguments: ["spins", "crashes", "dies-before", "yes"])
    func `judge agrees about runs that went wrong`(_ way: String) throws {
        let scratch = try TestScenario.folder(TestScenario.text(client: "[python3, actors.py, \(way)]"))
        let played = try Played.play(scratch, ["--patience", "4"])
        let again = try Halfopen.run(["judge", "reports/test/seed-1", "--format", "json"], in: scratch.path)
        #expect(again.status == played.outcome.status, "\(again.all)")
        #expect(judged(report(again)) == judged(played.run), "\(again.all) \(played.outcome.all)")
    }

    @Test func `a recording that was cut off is judged as that`() throws {
        let scratch = try TestScenario.folder(TestScenario.text())
        #expect(try Played.play(scratch).outcome.status == 0)
        let bytes = scratch.bytes("reports/test/seed-1/recording.jsonl")
        for length in [bytes.count - 1, bytes.count / 2, 700] {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: scratch.path + "/cut.jsonl"))
            let outcome = try Halfopen.run(["judge", "cut.jsonl", "--format", "json"], in: scratch.path)
            #expect(outcome.status == 70, "\(length): \(outcome.all)")
            #expect(report(outcome)["reasons"]?.array?.first?.string?.contains("cut off") == true, "\(outcome.all)")
        }
        for text in ["", "not a recording\n", "{}\n"] {
            _ = try scratch.write("cut.jsonl", text)
            let outcome = try Halfopen.run(["judge", "cut.jsonl"], in: scratch.path)
            #expect(outcome.status == 65, "\(outcome.all)")
            #expect(outcome.errors.contains("cut.jsonl: this is not a recording"), "\(outcome.all)")
        }
    }

    // MARK: run

    @Test func `run leaves reports, and ends with one line for machines`() throws {
        let scratch = try TestScenario.folder(failing)
        _ = try scratch.write("more/other.yaml", TestScenario.text(name: "other", end: "20s"))
        try scratch.copy(["pair.py"], to: scratch.path + "/more")
        let outcome = try Halfopen.run(["run", ".", "--format", "json"], in: scratch.path)
        let report = Played(outcome).report
        #expect(report["format"] == 1)
        #expect(report["runs"]?.array?.map { $0["scenario"]?.string } == ["other", "test"], "\(outcome.all)")
        #expect(report["runs"]?.array?.map { $0["verdict"]?.string } == ["pass", "fail"], "\(outcome.all)")
        #expect(outcome.status == 1)
        // Progress and prose go to standard error.
        #expect(outcome.output.split(separator: "\n").count == 1)
        for run in report["runs"]?.array ?? [] {
            for key in ["seed", "lab", "findings", "recording", "recording_sha256", "virtual_seconds", "wall_seconds"] {
                #expect(run[key] != nil, "\(key)")
            }
            let recording = try Data(contentsOf: URL(fileURLWithPath: run["recording"]?.string ?? ""))
            #expect(run["recording_sha256"]?.string == (try sha256(recording)))
            for finding in run["findings"]?.array ?? [] {
                for key in ["expectation", "verdict", "measured", "bound", "unit"] {
                    #expect(finding[key] != nil, "\(key)")
                }
            }
        }
        let written = try JSON(parsing: Array(scratch.bytes("reports/report.json")))
        #expect(written == report)
        let parser = XMLCheck(scratch.bytes("reports/junit.xml"))
        #expect(parser.isWellFormed)
        #expect(parser.counts["testsuite"] ?? 0 >= 1)
        #expect(parser.counts["testcase"] ?? 0 >= 5, "\(parser.counts)")
        let findings = (report["runs"]?.array ?? []).flatMap { $0["findings"]?.array ?? [] }
        let failed = findings.filter { $0["verdict"] == "fail" }.count
        #expect(failed > 0)
        #expect(parser.counts["failure"] == failed, "\(parser.counts)")
        #expect(scratch.text("reports/report.txt").contains("FAIL  test"))
    }

    private func sha256(_ data: Data) throws -> String {
        let scratch = try Scratch()
        let path = scratch.path + "/x"
        try data.write(to: URL(fileURLWithPath: path))
        return String(try Halfopen.launch(["/usr/bin/sha256sum", path]).output.prefix(64))
    }

    @Test func `tags choose scenarios`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "20s") + "tags: [quick]\n")
        _ = try scratch.write("other.yaml", TestScenario.text(name: "other"))
        let outcome = try Halfopen.run(["run", ".", "--tag", "quick", "--format", "json"], in: scratch.path)
        #expect(Played(outcome).report["runs"]?.array?.map { $0["scenario"]?.string } == ["test"], "\(outcome.all)")
        let none = try Halfopen.run(["run", ".", "--tag", "slow"], in: scratch.path)
        #expect(none.status == 64, "\(none.all)")
    }

    // MARK: plan, check, list, explain

    @Test func `the plan is a function of scenario and seed`() throws {
        let scratch = try TestScenario.folder(failing)
        let other = try TestScenario.folder(failing)
        let plans = try [(scratch, "7"), (other, "7"), (scratch, "8")].map {
            try Halfopen.run(["plan", "test.yaml", "--seed", $1], in: $0.path)
        }
        #expect(plans.map(\.status) == [0, 0, 0], "\(plans[0].all)")
        #expect(plans[0].output == plans[1].output)
        #expect(plans[0].output != plans[2].output)
        for text in ["blackhole", "python3 pair.py subscribe", "10.77."] {
            #expect(plans[0].output.contains(text), "\(plans[0].all)")
        }
        #expect(!scratch.has("reports"))
    }

    @Test func `the schema is one that editors can read`() throws {
        let outcome = try Halfopen.run(["check", "--schema"])
        #expect(outcome.status == 0)
        let schema = try JSON(parsing: Array(outcome.output.utf8))
        #expect(schema["$schema"]?.string?.contains("json-schema.org") == true)
        for name in try names("faults") + names("expectations") {
            #expect(outcome.output.contains("\"\(name)\""), "\(name)")
        }
    }

    private func names(_ kind: String) throws -> [String] {
        let outcome = try Halfopen.run(["list", kind, "--format", "json"])
        let list = try JSON(parsing: Array(outcome.output.utf8))
        #expect(list["format"] == 1)
        #expect(list["kind"]?.string == kind)
        let items = list["items"]?.array ?? []
        #expect(!items.isEmpty)
        #expect(items.allSatisfy { ($0["summary"]?.string ?? "").count > 10 })
        return items.compactMap { $0["name"]?.string }
    }

    /// The example that `explain` shows of every fault and expectation, in a scenario that has what it names.
    @Test func `every example of the catalog loads`() throws {
        let scratch = try Scratch()
        let hole = "- { at: 10m, until: 15m, fault: blackhole, between: [phone, home] }"
        func check(_ name: String, _ text: String) throws {
            _ = try scratch.write("example.yaml", text)
            _ = try scratch.write(ExampleScenario.trace.path, ExampleScenario.trace.text)
            let outcome = try Halfopen.run(["check", "example.yaml"], in: scratch.path)
            #expect(outcome.status == 0, "\(name): \(outcome.all)\n\(text)")
        }
        func example(_ name: String, below heading: String) throws -> [String] {
            let page = try Halfopen.run(["explain", name]).output
            // A fault and an expectation may have one name: each example ends with an empty line.
            let below = try #require(page.components(separatedBy: "\(heading)\n").last, "\(page)")
            let lines = (below.components(separatedBy: "\n\n").first ?? "")
                .split(separator: "\n").map { String($0.drop { $0 == " " }) }
            #expect(lines.contains { $0.contains(name) }, "\(page)")
            return lines
        }
        for name in try names("faults") {
            try check(name, ExampleScenario.text(timeline: try example(name, below: "timeline:"), end: "100m"))
        }
        let publisher = "actors:\n  ticker: { role: publisher, on: cloud, run: [ticker] }\n"
        for name in try names("expectations") {
            let text = ExampleScenario.text(timeline: [hole]).replacingOccurrences(of: "actors:\n", with: publisher)
            let whole = try #require(text.components(separatedBy: "expect:\n").first)
            let lines = try example(name, below: "expect:").map { "  \($0)\n" }.joined()
            try check(name, "\(whole)expect:\n\(lines)")
        }
        for name in try names("profiles") {
            let text = ExampleScenario.text(timeline: [hole])
                .replacingOccurrences(
                    of: "- { between: [phone, home] }", with: "- { between: [phone, home], profile: \(name) }")
            #expect(text.contains("profile"))
            try check(name, text)
            #expect(try Halfopen.run(["explain", name]).status == 0)
        }
    }

    /// What `explain` prints is the definition, whole.
    @Test func `explain says everything of every fault`() throws {
        for name in try names("faults") {
            let page = try Halfopen.run(["explain", name]).output
            for part in ["target", "extent", "labs", "on the wire", "heals", "a hit is", "mechanism"] {
                #expect(page.contains("\n\(part) "), "\(part) in \(page)")
            }
        }
    }

    @Test func `every command has a help that shows an example`() throws {
        let overview = try Halfopen.run(["--help"])
        #expect(overview.status == 0)
        for name in ["run", "check", "plan", "list", "explain", "judge", "init", "doctor", "kernel"] {
            #expect(overview.output.contains("  \(name)"), "\(name)")
            let help = try Halfopen.run([name, "--help"])
            #expect(help.status == 0, "\(help.all)")
            #expect(help.output.contains("halfopen \(name)"), "\(help.all)")
        }
        for code in ["0 ", "1 ", "2 ", "64 ", "65 ", "69 ", "70 ", "130 "] {
            #expect(overview.output.contains("\n  \(code)"))
        }
    }

    @Test func `doctor says what this machine can do`() throws {
        let outcome = try Halfopen.run(["doctor"])
        #expect(outcome.status == 0, "\(outcome.all)")
        for what in ["lab kernel", "guest memory", "host lab"] {
            #expect(outcome.output.contains(what), "\(outcome.all)")
        }
        let scratch = try Scratch()
        let without = try Halfopen.run(["doctor"], environment: ["HALFOPEN_CACHE": scratch.path])
        #expect(without.status == 69, "\(without.all)")
        #expect(without.output.contains("halfopen kernel build"), "\(without.all)")
    }
}

/// Counts the elements of an XML file, if it is one.
private final class XMLCheck: NSObject, XMLParserDelegate {
    private(set) var counts: [String: Int] = [:]
    private(set) var isWellFormed = false

    init(_ data: Data) {
        super.init()
        let parser = XMLParser(data: data)
        parser.delegate = self
        isWellFormed = parser.parse()
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        counts[name, default: 0] += 1
    }
}
