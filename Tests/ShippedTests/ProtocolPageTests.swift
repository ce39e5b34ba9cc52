import Actors
import Foundation
import JSONLines
import Recordings
import Testing

/// docs/driver-protocol.md: what it shows is what happens.
@Suite struct ProtocolPageTests {
    /// The fenced blocks of a language, in the order of the page.
    private func blocks(_ language: String) throws -> [String] {
        try Repository.text("docs/driver-protocol.md").components(separatedBy: "```\(language)\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }

    /// Without the stamp, which differs.
    private func events(_ lines: some Sequence<[UInt8]>) throws -> [DriverReport] {
        try lines.map { line in
            try #require(DriverProtocol.parse(line, of: Instance("x")), "\(String(decoding: line, as: UTF8.self))")
                .report
        }
    }

    private func shown(_ block: String) throws -> [DriverReport] {
        try events(block.split(separator: "\n").map { Array($0.utf8) })
    }

    @Test func everyLineShownIsAnEventOrACommand() throws {
        let lines = try blocks("json").flatMap { $0.split(separator: "\n") }
        #expect(lines.count > 20)
        for line in lines {
            let json = try JSON(parsing: String(line))
            if json["command"]?.string == nil { _ = try shown(String(line)) }
        }
    }

    @Test func thePythonExamplePrintsWhatThePageShows() throws {
        let output = try python(try #require(try blocks("python").first))
        #expect(try events(output.lines) == shown(try blocks("json")[5]))
    }

    @Test func theCExamplePrintsWhatThePageShows() throws {
        let output = try c(try #require(try blocks("c").first))
        #expect(try events(output.lines) == shown(try blocks("json")[6]))
    }

    @Test func theTableNamesEveryEvent() throws {
        let page = try Repository.text("docs/driver-protocol.md")
        for kind in DriverReport.Kind.allCases { #expect(page.contains("\n| `\(kind.rawValue)` |"), "\(kind)") }
    }
}
