import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

extension Script {
    static func refused(
        _ client: Instance = client, fatal: Bool = false, retryAfter: Double? = nil
    ) -> Event.Body {
        var extra = [JSON.Member("fatal", .bool(fatal))]
        if let retryAfter { extra.append(JSON.Member("retry_after", .integer(Int64(retryAfter * 1e9)))) }
        return .driver(DriverReport(client, .refused, text: "no", extra: extra))
    }
}

@Suite struct NoAttemptAfterRefusalExpectation {
    private func script(_ refusal: Event.Body?, again: Double? = nil) -> Script {
        var script = Script.healthy(expect: [.owed("no-attempt-after-refusal", ["for": .duration(.seconds(60))])])
        script.at(100, Script.says(.attempt))
        if let refusal { script.at(101, refusal) }
        if let again { script.at(again, Script.says(.attempt)) }
        return script
    }

    @Test func `an attempt after a refusal for good`() {
        let kept = script(Script.refused(fatal: true)).finding
        #expect(kept.verdict == .pass)
        #expect(kept.measured == 0)
        let again = script(Script.refused(fatal: true), again: 130).finding
        #expect(again.verdict == .fail)
        #expect(again.measured == 1)
        #expect(again.evidence.map(\.at) == [101, 130])
        #expect(script(Script.state("fatal"), again: 130).finding.verdict == .fail)
    }

    @Test func `the server's word counts where it can mean one only`() {
        let said = Script.refused(Instance("broker"), fatal: true)
        #expect(script(said, again: 130).finding.verdict == .fail)
        #expect(script(said).finding.verdict == .pass)
    }

    @Test func `void without a refusal for good, and without the time to see`() {
        #expect(script(nil, again: 130).finding.verdict == .void)
        #expect(script(Script.refused(), again: 130).finding.verdict == .void)
        var late = script(nil)
        late.at(1790, Script.refused(fatal: true))
        #expect(late.finding.verdict == .void)
        late.at(1795, Script.says(.attempt))
        #expect(late.finding.verdict == .fail)
    }

    @Test func `a process that is started anew may come again`() {
        var script = script(Script.refused(fatal: true))
        script.at(200, .actor(ActorChange(Script.client, .started(pid: 9))))
        script.at(201, Script.says(.attempt))
        #expect(script.finding.verdict == .pass)
    }
}

@Suite struct HonoursRetryAfterExpectation {
    /// Each client is refused at 100 s with a hint of 5 s, and comes `added` after that.
    private func script(_ added: [Double], spread: Duration? = nil) -> Script {
        let parameters: [String: Value] = spread.map { ["spread": .duration($0)] } ?? [:]
        var script = Script.healthy(expect: [.owed("honours-retry-after", parameters)], count: added.count)
        for (index, added) in added.enumerated() {
            let client = Instance("subscriber", index)
            script.at(99, Script.says(.attempt, client))
            script.at(100, Script.refused(client, retryAfter: 5))
            script.at(105 + added, Script.says(.attempt, client))
        }
        return script
    }

    @Test func `not before the hint is over`() {
        let kept = script([0.5, 0, 3]).finding
        #expect(kept.verdict == .pass)
        #expect(kept.measured == 0)
        let early = script([0.5, -0.5, 3]).finding
        #expect(early.verdict == .fail)
        #expect(early.measured == -0.5)
        #expect(early.summary.contains("subscriber#1 was told to come again after 5 s, and came 500 ms too soon"))
        #expect(early.summary.contains("1 of 3 hints"), "\(early.summary)")
    }

    @Test func `spread after the hint`() {
        let spread = (0..<20).map { Double($0) * 0.05 }
        let kept = script(spread, spread: .milliseconds(500)).finding
        #expect(kept.verdict == .pass)
        #expect((0.8...0.95).contains(kept.measured ?? 0))
        let wave = script(spread.map { $0 / 100 }, spread: .milliseconds(500)).finding
        #expect(wave.verdict == .fail)
        #expect(wave.bound == 0.5)
        let few = script(Array(spread.dropLast()), spread: .milliseconds(500)).finding
        #expect(few.verdict == .void)
        #expect(few.summary.contains("takes 1 more"), "\(few.summary)")
    }

    @Test func `a server that owes hints`() {
        func owed(_ retryAfter: Double?) -> Finding {
            let plan = ExpectationPlan.owed("honours-retry-after", ["hint-owed": .flag(true)])
            var script = Script.healthy(expect: [plan])
            script.at(99, Script.says(.attempt))
            script.at(100, Script.refused(retryAfter: retryAfter))
            script.at(106, Script.says(.attempt))
            return script.finding
        }
        #expect(owed(5).verdict == .pass)
        #expect(owed(nil).verdict == .fail)
        #expect(owed(nil).measured == 1)
        #expect(owed(nil).evidence.map(\.at) == [100])
    }

    @Test func `void without a hint`() {
        var script = script([1])
        script.drop { at, _ in at == 100 }
        #expect(script.finding.verdict == .void)
        script.at(100, Script.refused())
        #expect(script.finding.verdict == .void)
    }
}

@Suite struct ResolvesAgainExpectation {
    private func script(
        _ parameters: [String: Value] = [:], questions: [Double], attempts: [Double], server: Bool = true
    ) -> Script {
        var script = Script.healthy(expect: [.owed("resolves-again", parameters)])
        if server { script.scenario.lab.nameServer = NameServerPlan() }
        for second in questions {
            script.at(
                second,
                .lookup(
                    NameLookup(
                        host: "phone", name: "broker", type: "A", .addresses, addresses: ["10.77.2.1"], ttl: 60)))
        }
        for (place, second) in attempts.enumerated() { script.refusedSYN(second, port: 40_001 + place) }
        return script
    }

    @Test func `when the answer has expired`() {
        let kept = script(questions: [-6, 100], attempts: [-5.9, 100.1, 161]).finding
        #expect(kept.verdict == .pass)
        #expect(kept.measured == 61)
        #expect(kept.bound == 61)
        let cached = script(questions: [-6], attempts: [-5.9, 20, 100]).finding
        #expect(cached.verdict == .fail)
        #expect(cached.measured == 106)
        #expect(cached.summary.contains("1 of 1 attempts rest on an older one"), "\(cached.summary)")
    }

    @Test func `before every attempt`() {
        let every: [String: Value] = ["every": .text("attempt")]
        #expect(script(every, questions: [-6, 9, 19], attempts: [-5, 10, 20]).finding.verdict == .pass)
        let once = script(every, questions: [-6, 9], attempts: [-5, 10, 20]).finding
        #expect(once.verdict == .fail)
        #expect(once.measured == 11)
        #expect(once.bound == 10)
    }

    @Test func `void where nobody can tell`() {
        #expect(script(questions: [-6], attempts: [-5, 200], server: false).finding.verdict == .void)
        #expect(script(questions: [], attempts: [-5, 200]).finding.verdict == .void)
        #expect(script(questions: [-6], attempts: [-5, 20]).finding.verdict == .void)
        let other = script(["name": .text("spare")], questions: [-6], attempts: [-5, 200]).finding
        #expect(other.verdict == .void)
        #expect(other.summary.contains("never asked for the name spare"), "\(other.summary)")
    }
}
