import Foundation
import Testing

@testable import Scenarios

@Suite struct ProfileTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scenarios/profiles")

    @Test func theBinaryHoldsWhatTheFilesSay() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
        #expect(LinkProfile.shippedFiles.map(\.name) == names)
        for file in LinkProfile.shippedFiles {
            let text = try String(contentsOf: Self.folder.appending(path: "\(file.name).yaml"), encoding: .utf8)
            #expect(file.text == text, "run scenarios/profiles/embed")
        }
    }

    @Test func everyShippedProfileIsValidAndDifferent() {
        let shipped = LinkProfile.shipped
        for name in ["3g", "adsl", "fibre", "lan", "lossy", "lte", "satellite", "transatlantic", "wifi"] {
            #expect(shipped.contains { $0.name == name })
        }
        for (index, profile) in shipped.enumerated() {
            #expect(!profile.summary.isEmpty && !profile.summary.contains("\n"))
            #expect(!shipped[..<index].contains { $0.impairment == profile.impairment })
        }
        #expect(shipped.first { $0.name == "satellite" }?.impairment.delay == .milliseconds(280))
        #expect(shipped.first { $0.name == "3g" }?.impairment.rate == 1_600_000)
    }

    @Test(arguments: [
        ("summary: x\ndelay: 10", #"p.yaml:2:8: delay "10" has no unit: write 10s, or one of us, ms, m, h, d"#),
        ("delay: 10ms", #"p.yaml:1:1: profile has no "summary": what it stands for, and its source"#),
        ("summary: x\ndealy: 10ms", #"p.yaml:2:1: unknown key "dealy" in profile; did you mean "delay"?"#),
        (
            "summary: x\njitter: 5ms",
            "p.yaml:2:9: jitter 5ms is more than delay 1ms: a packet cannot arrive before it is sent"
        ),
        ("- x", "p.yaml:1:1: profile must be a mapping such as { summary: ..., delay: ..., jitter: ... }, not a list"),
    ])
    func aWrongProfileIsNamedWithItsPlace(text: String, message: String) {
        do throws(Problems) {
            let profile = try LinkProfile(name: "p", parsing: Array(text.utf8), file: "p.yaml")
            Issue.record("\(profile) was read")
        } catch {
            #expect(error.all.map(\.description) == [message])
        }
    }
}
