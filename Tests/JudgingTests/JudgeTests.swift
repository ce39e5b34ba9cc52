import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct JudgeVerdicts {
    /// All four expectations hold.
    private func good() -> Script {
        var script = Script.healthy(
            faults: [.blackhole(600, 610)],
            expect: [.connects(.seconds(5)), .recovery("blackhole", within: .seconds(5)), .noGaps, .noDuplicates])
        script.messages(-5, 1800, lost: 600..<611)
        for second in 600..<611 { script.at(610.5, Script.received(Int64(second))) }
        script.strike(0, "blackhole", from: 600, to: 610)
        return script
    }

    private func failing() -> Script {
        var script = good()
        script.at(700, Script.received(7))
        return script
    }

    private func expect(
        _ script: Script, _ verdict: Verdict, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let judgement = script.judgement()
        #expect(judgement.verdict == verdict, sourceLocation: sourceLocation)
        #expect(
            judgement.reasons.contains { $0.contains(reason) }, "\(judgement.reasons)", sourceLocation: sourceLocation)
        #expect(judgement.findings.count == script.scenario.expectations.count, sourceLocation: sourceLocation)
    }

    @Test func passWhenAllHolds() {
        let judgement = good().judgement()
        #expect(judgement.verdict == .pass, "\(judgement)")
        #expect(judgement.reasons.isEmpty)
        #expect(judgement.findings.map(\.verdict) == [.pass, .pass, .pass, .pass])
    }

    @Test func failWhenOneFails() {
        let judgement = failing().judgement()
        #expect(judgement.verdict == .fail)
        #expect(judgement.findings.map(\.verdict) == [.pass, .pass, .pass, .fail])
    }

    /// What is known to be wrong is said, even if something else could not be judged.
    @Test func aFailureOutweighsAVoidFinding() {
        var script = failing()
        script.scenario.expectations.append(.recovery("hang-up", within: .seconds(5)))
        let judgement = script.judgement()
        #expect(judgement.verdict == .fail)
        #expect(judgement.findings.map(\.verdict) == [.pass, .pass, .pass, .fail, .void])
        #expect(judgement.reasons == ["The timeline has no hang-up."])
    }

    @Test func faultWithoutHitsIsVoidWhateverElse() {
        for var script in [good(), failing()] {
            script.drop { _, body in if case .fault = body { true } else { false } }
            expect(script, .void, "blackhole at 10m on phone-home was never applied.")
            script.strike(0, "blackhole", from: 600, to: 610, hits: 0)
            expect(
                script, .void,
                "blackhole at 10m on phone-home struck no packet: nothing that it applies to was sent on phone-home "
                    + "in that time. A hit is: something struck.")
        }
    }

    @Test func faultThatCouldNotBeMadeIsAnError() {
        var script = failing()
        script.at(600, .fault(FaultChange(0, "blackhole", .failed(reason: "no nftables"))))
        expect(script, .error, "blackhole at 10m on phone-home could not be made: no nftables")
    }

    @Test func lostEventsAreVoid() {
        var script = failing()
        script.at(700, .lost(LostEvents(probe: "capture phone-home", count: 17)))
        expect(script, .void, "The probe capture phone-home missed 17 events")
    }

    @Test func notHealthyIsVoid() {
        var script = failing()
        script.drop { _, body in body == .phase(.healthy) }
        expect(script, .void, "The clients were not healthy within 60 s")
        #expect(script.judgement().findings.allSatisfy { $0.verdict == .void })
        script.at(5, .phase(.healthy))
        expect(script, .void, "The clients were not healthy within 60 s")
        script.drop { _, body in body == .phase(.play) }
        expect(script, .void, "has no play phase")
    }

    @Test func clientLostBeforeTheFirstFaultIsVoid() {
        var script = failing()
        script.at(590, Script.state("disconnected"))
        expect(
            script, .void,
            "subscriber was no longer connected when the first fault struck, at 10m: its driver said state "
                + "(disconnected) at 9m50s"
        )
        script.at(595, Script.says(.connected))
        #expect(script.judgement().verdict == .fail)
    }

    /// An error may be about anything; with the end of the connection on the wire it is a loss.
    @Test func errorsAreALossOnlyIfTheWireShowsOne() {
        var script = good()
        script.at(-8, Script.wire(.established, Script.phone, Script.broker))
        script.at(590, Script.says(.error, text: "queue is full"))
        #expect(script.judgement().verdict == .pass)
        script.at(589, Script.wire(.reset, Script.broker, Script.phone))
        expect(script, .void, "its driver said error (queue is full) at 9m50s")
    }

    @Test func connectionLostOnTheWireBeforeTheFirstFaultIsVoid() {
        var script = good()
        script.drop { _, body in isDriver(body, "subscriber") && sequence(body) == nil }
        script.at(-7, Script.wire(.established, Script.phone, Script.broker))
        #expect(script.judgement().verdict == .pass)
        // One of two connections may go.
        script.at(580, Script.wire(.established, Script.phoneAgain, Script.broker))
        script.at(585, Script.wire(.fin, Script.phoneAgain, Script.broker))
        #expect(script.judgement().verdict == .pass)
        script.at(590, Script.wire(.reset, Script.broker, Script.phone))
        expect(script, .void, "10.77.2.1:1883 sent a RST at 9m50s")
        script.at(595, Script.wire(.established, Script.phoneAgain, Script.broker))
        #expect(script.judgement().verdict == .pass)
    }

    @Test func actorsThatDoNotComeUp() {
        for reason in [End.Reason.actorFailed, .finished] {
            var script = failing()
            script.end = reason
            script.at(-8, .actor(ActorChange(Instance("broker"), .failed(reason: "no such file"))))
            expect(script, .void, "The server broker did not come up: no such file (line ")
            script.at(-7, .actor(ActorChange(Script.client, .unsupported(reason: "no TLS"))))
            expect(script, .unsupported, "subscriber cannot play this scenario: no TLS")
        }
        var script = failing()
        script.end = .actorFailed
        script.message = "ticker flooded its output"
        expect(script, .void, "ticker flooded its output")
    }

    @Test func serversThatFallAreVoid() {
        var script = failing()
        script.at(900, .actor(ActorChange(Instance("broker"), .exited(status: nil, signal: 11))))
        expect(script, .void, "The server broker ended by itself at 15m, killed by signal 11")
        script = failing()
        script.at(900, .actor(ActorChange(Instance("ticker"), .exited(status: 0, signal: nil))))
        #expect(script.judgement().verdict == .fail)
        script.at(901, .actor(ActorChange(Instance("ticker"), .exited(status: 1, signal: nil))))
        #expect(script.judgement().verdict == .fail, "only its first end counts")
    }

    @Test func otherEnds() {
        var script = failing()
        script.message = "sch_netem is missing"
        script.end = .unsupported
        expect(script, .unsupported, "sch_netem is missing")
        script.end = .error
        expect(script, .error, "sch_netem is missing")
        script.end = .interrupted
        expect(script, .void, "interrupted before its end")
    }

    @Test func nothingExpectedIsVoid() {
        var script = Script.healthy(expect: [])
        script.messages(-5, 1800)
        expect(script, .void, "expects nothing")
    }

    @Test func unknownExpectationIsAnError() {
        var script = good()
        script.scenario.expectations[0].kind = "telepathy"
        expect(script, .error, "does not know the expectation 'telepathy'")
    }

    @Test func emptyRecordingsNeverPass() {
        var script = Script(expect: good().scenario.expectations)
        expect(script, .void, "no play phase")
        script.at(-1, .phase(.healthy))
        script.at(0, .phase(.play))
        script.at(10, .phase(.stop))
        let judgement = script.judgement()
        #expect(judgement.verdict == .void)
        #expect(judgement.findings.allSatisfy { $0.verdict == .void })
    }
}

