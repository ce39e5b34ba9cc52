import Foundation
import JSONLines
import Judging
import Reporting
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct HostileTexts {
    /// Nothing that a stranger wrote may steer the terminal of whoever reads the report.
    @Test func terminalsSeeNoControlCharacters() {
        let texts = [
            TextReport.text([SampleResults.hostile], color: false),
            ClientTable.text([SampleResults.hostile], color: false),
        ]
        for text in texts {
            for scalar in text.unicodeScalars where scalar != "\n" {
                #expect(scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value) && scalar.value != 0x202E)
            }
            #expect(text.contains("\\u{1b}"))
        }
    }

    @Test func coloursAreOnlyOurs() {
        let text = TextReport.text([SampleResults.hostile], color: true)
        let codes = Set(text.split(separator: "\u{1B}").dropFirst().map { $0.prefix { $0 != "m" } })
        #expect(codes.isSubset(of: ["[0", "[1", "[2", "[31", "[32", "[33", "[35"]))
        #expect(!TextReport.text(SampleResults.all, color: false).contains("\u{1B}"))
    }

    @Test func linesStayWithinTheWidth() {
        let text = TextReport.text(SampleResults.all, color: false) + ClientTable.text(SampleResults.all, color: false)
        let words = text.split(separator: "\n").filter { $0.count > 120 }
        // A command stays on one line, so that it can be copied.
        #expect(words.allSatisfy { $0.contains("again:") }, "\(words)")
    }
}

@Suite struct JSONForMachines {
    @Test func holdsWhatIsPromised() throws {
        let line = JSONReport.text([SampleResults.fail])
        #expect(line.hasSuffix("\n") && line.dropLast().allSatisfy { $0 != "\n" })
        let report = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(report["format"] as? Int == 1)
        let run = try #require((report["runs"] as? [[String: Any]])?.first)
        #expect(run["scenario"] as? String == "mqtt-paho-blackhole")
        #expect(run["seed"] as? Int == 7)
        #expect(run["lab"] as? String == "virtual")
        #expect(run["verdict"] as? String == "fail")
        #expect(run["recording"] as? String == "reports/run-1/recording.jsonl")
        #expect((run["recording_sha256"] as? String)?.count == 64)
        #expect(run["virtual_seconds"] as? Double == 1810.5)
        #expect(run["wall_seconds"] as? Double == 1.42)
        let finding = try #require((run["findings"] as? [[String: Any]])?.first)
        #expect(
            finding["expectation"] as? String
                == "recovery: subscriber, after: blackhole, within: 30s, stages: { detect: 20s }")
        #expect(finding["verdict"] as? String == "fail")
        #expect(finding["measured"] as? Double == 117.02)
        #expect(finding["bound"] as? Double == 30)
        #expect(finding["unit"] as? String == "s")
    }

    @Test func whatIsMissingIsNull() throws {
        let runs = try #require(
            JSON(parsing: JSONReport.text([SampleResults.unsupported, SampleResults.void]))["runs"]?.array)
        #expect(runs[0]["recording"] == .null)
        #expect(runs[0]["recording_sha256"] == .null)
        #expect(runs[1]["findings"]?.array?.first?["measured"] == .null)
    }

    /// The page names every field there is, and no other.
    @Test func thePageNamesEveryField() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/report-format.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix("JSON, format 1") })
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let documented = rows.map { String($0.dropFirst(3).prefix { $0 != "`" }) }
        var keys: [String] = []
        func collect(_ value: JSON, _ path: String) {
            switch value {
            case .object(let members):
                for member in members {
                    let name = path.isEmpty ? member.key : "\(path).\(member.key)"
                    if !keys.contains(name) { keys.append(name) }
                    collect(member.value, name)
                }
            case .array(let values): values.forEach { collect($0, path + "[]") }
            case .null, .bool, .integer, .number, .string: break
            }
        }
        collect(JSONReport.object(SampleResults.all), "")
        #expect(documented.sorted() == keys.sorted())
    }
}

@Suite struct JUnitForBuildServers {
    private final class Counter: NSObject, XMLParserDelegate {
        var elements: [String: Int] = [:]
        var names: [String] = []
        var suites: [[String: String]] = []
        var text = ""
        func parser(
            _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            elements[element, default: 0] += 1
            if element == "testcase", let name = attributes["name"] { names.append(name) }
            if element == "testsuite" { suites.append(attributes) }
        }
        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    private func parsed(_ results: [RunResult]) throws -> Counter {
        let parser = XMLParser(data: Data(JUnitReport.text(results).utf8))
        let counter = Counter()
        parser.delegate = counter
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return counter
    }

    @Test func isWellFormedWhateverTheTexts() throws {
        let counter = try parsed(SampleResults.all)
        #expect(counter.elements["testsuite"] == SampleResults.all.count)
        #expect(counter.names.contains("no-gaps: [31m<x> -> \"y\""))
        #expect(counter.suites.last?["name"] == "</testsuite>[2J&\"'\n\u{202E}evil")
        #expect(counter.text.contains("<![CDATA["))
    }

    @Test(arguments: [
        (SampleResults.pass, "failures 0 errors 0 skipped 0 of 4"),
        (SampleResults.fail, "failures 1 errors 0 skipped 0 of 4"),
        // The run, its void finding; what held in it proves nothing.
        (SampleResults.void, "failures 0 errors 2 skipped 1 of 3"),
        (SampleResults.unsupported, "failures 0 errors 0 skipped 1 of 1"),
        (SampleResults.error, "failures 0 errors 1 skipped 1 of 2"),
    ])
    func eachVerdictHasItsElement(result: RunResult, expected: String) throws {
        let counter = try parsed([result])
        let count = { (name: String) in counter.elements[name] ?? 0 }
        #expect(
            "failures \(count("failure")) errors \(count("error")) skipped \(count("skipped")) of \(count("testcase"))"
                == expected)
        let suite = try #require(counter.suites.first)
        #expect(
            "failures \(suite["failures"] ?? "") errors \(suite["errors"] ?? "") skipped \(suite["skipped"] ?? "") of "
                + "\(suite["tests"] ?? "")" == expected)
    }

    @Test func emptyIsWellFormed() throws {
        #expect(try parsed([]).elements == ["testsuites": 1])
    }
}

@Suite struct TableOfClients {
    @Test func seedsShareACellWithTheWorst() {
        let seeds = (1...20).map { seed in
            let late = Finding(
                expectation: "recovery: c, after: f", verdict: seed % 7 == 0 ? .fail : .pass, measured: Double(seed),
                bound: 13,
                unit: "s", summary: "")
            return SampleResults.result(
                "s", tags: ["client:c", "theme:t"], verdict: late.verdict, findings: [late], seed: UInt64(seed))
        }
        let text = ClientTable.text(seeds, color: false)
        #expect(text.contains("c │ FAIL 2/20 14 s > 13 s"), "\(text)")
    }

    @Test func manyThemesBecomeSeveralPieces() {
        let results = (0..<12).map { number in
            SampleResults.result("s", tags: ["client:c", "theme:theme-number-\(number)"], verdict: .pass, findings: [])
        }
        let text = ClientTable.text(results, color: false)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= Terminal.width }, "\(text)")
        for number in 0..<12 { #expect(text.contains("theme-number-\(number)")) }
    }

    @Test func nothingToShow() {
        #expect(ClientTable.text([], color: false).isEmpty)
        #expect(TextReport.text([], color: false) == "0 runs\n")
    }
}
