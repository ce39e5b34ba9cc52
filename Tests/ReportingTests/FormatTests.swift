import Foundation
import JSONLines
import Reporting
import Testing

/// The table of formats, and the page that shows it.
@Suite struct Formats {
    @Test func `every format has its row in the page, and no other`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/report-format.md")
        let lines = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n")
        let head = try #require(lines.firstIndex(of: "| format | file | takes | is |"))
        let rows = lines[(head + 2)...].prefix { $0.hasPrefix("|") }
        let owed = ReportFormat.all.map { "| `\($0.name)` | `\($0.fileName)` | \($0.takes) | \($0.summary) |" }
        #expect(Array(rows) == owed)
    }

    @Test func `names and files are different, and each makes something`() {
        #expect(Set(ReportFormat.all.map(\.name)).count == ReportFormat.all.count)
        #expect(Set(ReportFormat.all.map(\.fileName)).count == ReportFormat.all.count)
        for format in ReportFormat.all { #expect(format.suite != nil || format.run != nil, "\(format.name)") }
        #expect(ReportFormat.named("junit")?.fileName == "junit.xml")
        #expect(ReportFormat.named("pdf") == nil)
    }
}

/// Held against the checkers of those who read them; scripts/setup installs these.
@Suite struct Checked {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "halfopen-\(UUID().uuidString)")

    /// Runs a program with a file as its last argument; its output when it says that all is well.
    private func check(_ words: [String], _ bytes: [UInt8], _ name: String) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = words.dropFirst() + [file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        return text
    }

    private func script(_ name: String) -> [String] {
        [
            "/usr/bin/python3",
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Checks/\(name)").path,
        ]
    }

    @Test func `OpenMetrics is what its parser reads`() throws {
        let runs = SampleResults.all + [SampleResults.pass]
        let text = try check(
            script("openmetrics.py"), Array(OpenMetricsReport.text(runs).utf8), "metrics.txt")
        // Five states for each run.
        #expect(text.contains("halfopen_run_verdict stateset \(5 * runs.count)\n"), "\(text)")
        #expect(text.contains("halfopen_finding_measured_seconds gauge "), "\(text)")
        #expect(try !check(script("openmetrics.py"), Array(OpenMetricsReport.text([]).utf8), "none.txt").isEmpty)
    }

    @Test func `OTLP is what its protobuf definition reads`() throws {
        for text in ["connection lost", "\u{1B}[2J\u{0}\u{202E}</x>\"\\ \u{FFFF}"] {
            let bytes = Array(OTLPReport.text(SampleRun.material(text: text)).utf8)
            let told = try check(script("otlp.py"), bytes, "report.jsonl")
            #expect(told.contains("fault applied fault hit finding fail fault healed"), "\(told)")
            // The run, the publisher, the client, its two connections.
            #expect(told.contains("spans 5 metrics 2"), "\(told)")
        }
    }

    @Test func `the JSON report is as its schema has it`() throws {
        let schema = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/report.schema.json")
        let runs = SampleResults.all + [SampleResults.result("x", tags: [], verdict: .pass, findings: [], seed: .max)]
        let findings = runs.reduce(0) { $0 + $1.judgement.findings.count }
        for (runs, told) in [(runs, "7 runs, \(findings) findings"), ([], "0 runs, 0 findings")] {
            let bytes = Array(JSONReport.text(runs).utf8)
            let said = try check(script("report.py") + [schema.path], bytes, "report.json")
            #expect(said.hasPrefix(told), "\(said)")
        }
    }

    /// Fields of the page's table and of the schema, each with the other's.
    @Test func `the page and the schema of the JSON report have the same fields`() throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs")
        let page = try String(contentsOf: docs.appending(path: "report-format.md"), encoding: .utf8)
        let schema = try JSON(
            parsing: Array(Data(contentsOf: docs.appending(path: "report.schema.json"))))
        func fields(_ part: JSON?, _ prefix: String) -> [String] {
            guard case .object(let members) = part?["properties"] ?? .null else { return [] }
            return members.flatMap { member -> [String] in
                let name = prefix + member.key
                let reference = member.value["items"]?["$ref"]?.string?.split(separator: "/").last.map(String.init)
                return [name] + fields(reference.flatMap { schema["$defs"]?[$0] }, name + "[].")
            }
        }
        let owed = Set(fields(schema, ""))
        #expect(owed.count > 25)
        #expect(
            Set(
                page.matches(of: /\n\| `([a-z0-9_\[\].]+)` \|/).map { String($0.1) }.filter { name in
                    name == "format" || name.hasPrefix("runs")
                }) == owed)
    }

    @Test func `JUnit is as the schema of those who read it has it`() throws {
        let schema = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".build/checks/junit-10.xsd")
        for runs in [SampleResults.all, []] {
            let text = try check(
                ["/usr/bin/xmllint", "--noout", "--schema", schema.path], Array(JUnitReport.text(runs).utf8),
                "junit.xml")
            #expect(text.contains("validates"), "\(text)")
        }
    }

    @Test func `pcapng opens, with comments where the fault began and ended`() throws {
        var run = SampleRun.material
        run.captures = [SampleRun.capture]
        let bytes = try PcapngReport.bytes(run)
        let fields = [
            "-e", "frame.number", "-e", "frame.interface_name", "-e", "frame.time_epoch", "-e", "frame.comment",
        ]
        let text = try check(["/usr/bin/tshark", "-T", "fields"] + fields + ["-r"], bytes, "report.pcapng")
        let rows = text.split(separator: "\n").filter { $0.contains("phone-home\t") }
        #expect(rows.count == 3, "\(text)")
        #expect(rows.first?.hasSuffix("1767225710.000005000\t") == true, "\(text)")
        #expect(
            rows.dropFirst().first?.contains("blackhole at 20s on phone-home begins at 20s, 2 s before") == true,
            "\(text)")
        #expect(rows.last?.contains("blackhole at 20s on phone-home ends at 30s, 10 s before") == true, "\(text)")
    }

    @Test func `a run without packets says how to keep them`() {
        let error = #expect(throws: NoReport.self) { try PcapngReport.bytes(SampleRun.material) }
        #expect(error?.description.contains("--pcap") == true)
        var damaged = SampleRun.material
        damaged.captures = [RunMaterial.Capture(link: "x", bytes: [1, 2, 3])]
        #expect(throws: NoReport.self) { try PcapngReport.bytes(damaged) }
    }
}

@Suite struct MarkdownForReviews {
    @Test func `nothing becomes markup, a link or a mention`() {
        var hostile = SampleResults.hostile
        hostile.scenario = "@octocat <img src=x> [a](http://x) `b` *c* | d"
        hostile.command = "x ``` y | z"
        let text = MarkdownReport.text([hostile])
        #expect(!text.contains("<img"))
        #expect(!text.contains("@octocat"))
        #expect(!text.contains("http://"))
        #expect(text.contains("\\[a\\](http:<!-- -->//x) \\`b\\` \\*c\\* \\| d"))
        #expect(text.contains("Again: ```` x ``` y | z ````"))
    }

    @Test func `it fits into a comment, and says what it left out`() {
        let runs = (1...400).map { seed in
            var run = SampleResults.fail
            run.seed = UInt64(seed)
            return run
        }
        let text = MarkdownReport.text(runs)
        #expect(text.utf8.count < 65_536)
        #expect(text.contains("| 0 of 400 |"))
        #expect(text.firstMatch(of: /(\d+) more runs did not pass/) != nil)
    }
}