@Suite struct DamagedRecordingsAreNeverPassed {
    private var script: Script {
        var script = Script.healthy(
            faults: [.blackhole(30, 40), .natExpiry(50, 60, index: 1), .hangUp(70, index: 2)],
            expect: [
                .connects(.seconds(5)), .recovery("blackhole", within: .seconds(5)),
                .recovery("nat-expiry", within: .seconds(5)), .recovery("hang-up", within: .seconds(5)), .noGaps,
                .noDuplicates,
            ], end: 100)
        script.messages(-5, 100)
        for (second, change) in WireChange.Change.allCases.enumerated() {
            script.at(Double(second) + 75, Script.wire(change, Script.phone, Script.broker))
        }
        script.at(72, Script.says(.error), Script.says(.attempt), Script.says(.connected))
        script.strike(0, "blackhole", from: 30, to: 40)
        script.strike(1, "nat-expiry", from: 50, to: 60)
        script.strike(2, "hang-up", from: 70)
        return script
    }

    private func bytes(_ recording: Recording) -> [UInt8] {
        var encoder = RecordingEncoder()
        return recording.events.reduce(into: encoder.encode(header: recording.header)) { $0 += encoder.encode($1) }
    }

    @Test func theWholeOnePasses() throws {
        let judgement = script.judgement(try RecordingDecoder.decode(bytes(script.recording)))
        #expect(judgement.verdict == .pass, "\(judgement)")
    }

