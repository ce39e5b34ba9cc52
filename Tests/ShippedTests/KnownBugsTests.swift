import Faults
import Foundation
import Judging
import Running
import Scenarios
import Testing

/// The table that `make known-bugs` plays, as far as it can be held without playing it.
@Suite struct KnownBugsTests {
    private struct Table: Decodable {
        struct Row: Decodable {
            var scenario: String
            var package: String
            var affected: [String]
            var fixed: String?
            var control: [String: String]?
            var reference: String
            var mistake: String
            var fails: String
            var shows: [String]
        }
        var bugs: [Row]
    }

    private let folder = "scenarios/known-bugs"
    private let loader = ScenarioLoader(
        catalog: Catalog(
            faults: FaultCatalog.definitions, expectations: Expectations.definitions, profiles: LinkProfile.shipped)
    ) { path in Array(try Data(contentsOf: Repository.root.appending(path: path))) }

    private func rows() throws -> [Table.Row] {
        try JSONDecoder().decode(Table.self, from: Data(Repository.text("\(folder)/bugs.json").utf8)).bugs
    }

    @Test func `every scenario has its row, and expects what is meant to fail`() throws {
        let rows = try rows()
        let files = try Repository.files(folder, ending: ".yaml").map { URL(filePath: $0).deletingPathExtension() }
            .map(\.lastPathComponent)
        #expect(Set(rows.map(\.scenario)) == Set(files))
        for row in rows {
            let loaded = try loader.load(path: "\(folder)/\(row.scenario).yaml")
            let expected = loaded.flatMap { $0.scenario.expectations.map(\.text) }
            #expect(expected.contains(row.fails), "\(row.scenario): \(expected)")
            #expect(!row.shows.isEmpty && !row.reference.isEmpty && !row.mistake.isEmpty, "\(row.scenario)")
            // Without a fixed release something must show that it is not the driver.
            #expect(row.fixed != nil || row.control != nil, "\(row.scenario)")
        }
    }

    @Test func `the releases that are played are those that are installed`() throws {
        let pinned = Set(try Repository.text("\(folder)/packages.txt").split(separator: "\n").map(String.init))
        for row in try rows() {
            for version in row.affected + [row.fixed].compactMap(\.self) {
                #expect(pinned.contains("\(row.package)==\(version)"), "\(row.scenario)")
            }
        }
    }
}
