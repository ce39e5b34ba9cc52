import Judging
import Recordings
import Testing

@testable import Scenarios

/// What an actor was told decides nothing: only what clients did is judged.
@Suite struct ToldTests {
    private func script(_ told: [ActorChange.Change]) -> Script {
        var script = Script.healthy(
            faults: [.blackhole(600, 610)],
            expect: [.connects(.seconds(5)), .recovery("blackhole", within: .seconds(5)), .noGaps])
        script.messages(-5, 1800, lost: 600..<611)
        for second in 600..<611 { script.at(610.5, Script.received(Int64(second))) }
        script.strike(0, "blackhole", from: 600, to: 610)
        for (place, change) in told.enumerated() {
            for instance in [Script.client, Instance("broker"), Instance("ticker")] {
                script.at(1790 + Double(place), .actor(ActorChange(instance, change)))
            }
        }
        return script
    }

    @Test func nothingChangesByIt() {
        let judgement = script([.told(command: "drain"), .told(command: "close", refused: "it is not running")])
            .judgement()
        #expect(judgement.verdict == .pass, "\(judgement)")
        #expect(judgement.reasons.isEmpty)
        #expect(judgement == script([]).judgement())
    }

    /// The oracle of the test above: another change at the same place does.
    @Test func anotherChangeWould() {
        #expect(script([.unsupported(reason: "no TLS")]).judgement().verdict == .unsupported)
    }
}