    @Test func cutAnywhereIsAnError() throws {
        let script = script
        let whole = bytes(script.recording)
        for length in stride(from: whole.firstIndex(of: 0x0A)! + 1, to: whole.count, by: 211) {
            let judgement = script.judgement(try RecordingDecoder.decode(Array(whole[..<length])))
            #expect(judgement.verdict == .error)
            #expect(judgement.findings.allSatisfy { $0.verdict == .void })
            #expect(judgement.reasons.first?.contains("no end event") == true)
        }
    }

    /// A judge that is handed events without an end, or with a hole, does not pass them either.
    @Test func withoutItsEndIsAnError() {
        let script = script
        var recording = script.recording
        recording.events.removeLast()
        #expect(script.judgement(recording).verdict == .error)
        recording.events.removeAll()
        #expect(script.judgement(recording).verdict == .error)
    }

    /// Events taken out, doubled, swapped in time, given other actors, numbers and times: never a crash; and a run
    /// whose phases, faults or messages are all gone never passes.
    @Test func strangeRecordingsDoNotCrash() {
        var random = SeededGenerator(state: 5)
        let script = script
        let whole = script.recording
        for _ in 0..<100 {
            var recording = whole
            for _ in 0..<Int.random(in: 1..<40, using: &random) {
                let place = Int.random(in: 0..<recording.events.count - 1, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: recording.events.remove(at: place)
                case 1: recording.events.insert(recording.events[place], at: place)
                case 2:
                    recording.events[place].time = Timestamp(nanoseconds: Int64.random(in: 0..<1 << 62, using: &random))
                case 3: recording.events.swapAt(place, Int.random(in: 0..<recording.events.count - 1, using: &random))
                default:
                    recording.events[place].body = Script.received([.min, .max, 0, 7].randomElement(using: &random)!)
                }
            }
            let judgement = script.judgement(recording)
            #expect(judgement.findings.count == 6)
        }
        for gone in ["play", "healthy", "fault", "received", "sent"] {
            var recording = whole
            recording.events.removeAll { event in
                switch event.body {
                case .phase(let phase): phase.rawValue == gone
                case .fault: gone == "fault"
                case .driver(let report): report.kind.rawValue == gone
                default: false
                }
            }
            #expect(script.judgement(recording).verdict != .pass, "without \(gone)")
        }
    }
}

struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
