import Foundation
import JSONLines
import Testing

/// What newcomers do first, done as they would: with the built program and the virtual lab.
@Suite struct PlayedTests {
    /// The file stands directly in the machine's /tmp, as a newcomer's may, although the lab has a /tmp of its own.
    @Test func `README's example has the verdict that README shows`() throws {
        let block = try #require(Page.readme.scenarios.first)
        let shown = try #require(
            Page.readme.blocks.first { $0.language == "text" && $0.line > block.line }?.text.split(separator: "\n"))
        let file = FileManager.default.temporaryDirectory.path + "/halfopen-docs-\(UUID().uuidString).yaml"
        try block.text.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let reports = try Scratch()
        let outcome = try Binary.run(["run", file, "--reports", reports.path])
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first == shown.first, "\(outcome.output)\(outcome.errors)")
        // The expectations with their verdicts; the figures are this machine's and this build's.
        #expect(lines.dropFirst().map(withoutFigures) == shown.dropFirst().map(withoutFigures))
        #expect(outcome.status == 0)
    }

    @Test func `init writes what runs and passes, and does not write over it`() throws {
        let scratch = try Scratch()
        let written = try Binary.run(["init", "my-client"], in: scratch.path)
        #expect(written.status == 0, "\(written.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/my-client").sorted()
        #expect(files == ["halfopen_driver.py", "scenario.yaml", "subscriber.py"])
        for file in files { #expect(written.output.contains("wrote my-client/\(file)")) }

        let played = try Binary.run(["run", "my-client", "--format", "json"], in: scratch.path)
        #expect(played.status == 0, "\(played.output)\(played.errors)")
        let report = try JSON(parsing: try #require(played.output.split(separator: "\n").last).utf8.map { $0 })
        #expect(report["runs"]?.array?.map { $0["verdict"]?.string } == ["pass"])

        let again = try Binary.run(["init", "my-client"], in: scratch.path)
        #expect(again.status == 64)
        #expect(again.errors.contains("my-client exists already"))
    }

    /// A line of the table as far as the first figure, and its verdict. The last line is of figures only.
    private func withoutFigures(_ line: Substring) -> String {
        line.contains(" played in ") ? "" : "\(line.prefix(64))|\(line.split(separator: " ").last ?? "")"
    }
}
