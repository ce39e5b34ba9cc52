import Foundation
import JSONLines
import Running
import Scenarios
import Testing

/// What the pages say is so.
@Suite struct PagesTests {
    @Test func `scenarios that pages show are valid`() throws {
        #expect(Page.readme.scenarios.count == 1)
        for page in Page.all {
            for block in page.scenarios {
                let loader = ScenarioLoader(catalog: .standard) { _ in Array(block.text.utf8) }
                do throws(Problems) {
                    _ = try loader.load(path: "shown.yaml")
                } catch {
                    for problem in error.all {
                        Issue.record("\(page.path):\(block.line + problem.line - 1): \(problem)")
                    }
                }
            }
        }
    }

    @Test func `commands that pages show are known, and so are their options`() throws {
        var helps: [String: String] = [:]
        let commands = Page.all.flatMap { page in page.commands.map { (page.path, $0.line, $0.words) } }
        #expect(commands.count > 10)
        for (path, line, words) in commands {
            let name = try #require(words.first, "\(path):\(line)")
            if helps[name] == nil {
                let outcome = try Binary.run([name, "--help"])
                #expect(outcome.status == 0, "\(path):\(line): there is no halfopen \(name)")
                helps[name] = outcome.output
            }
            let known = Set(try #require(helps[name]).split { " \n[],".contains($0) }.map(String.init))
            for word in words where word.hasPrefix("--") && word != "--" {
                let option = word.split(separator: "=").first.map(String.init) ?? word
                #expect(known.contains(option), "\(path):\(line): halfopen \(name) has no \(option)")
            }
            if name == "kernel" { #expect(words.count > 1 && known.contains(words[1]), "\(path):\(line)") }
        }
    }

    @Test func `the page of the scenario file has every key`() {
        let page = Page("docs/scenario-file.md").text
        let keys = keys(in: ScenarioSchema.json(.standard))
        #expect(keys.count > 50)
        let missing = keys.subtracting(["from"]).filter { !page.contains("`\($0)`") }
        #expect(missing.isEmpty, "docs/scenario-file.md does not say what these are: \(missing.sorted())")
    }

    @Test func `the page of the scenario file has every fault and expectation`() {
        let page = Page("docs/scenario-file.md").text
        let catalog = Catalog.standard
        for name in catalog.faults.map(\.name) + catalog.expectations.map(\.name) {
            #expect(page.contains("\n| `\(name)` |"), "\(name) has no row")
        }
    }

    /// Indentation aside: a test stands inside its suite.
    @Test func `what the page about faults shows is what stands in the tree`() throws {
        func lines(_ text: String) -> [String] {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let blocks = Page("docs/add-a-fault.md").blocks.filter { $0.language == "swift" }
        #expect(blocks.count == 3)
        let fault = Page("Sources/Faults/Reachability/Refuse.swift").text
        #expect(lines(blocks[0].text) == lines(fault))
        let test = lines(Page("Tests/KernelTests/RefuseTests.swift").text).joined(separator: "\n")
        #expect(test.contains(lines(blocks[2].text).joined(separator: "\n")))
        // An ActiveFault's members, whatever stands between them.
        let members = lines(blocks[1].text).compactMap { $0.components(separatedBy: "//").first }
        let protocols = lines(Page("Sources/Faults/Fault.swift").text)
        for member in members { #expect(protocols.contains(member.trimmingCharacters(in: .whitespaces))) }
    }

    @Test func `links lead somewhere`() {
        for page in Page.all {
            let folder = URL(fileURLWithPath: Page.root + "/" + page.path).deletingLastPathComponent().path
            for match in page.text.matches(of: /\]\(([^)#]+)[^)]*\)/) where !match.1.hasPrefix("http") {
                #expect(
                    FileManager.default.fileExists(atPath: "\(folder)/\(match.1)"), "\(page.path) links to \(match.1)")
            }
        }
    }

    @Test func `README is short enough to be read`() {
        #expect(Page.readme.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 250)
    }

    /// Names of properties, wherever they stand.
    private func keys(in schema: JSON) -> Set<String> {
        switch schema {
        case .object(let members):
            var keys: Set<String> = []
            for member in members {
                if member.key == "properties", case .object(let properties) = member.value {
                    keys.formUnion(properties.map(\.key))
                }
                keys.formUnion(self.keys(in: member.value))
            }
            return keys
        case .array(let items): return items.reduce(into: []) { $0.formUnion(self.keys(in: $1)) }
        default: return []
        }
    }
}
