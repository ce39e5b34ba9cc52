import Foundation
import Testing

/// Bad input gets a clear message and the right exit code, and loses nothing.
@Suite struct BadInputTests {
    @Test(
        arguments: [
            ([], 64, "usage: halfopen COMMAND"),
            (["dance"], 64, "there is no command \"dance\""),
            (["run"], 64, "needs the path"),
            (["run", "--sed", "1", "x.yaml"], 64, "has no option --sed"),
            (["run", "x.yaml", "--seed"], 64, "--seed needs a value"),
            (["run", "x.yaml", "--seed", "-3"], 64, "whole number"),
            (["run", "x.yaml", "--seeds", "9..3"], 64, "--seeds is a range"),
            (["run", "x.yaml", "--seed", "1", "--seeds", "1..2"], 64, "not both"),
            (["run", "x.yaml", "--jobs", "0"], 64, "whole number from 1"),
            (["run", "x.yaml", "--lab", "moon"], 64, "virtual or host"),
            (["run", "nowhere.yaml"], 64, "nowhere.yaml: there is no such file"),
            (["explain", "tsunami"], 64, "nothing is called \"tsunami\""),
            (["list", "stars"], 64, "needs one of faults"),
            (["judge", "nowhere"], 65, "nowhere"),
        ] as [([String], Int32, String)])
    func commandLine(_ words: [String], _ status: Int32, _ message: String) throws {
        let outcome = try Halfopen.run(words)
        #expect(outcome.status == status, "\(outcome.all)")
        #expect((outcome.output + outcome.errors).contains(message), "\(outcome.all)")
    }

    /// A valid scenario, spoilt at one place.
    struct Spoilt: CustomTestStringConvertible, Sendable {
        var what: String
        var replace: String
        var by: String
        var message: String
        var testDescription: String { what }
    }

    @Test(arguments: [
        Spoilt(what: "unknown key", replace: "role: client", by: "rolle: client", message: "did you mean \"role\""),
        Spoilt(what: "repeated key", replace: "role: client", by: "role: client, role: client", message: "\"role\""),
        Spoilt(what: "wrong unit", replace: "delay: 10ms", by: "delay: 10", message: "unit"),
        Spoilt(
            what: "unknown actor", replace: "connects: client", by: "connects: clint",
            message: "did you mean \"client\""),
        Spoilt(what: "unknown host", replace: "on: left", by: "on: lef", message: "did you mean \"left\""),
        Spoilt(
            what: "link to nowhere", replace: "between: [left, right]", by: "between: [left, rigth]",
            message: "\"rigth\""),
        Spoilt(
            what: "ends before it begins", replace: "- { end: 60s }",
            by: "- { at: 20s, until: 10s, fault: blackhole, between: [left, right] }\n  - { end: 60s }",
            message: "20s"),
        Spoilt(
            what: "fault after the end", replace: "- { end: 60s }",
            by: "- { at: 70s, until: 80s, fault: blackhole, between: [left, right] }\n  - { end: 60s }",
            message: "end"),
        Spoilt(
            what: "same fault twice", replace: "- { end: 60s }",
            by: "- { at: 10s, until: 30s, fault: blackhole, between: [left, right] }\n"
                + "  - { at: 20s, until: 40s, fault: blackhole, between: [left, right] }\n  - { end: 60s }",
            message: "blackhole"),
        Spoilt(
            what: "unknown fault", replace: "- { end: 60s }",
            by: "- { at: 10s, until: 30s, fault: blackhol, between: [left, right] }\n  - { end: 60s }",
            message: "did you mean \"blackhole\""),
    ])
    func scenario(_ spoilt: Spoilt) throws {
        let text = TestScenario.text()
        let bad = text.replacingOccurrences(of: spoilt.replace, with: spoilt.by)
        #expect(bad != text)
        let folder = try TestScenario.folder(bad)
        let outcome = try Halfopen.run(["run", "test.yaml"], in: folder.path)
        #expect(outcome.status == 65, "\(outcome.all)")
        #expect(outcome.errors.contains(spoilt.message), "\(outcome.all)")
        // File, line and column.
        #expect(outcome.errors.contains(#/test\.yaml:\d+:\d+: /#), "\(outcome.all)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/reports"))
    }

    /// All problems of all files at once, and nothing is played before they are mended.
    @Test func oneBadFileKeepsAllFromBeingPlayed() throws {
        let folder = try TestScenario.folder(TestScenario.text())
        for name in ["worse", "bad"] {
            let text = TestScenario.text(name: name).replacingOccurrences(of: "role: client", with: "rolle: client")
            _ = try folder.write("\(name).yaml", text)
        }
        let outcome = try Halfopen.run(["run", "."], in: folder.path)
        #expect(outcome.status == 65, "\(outcome.all)")
        for name in ["worse", "bad"] { #expect(outcome.errors.contains("\(name).yaml:"), "\(outcome.all)") }
        #expect(!folder.has("reports"))
    }

    @Test func theValidOneIsValid() throws {
        let folder = try TestScenario.folder(TestScenario.text())
        let outcome = try Halfopen.run(["check", "test.yaml"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome.all)")
    }

    enum Hostile: String, CaseIterable { case tenMegabytes, thousandLevels, aliasBomb, invalidUTF8, empty }

    @Test(arguments: Hostile.allCases) func hostileFile(_ kind: Hostile) throws {
        let scratch = try Scratch()
        var bytes: [UInt8]
        switch kind {
        case .tenMegabytes: bytes = Array(String(repeating: "a: b\n", count: 2_000_000).utf8)
        case .thousandLevels:
            bytes = Array((String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)).utf8)
        case .aliasBomb:
            var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            for level in 1...9 {
                let alias = "*a\(level - 1)"
                text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
            }
            bytes = Array(text.utf8)
        case .invalidUTF8: bytes = Array("format: 1\nname: ".utf8) + [0xFF, 0xFE, 0x0A]
        case .empty: bytes = []
        }
        let path = scratch.path + "/hostile.yaml"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let outcome = try Halfopen.run(["check", path])
        #expect(outcome.status == 65, "\(outcome.all.prefix(2000))")
        #expect(outcome.errors.contains("hostile.yaml"))
        #expect(outcome.errors.count < 20_000)
    }

    @Test func folderWithoutScenarios() throws {
        let scratch = try Scratch()
        let outcome = try Halfopen.run(["run", scratch.path])
        #expect(outcome.status == 64, "\(outcome.all)")
        #expect(outcome.errors.contains("no scenario is in this folder"))
    }

    @Test func missingKernel() throws {
        let folder = try TestScenario.folder(TestScenario.text())
        let nowhere = folder.path + "/no-cache"
        let outcome = try Halfopen.run(
            ["run", "test.yaml"], in: folder.path,
            environment: ["HALFOPEN_CACHE": nowhere])
        #expect(outcome.status == 69, "\(outcome.all)")
        #expect(outcome.errors.contains("halfopen kernel build"), "\(outcome.all)")
        #expect(outcome.errors.contains(nowhere), "\(outcome.all)")
        #expect(!folder.has("reports"))
    }
}
