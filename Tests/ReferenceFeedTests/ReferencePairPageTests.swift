import Foundation
import Testing

@testable import ReferenceFeed

/// docs/reference-pair.md, held against the table of mutants and the options.
@Suite struct ReferencePairPageTests {
    private static let path =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/docs/reference-pair.md"
    private static let begin = "<!-- mutants -->\n"
    private static let end = "<!-- end of mutants -->"

    private static var table: String {
        let rows = Mutants.all.map { mutant in
            "| `\(mutant.name)` | \(mutant.mistake) | \(mutant.caughtBy.map { "`\($0)`" }.joined(separator: ", ")) |"
                + " \(mutant.scenarios.joined(separator: ", ")) |\n"
        }
        return "| mutant | the mistake: it | caught by | in |\n|---|---|---|---|\n" + rows.joined()
    }

    @Test func theTableOfMutantsIsTheirs() throws {
        let page = try String(contentsOfFile: Self.path, encoding: .utf8)
        let begin = try #require(page.range(of: Self.begin))
        let end = try #require(page.range(of: Self.end))
        let written = page.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: Self.table)
        if ProcessInfo.processInfo.environment["HALFOPEN_UPDATE_DOCS"] != nil {
            try written.write(toFile: Self.path, atomically: true, encoding: .utf8)
        } else {
            #expect(page == written, "HALFOPEN_UPDATE_DOCS=1 writes it again")
        }
    }

    @Test func everyOptionIsExplained() throws {
        let page = try String(contentsOfFile: Self.path, encoding: .utf8)
        let options = Set(Feed.help.matches(of: /--[a-z-]+/).map { String($0.0) }).subtracting(["--format"])
        #expect(options.count > 30)
        #expect(options.filter { !page.contains("`\($0)`") }.sorted() == [])
    }
}
