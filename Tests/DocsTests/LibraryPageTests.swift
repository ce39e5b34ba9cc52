import Foundation
import Running
import Scenarios
import Testing

/// Every scenario of the library is one that any client can be played in, says where its bounds come from, and has its
/// row in docs/scenario-library.md.
@Suite struct LibraryPageTests {
    private static let library = "scenarios/library"

    /// Files below the folders of themes, from the root of the checkout.
    private static let paths: [String] = {
        let names = FileManager.default.subpaths(atPath: Page.root + "/" + library) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.map { library + "/" + $0 }.sorted().filter {
            Page($0).text.split(separator: "\n").contains { $0.hasPrefix("format:") }
        }
    }()

    private static func load(_ path: String) throws -> Scenario {
        do throws(Problems) {
            // A scenario without values is none.
            return try ScenarioLoader.standard.load(path: Page.root + "/" + path)[0].scenario
        } catch {
            for problem in error.all { Issue.record("\(problem)") }
            throw error
        }
    }

    private func values(_ prefix: String, of scenario: Scenario) -> [String] {
        scenario.tags.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    @Test(arguments: paths) func `a scenario is any client's, and the page has its row`(path: String) throws {
        let scenario = try Self.load(path)
        let folders = path.split(separator: "/")
        #expect(folders.last == "\(scenario.name).yaml")
        #expect(values("theme:", of: scenario) == [String(folders[2])])
        guard values("client:", of: scenario) == ["reference"] else { return }
        let summary = scenario.summary
        let sentence = summary.range(of: ". ").map { String(summary[..<$0.lowerBound]) + "." } ?? summary
        let roles = values("role:", of: scenario).joined(separator: ", ")
        let needs = values("needs:", of: scenario).joined(separator: ", ")
        let row =
            "| [\(scenario.name)](../\(path)) | \(roles.isEmpty ? "any" : roles) "
            + "| \(needs.isEmpty ? "nothing" : needs) | \(sentence) |"
        #expect(Page("docs/scenario-library.md").text.contains("\n\(row)\n"), "scripts/library --index writes it")
    }

    @Test(arguments: paths) func `every bound says where it comes from`(path: String) throws {
        let text = Page(path).text
        let expected = try #require(text.components(separatedBy: "\nexpect:\n").last)
        #expect(expected.contains("# "), "\(path) has no comment under expect")
    }

    @Test func `the library has what the page promises`() throws {
        let all = try Self.paths.map(Self.load)
        #expect(all.count >= 60)
        #expect(Set(all.map(\.name)).count == all.count, "a run's folder is called after its scenario")
        let page = Page("docs/scenario-library.md").text
        for word in Set(all.flatMap { values("needs:", of: $0) }) {
            #expect(page.contains("\n| \(word) | "), "the page does not say what needs:\(word) means")
        }
        let roles = [
            "market-data-subscriber", "broker-api-client", "message-bus-consumer", "websocket-dashboard", "iot-device",
        ]
        for role in roles {
            #expect(all.filter { values("role:", of: $0) == [role] }.count >= 2, "\(role)")
        }
        let rows = page.split(separator: "\n").filter { $0.contains("](../\(Self.library)/") }
        for row in rows {
            #expect(Self.paths.contains { row.contains("](../\($0))") }, "no such scenario: \(row)")
        }
    }
}
