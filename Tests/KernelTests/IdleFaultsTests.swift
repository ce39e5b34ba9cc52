import Faults
import Judging
import Scenarios
import Testing

@testable import Running

extension KernelTests {
    /// A fault that could do nothing proves nothing: whatever else happened, the run is void, and says why.
    @Suite struct IdleFaultsTests {
        /// Everybody was killed ten minutes before: nobody is there to be struck, nothing is sent, nothing is asked.
        private static let deaths = [
            "- { at: 1s, fault: kill, of: subscriber }", "- { at: 2s, fault: kill, of: broker }",
            "- { at: 3s, fault: kill, of: standby }",
        ]

        @Test(arguments: FaultCatalog.definitions.map(\.name))
        func `a fault that strikes nobody makes a run void`(name: String) throws {
            let definition = try #require(FaultCatalog.definitions.first { $0.name == name })
            let line = definition.example
                .replacing(/\bat: [0-9a-z.]+/, with: "at: 10m").replacing(/\buntil: [0-9a-z.]+/, with: "until: 20m")
            let played = try ExampleScenario.load(Self.deaths + [line], end: "30m").play()
            #expect(played.ending == "finished ")
            let judgement = try Rejudging.judge(played.recording, expectations: nil).judgement
            #expect(judgement.verdict == .void, "\(judgement)")
            #expect(judgement.reasons.count { $0.hasPrefix("\(name) at 10m") } == 1, "\(judgement.reasons)")
        }
    }
}
