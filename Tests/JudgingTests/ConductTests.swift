import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct ConductTests {
    private let broker = Instance("broker")

    /// Connected, and nothing else is expected.
    private func connected(faults: [FaultPlan] = []) -> Script {
        var script = Script.healthy(faults: faults, expect: [.connects(.seconds(5))])
        script.messages(0, 1800)
        return script
    }

    @Test func aCrashFailsWhateverIsExpected() {
        #expect(connected().judgement().verdict == .pass)
        let ends: [(Int?, Int?, String)] = [
            (0, nil, "with exit status 0"), (3, nil, "with exit status 3"), (nil, 11, "killed by signal 11"),
        ]
        for (status, signal, text) in ends {
            var script = connected()
            script.at(900, .actor(ActorChange(Script.client, .exited(status: status, signal: signal))))
            let judgement = script.judgement()
            #expect(judgement.verdict == .fail)
            #expect(judgement.findings.map(\.expectation).last == "conduct: subscriber")
            #expect(judgement.findings.last?.summary.contains("ended by itself at 15m, \(text)") == true)
            #expect(judgement.findings.last?.evidence.map(\.at) == [900])
        }
    }

    @Test func whatAFaultDidIsNoCrash() {
        var script = connected(faults: [.kill(900, of: "subscriber")])
        script.strike(0, "kill", from: 900)
        script.at(900.001, .actor(ActorChange(Script.client, .exited(status: nil, signal: 9))))
        #expect(script.judgement().verdict == .pass)
    }

    /// Nobody was there any more for the fault to strike.
    @Test func aCrashComesBeforeTheVoidItCauses() {
        var script = connected(faults: [.blackhole(1000, 1100)])
        script.strike(0, "blackhole", from: 1000, to: 1100, hits: 0)
        #expect(script.judgement().verdict == .void)
        script.at(900, .actor(ActorChange(Script.client, .exited(status: 1, signal: nil))))
        let judgement = script.judgement()
        #expect(judgement.verdict == .fail)
        #expect(judgement.reasons.contains { $0.contains("struck no packet") })
    }

    @Test func aCrashIsToldOnce() {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: .seconds(30))])
        script.strike(0, "blackhole", from: 600, to: 900)
        script.messages(0, 600)
        script.at(650, .actor(ActorChange(Script.client, .exited(status: 1, signal: nil))))
        #expect(script.judgement().verdict == .fail)
        #expect(script.judgement().findings.count == 1)
    }

    @Test func aRunawayClientFailsAlsoInARunThatEndedForIt() {
        for time in [-7.0, 900] {
            var script = connected()
            script.at(time, .actor(ActorChange(Script.client, .runaway(reason: "It never slept."))))
            script.end = .actorFailed
            script.message = "virtual time stood still"
            let judgement = script.judgement()
            #expect(judgement.verdict == .fail)
            #expect(judgement.findings.last?.expectation == "conduct: subscriber")
            #expect(judgement.findings.last?.summary.hasSuffix("It never slept.") == true)
        }
    }

    @Test func aRunawayServerIsVoid() {
        var script = connected()
        script.at(900, .actor(ActorChange(broker, .runaway(reason: "It never slept."))))
        let judgement = script.judgement()
        #expect(judgement.verdict == .void)
        #expect(judgement.reasons.first?.hasPrefix("The server broker ran away and was ended: It never slept.") == true)
    }
}
