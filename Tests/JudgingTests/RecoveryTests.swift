import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct RecoveryExpectation {
    /// Blackhole from 600 to 900; the client notices at 620, tries in vain at 640, and again at `attempt`.
    private func blackhole(attempt: Double, within: Duration = .seconds(30), stages: [Value.NamedDuration] = [])
        -> Script
    {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: within, stages: stages)])
        let back = Int(attempt) + 1
        script.messages(-5, 1800, lost: 600..<back)
        script.strike(0, "blackhole", from: 600, to: 900)
        script.at(620, Script.state("disconnected"))
        script.at(640, Script.says(.attempt))
        script.at(896, Script.says(.attempt))
        script.at(attempt, Script.says(.attempt))
        script.at(attempt + 0.04, Script.says(.connected))
        return script
    }

    @Test func passesInTime() throws {
        let finding = blackhole(attempt: 905).finding
        #expect(finding.verdict == .pass)
        #expect(finding.measured == 6.02)
        #expect(finding.bound == 30)
        #expect(finding.unit == "s")
        #expect(
            finding.summary
                == "subscriber had a new message 6.02 s after blackhole at 10m on phone-home healed (detected after "
                + "20 s, tried after another 20 s, connected after 5.04 s, first new message after another 980 ms).")
        #expect(
            finding.evidence.map { "\($0.at) \($0.text)" } == [
                "600.0 blackhole at 10m on phone-home struck subscriber",
                "620.0 first sign that it knew: its driver said state (disconnected)",
                "640.0 attempt: its driver said attempt", "896.0 attempt: its driver said attempt, 256 s later",
                "900.0 blackhole at 10m on phone-home healed", "905.0 attempt: its driver said attempt, 9 s later",
                "905.04 connection up: its driver said connected", "906.02 first new message: received ticks 906",
            ])
    }

    @Test func evidenceNamesLinesOfTheRecording() throws {
        let script = blackhole(attempt: 905)
        for evidence in script.finding.evidence {
            let event = script.recording.events[evidence.line - 2]
            #expect((event.time - Script.time(0)).seconds == evidence.at)
        }
    }

    /// The finding that started it all: a backoff that outgrows the outage.
    @Test func failsLateAndShowsTheBackoff() {
        let finding = blackhole(attempt: 1016).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 117.02)
        #expect(
            finding.summary.contains(
                "It was waiting when the path was back: attempts at 14m56s and at 16m56s, 120 s apart. Its backoff "
                    + "has grown"
            ),
            "\(finding.summary)")
    }

    @Test func failsWhenItNeverComesBack() {
        var script = blackhole(attempt: 905)
        script.drop { at, body in at > 897 && isDriver(body, "subscriber") && at < 1801 }
        // What it does as the run takes it down says nothing.
        script.at(1811, Script.says(.attempt), Script.says(.connected), Script.received(100_000))
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 910)
        #expect(finding.summary.contains("Its last attempt was at 14m56s"), "\(finding.summary)")
    }

    @Test func failsWhenItNeverNotices() {
        var script = Script.healthy(
            faults: [.natForget(600)], expect: [.recovery("nat-forget", within: .seconds(60))])
        script.messages(-5, 1800, lost: 600..<1800)
        script.strike(0, "nat-forget", from: 600)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("It never noticed"), "\(script.finding.summary)")
    }

    @Test func failsAStageThatIsTooLong() {
        let tight = [Value.NamedDuration(name: "detect", duration: .seconds(10))]
        let finding = blackhole(attempt: 905, stages: tight).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 20)
        #expect(finding.bound == 10)
        #expect(finding.summary.contains("the stage 'detect' took 20 s, and 10 s were allowed"), "\(finding.summary)")
        let wide = ["detect", "attempt", "connect", "message"].map {
            Value.NamedDuration(name: $0, duration: .seconds(20))
        }
        #expect(blackhole(attempt: 905, stages: wide).finding.verdict == .pass)
        for (name, limit) in [("attempt", 19), ("connect", 5), ("message", 0)] {
            let stage = Value.NamedDuration(name: name, duration: .seconds(limit))
            #expect(blackhole(attempt: 905, stages: [stage]).finding.verdict == .fail, "\(name)")
        }
    }

    /// A connection that survives a blackhole of 10 s: all messages come at its end.
    private func survivor(stage: String) -> Finding {
        let bound = Value.NamedDuration(name: stage, duration: .seconds(5))
        var script = Script.healthy(
            faults: [.blackhole(600, 610)], expect: [.recovery("blackhole", within: .seconds(5), stages: [bound])])
        script.messages(-5, 1800, lost: 600..<612)
        for second in 600..<612 { script.at(611.5, Script.received(Int64(second))) }
        script.strike(0, "blackhole", from: 600, to: 610)
        return script.finding
    }

    @Test func aConnectionThatSurvivesNeedsNoNewOne() {
        let finding = survivor(stage: "connect")
        #expect(finding.verdict == .pass)
        #expect(finding.measured == 1.5)
        #expect(finding.summary.hasSuffix("its connection survived."), "\(finding.summary)")
    }

    @Test func failsWhenItNeverNoticedThoughItShouldHave() {
        let finding = survivor(stage: "detect")
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 10)
        #expect(finding.bound == 5)
        #expect(finding.summary.contains("it noticed nothing while blackhole"), "\(finding.summary)")
    }

    /// Nobody noticed, and TCP itself was late.
    @Test func failsWhenOnlyTCPCameBack() {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: .seconds(30))])
        script.messages(-5, 1800, lost: 600..<990)
        script.strike(0, "blackhole", from: 600, to: 900)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("heard nothing until TCP sent again"), "\(script.finding.summary)")
    }

    @Test func failsWhenEachNewConnectionFallsSilent() {
        var script = blackhole(attempt: 905)
        script.drop { at, body in at > 904 && isDriver(body, "subscriber") && at < 1801 }
        for start in [910.0, 1030, 1150] {
            script.at(start, Script.says(.attempt))
            script.at(start + 0.1, Script.says(.connected))
            script.at(start + 60, Script.says(.error))
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("It connected 3 times"), "\(script.finding.summary)")
        #expect(script.finding.evidence.count { $0.text.hasPrefix("connection up") } == 3)
    }

    /// A message that was on its way when the fault struck is no recovery.
    @Test func messagesUnderWayDoNotCount() {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.recovery("hang-up", within: .seconds(5))])
        script.messages(-5, 1800, lost: 600..<640)
        script.at(599.99, Script.sent(100_000))
        script.at(600.01, Script.received(100_000))
        script.strike(0, "hang-up", from: 600)
        script.at(600.02, Script.state("disconnected"))
        script.at(639, Script.says(.attempt))
        script.at(639.1, Script.says(.connected))
        script.drop { _, body in sequence(body).map { (640..<1800).contains($0) } ?? false }
        for second in 640..<1800 {
            script.at(Double(second), Script.sent(100_000 + Int64(second)), Script.received(100_000 + Int64(second)))
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 40)
    }

    /// Nor is one that it has seen before.
    @Test func repeatedMessagesDoNotCount() {
        var script = blackhole(attempt: 905)
        script.drop { at, body in at > 900 && at < 960 && isDriver(body, "subscriber") && sequence(body) != nil }
        for second in 906..<960 { script.at(Double(second), Script.received(599)) }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 60.02)
        #expect(script.finding.summary.contains("The stages say"), "\(script.finding.summary)")
    }

    /// A thawed server's kernel took the connection before: the time counts from the thaw, and no stage is negative.
    @Test func connectionsMadeBeforeTheThawCount() {
        var script = Script.healthy(faults: [.freeze(600, 900)], expect: [.recovery("freeze", within: .seconds(5))])
        script.messages(-5, 1800, lost: 600..<900)
        script.strike(0, "freeze", from: 600, to: 900)
        script.at(650, Script.state("disconnected"), Script.says(.attempt), Script.says(.connected))
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 0.02)
        #expect(script.finding.summary.contains("connected after 0 s, first new message after another 20 ms"))
    }

    /// A fault that waits for its prey strikes each client when its own mapping goes.
    @Test func firstHitIsTheStrikeOfTheClientsOwnMapping() {
        var script = Script.healthy(
            faults: [.natExpiry(600, 1700)],
            expect: [
                .recovery("nat-expiry", within: .seconds(100), stages: [.init(name: "detect", duration: .seconds(60))])
            ])
        script.messages(-5, 1800, lost: 700..<780)
        script.at(-7, Script.wire(.established, Script.phone, Script.broker))
        script.at(600, .fault(FaultChange(0, "nat-expiry", .applied(late: 0))))
        // Another connection of the host, and one that the client had before.
        script.at(-9, Script.wire(.established, Script.phoneAgain, Script.broker))
        script.at(640, mapping(Script.phoneAgain, .expired))
        script.at(650, mapping(Endpoint(address: "10.77.1.1", port: 5), .expired))
        script.at(700, mapping(Script.phone, .expired))
        script.at(710, .fault(FaultChange(0, "nat-expiry", .hit(total: 2))))
        script.at(750, Script.state("disconnected"))
        script.at(779, Script.says(.attempt), Script.says(.connected))
        script.at(1700, .fault(FaultChange(0, "nat-expiry", .healed(late: 0, total: 2))))
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 80.02)
        #expect(script.finding.summary.contains("detected after 50 s"), "\(script.finding.summary)")
    }

    @Test func theWorstInstanceDecides() {
        var script = Script.healthy(
            faults: [.hangUp(600)], expect: [.recovery("hang-up", within: .seconds(10))], count: 3)
        for (index, back) in [602, 640, 620].enumerated() {
            let client = Instance("subscriber", index)
            script.messages(-5, 1800, lost: 600..<back, client: client, sends: index == 0)
            script.at(600.1, Script.state("disconnected", client))
            script.at(Double(back) - 0.5, Script.says(.attempt, client), Script.says(.connected, client))
        }
        script.strike(0, "hang-up", from: 600)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 40.02)
        #expect(script.finding.summary.hasPrefix("subscriber#1 owed"), "\(script.finding.summary)")
        #expect(script.finding.summary.contains("2 of 3 cases"), "\(script.finding.summary)")
    }

    @Test func eachOccurrenceIsJudged() {
        var script = Script.healthy(
            faults: [.hangUp(300), .hangUp(600, index: 1)], expect: [.recovery("hang-up", within: .seconds(10))])
        script.messages(-5, 1800, lost: 600..<640)
        script.strike(0, "hang-up", from: 300)
        script.strike(1, "hang-up", from: 600)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("hang-up at 10m"), "\(script.finding.summary)")
    }

    @Test func aCrashIsNoRecovery() {
        var script = blackhole(attempt: 905)
        script.at(950, .actor(ActorChange(Script.client, .exited(status: 1, signal: nil))))
        #expect(script.finding.verdict == .fail)
        #expect(
            script.finding.summary.hasPrefix(
                "subscriber ended by itself at 15m50s, with exit status 1, 50 s after the end of blackhole"),
            "\(script.finding.summary)")
        #expect(script.judgement().verdict == .fail)
    }

    /// A server that is started again owes its clients readiness first.
    @Test func afterAKillLivenessIsOwedOnceTheServerIsReadyAgain() {
        let broker = Instance("broker")
        var script = Script.healthy(
            faults: [.kill(600, of: "broker")], expect: [.recovery("kill", within: .seconds(10))])
        script.messages(-5, 1800, lost: 600..<625)
        script.at(600.005, .fault(FaultChange(0, "kill", .applied(late: 5_000_000))))
        script.at(600.005, .fault(FaultChange(0, "kill", .healed(late: 0, total: 1))))
        script.at(600.001, .actor(ActorChange(broker, .exited(status: nil, signal: 9))))
        script.at(601, Script.says(.error))
        script.at(624, Script.says(.attempt), Script.says(.connected))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("was not there again"), "\(script.finding.summary)")
        script.at(620, .actor(ActorChange(broker, .started(pid: 9))), .actor(ActorChange(broker, .ready)))
        #expect(script.judgement().verdict == .pass)
        #expect(script.finding.measured == 5.02)
        #expect(script.finding.summary.contains("after kill at 10m of broker was over"), "\(script.finding.summary)")
    }

    /// A server that was killed counts from 1 again: what it sends then is new, by its driver or by its start.
    @Test(arguments: [true, false])
    func numbersMayBeginAnew(senderSpeaks: Bool) {
        let broker = Instance("broker")
        var script = Script.healthy(
            faults: [.kill(600, of: "broker")], expect: [.recovery("kill", within: .seconds(10))])
        script.messages(-5, 600, sends: senderSpeaks)
        script.strike(0, "kill", from: 600)
        script.at(600.001, .actor(ActorChange(broker, .exited(status: nil, signal: 9))))
        script.at(601, Script.says(.error))
        script.at(610, .actor(ActorChange(broker, .ready)))
        if !senderSpeaks { script.at(609, .actor(ActorChange(broker, .started(pid: 9)))) }
        script.at(612, Script.says(.attempt), Script.says(.connected))
        for second in 613..<1800 {
            if senderSpeaks { script.at(Double(second), Script.sent(Int64(second - 612))) }
            script.at(Double(second) + 0.1, Script.received(Int64(second - 612)))
        }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.measured == 3.1)
    }

    @Test func voidWhenNobodySentAnything() {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.recovery("hang-up", within: .seconds(10))])
        script.messages(-5, 600)
        script.messages(615, 1800)
        script.strike(0, "hang-up", from: 600)
        script.at(600.1, Script.state("disconnected"), Script.says(.attempt), Script.says(.connected))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.hasPrefix("Nobody sent anything in the 10 s that subscriber had after hang-up"))
    }

    @Test func aKilledClientIsNoCrash() {
        var script = Script.healthy(
            faults: [.kill(600, of: "subscriber")], expect: [.recovery("kill", within: .seconds(10))])
        script.messages(-5, 1800, lost: 600..<605)
        script.strike(0, "kill", from: 600)
        script.at(600.001, .actor(ActorChange(Script.client, .exited(status: nil, signal: 9))))
        script.at(
            602, .actor(ActorChange(Script.client, .started(pid: 9))), .actor(ActorChange(Script.client, .ready)),
            Script.says(.attempt), Script.says(.connected))
        #expect(script.finding.verdict == .pass)
    }
}

// Void, and judged by the wire alone.
extension RecoveryExpectation {
    @Test func voidWhenTheFaultDidNotStrike() {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: .seconds(30))])
        script.messages(-5, 1800)
        script.strike(0, "blackhole", from: 600, to: 900, hits: 0)
        #expect(script.finding.verdict == .void)
        #expect(script.judgement().verdict == .void)
    }

    /// What was held up by the fault and comes after it, over the same connection, is new to its user.
    @Test func aMessageHeldUpByTheFaultCounts() {
        var script = Script.healthy(
            faults: [.blackhole(600, 610)], expect: [.recovery("blackhole", within: .seconds(5))])
        script.messages(-5, 1800, lost: 599..<620)
        script.strike(0, "blackhole", from: 600, to: 610)
        script.at(611, Script.received(599))
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 1)
    }

    /// The kernel acts between the time due and its acknowledgement.
    @Test func signsBeforeTheAcknowledgementAreTheFaults() {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.recovery("hang-up", within: .seconds(5))])
        script.messages(-5, 1800, lost: 600..<602)
        script.at(600.002, Script.state("disconnected"))
        script.at(600.004, .fault(FaultChange(0, "hang-up", .applied(late: 4_000_000))))
        script.at(600.004, .fault(FaultChange(0, "hang-up", .healed(late: 0, total: 1))))
        script.at(601, Script.says(.connected))
        #expect(script.judgement().verdict == .pass, "\(script.judgement())")
        #expect(script.finding.summary.contains("detected after 2 ms"), "\(script.finding.summary)")
    }

    @Test func voidWhenTheClientWasDownAlready() {
        var script = Script.healthy(
            faults: [.blackhole(300, 310), .hangUp(600, index: 1)], expect: [.recovery("hang-up", within: .seconds(5))])
        script.messages(-5, 1800, lost: 300..<620)
        script.strike(0, "blackhole", from: 300, to: 310)
        script.strike(1, "hang-up", from: 600)
        script.at(305, Script.state("reconnecting"))
        script.at(619, Script.says(.connected))
        #expect(script.finding.verdict == .void)
        #expect(
            script.finding.summary
                == "subscriber was not connected when hang-up at 10m of broker struck: its driver said state "
                + "(reconnecting) at 5m05s.")
    }

    /// A stage that nobody saw is not one that was short.
    @Test func voidWhenABoundedStageCannotBeSeen() {
        var script = blackhole(attempt: 905, stages: [.init(name: "attempt", duration: .seconds(30))])
        #expect(script.finding.verdict == .pass)
        script.drop { _, body in body == Script.says(.attempt) }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("How long the stage 'attempt' took cannot be told"))
    }

    /// A driver may speak of being connected after the first messages; the wire knew before.
    @Test func theWireStandsInForALateWord() {
        var script = blackhole(attempt: 905)
        script.drop { at, body in at > 900 && body == Script.says(.connected) }
        script.at(905.5, Script.wire(.established, Script.phoneAgain, Script.broker))
        script.at(907, Script.says(.connected))
        #expect(script.finding.summary.contains("connected after 5.5 s, first new message after another 520 ms"))
    }

    @Test func statesThatMeanConnectedAreNoLoss() {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.recovery("hang-up", within: .seconds(5))])
        script.messages(-5, 1800, lost: 600..<602)
        script.strike(0, "hang-up", from: 600)
        script.at(-5, Script.state("subscribed"))
        script.at(600.1, Script.state("disconnected"))
        script.at(601, Script.state("subscribed"))
        #expect(script.judgement().verdict == .pass, "\(script.judgement())")
    }

    @Test func voidWhenTheRunEndsTooSoon() {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: .seconds(30))], end: 905)
        script.messages(-5, 905, lost: 600..<905)
        script.strike(0, "blackhole", from: 600, to: 900)
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("The run ended 15 s after"), "\(script.finding.summary)")
    }

    @Test func voidWhenAnotherFaultComesTooSoon() {
        var script = Script.healthy(
            faults: [.blackhole(600, 900), .hangUp(910, index: 1)],
            expect: [.recovery("blackhole", within: .seconds(30))])
        script.messages(-5, 1800, lost: 600..<1000)
        script.strike(0, "blackhole", from: 600, to: 900)
        script.strike(1, "hang-up", from: 910)
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("hang-up at 15m10s of broker struck before the 30 s"))
    }

    private func silent(_ fault: FaultPlan, within: Duration = .seconds(30)) -> Script {
        var script = Script.healthy(faults: [fault], expect: [.recovery(fault.kind, within: within)])
        script.drop { _, body in isDriver(body, "subscriber") }
        script.at(-7, Script.wire(.established, Script.phone, Script.broker))
        script.at(-7, Script.wire(.firstResponse, Script.broker, Script.phone))
        script.strike(0, fault.kind, from: 600, to: fault.until?.seconds)
        return script
    }

    @Test func withoutADriverTheWireTells() {
        var script = silent(.blackhole(600, 900))
        script.at(630, Script.wire(.fin, Script.phone, Script.broker))
        script.at(640, Script.wire(.attempt, Script.phoneAgain, Script.broker))
        script.at(641, Script.wire(.attempt, Script.phoneAgain, Script.broker, repeated: true))
        script.at(904, Script.wire(.attempt, Script.phoneAgain, Script.broker, repeated: true))
        script.at(904.1, Script.wire(.established, Script.phoneAgain, Script.broker))
        script.at(904.2, Script.wire(.firstResponse, Script.broker, Script.phoneAgain))
        #expect(script.judgement().verdict == .pass)
        #expect(script.finding.measured == 4.2)
        #expect(
            script.finding.summary.contains("detected after 30 s, tried after another 10 s"),
            "\(script.finding.summary)")
        // A SYN that its kernel sends again is no new attempt.
        #expect(script.finding.evidence.count { $0.text.hasPrefix("attempt:") } == 1)
        script.drop { at, body in at > 904 && at < 1000 }
        #expect(script.finding.verdict == .fail)
    }

    @Test func voidWhenTheWireSaysNothing() {
        #expect(silent(.blackhole(600, 900)).finding.verdict == .void)
    }

    /// What happened to a connection after another fault says nothing about this one.
    @Test func signsOfAnotherFaultAreNotThisOnes() {
        var script = silent(.blackhole(600, 610))
        script.scenario.faults.append(.hangUp(700, index: 1))
        script.strike(1, "hang-up", from: 700)
        script.at(700.1, Script.wire(.fin, Script.phone, Script.broker))
        script.at(701, Script.wire(.attempt, Script.phoneAgain, Script.broker))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("the wire shows neither"), "\(script.finding.summary)")
    }

    @Test func voidWhenAnotherActorDialsFromTheSameHost() {
        var script = silent(.blackhole(600, 900))
        script.at(630, Script.wire(.fin, Script.phone, Script.broker))
        #expect(script.finding.verdict == .fail)
        var other = script.scenario.actors[2]
        other.name = "other"
        script.scenario.actors.append(other)
        #expect(script.finding.verdict == .void)
    }

    @Test func voidWhenTheWireDoesNotTellThemApart() {
        var script = Script.healthy(
            faults: [.hangUp(600)], expect: [.recovery("hang-up", within: .seconds(30))], count: 2)
        script.drop { _, body in isDriver(body, "subscriber") }
        script.strike(0, "hang-up", from: 600)
        script.at(601, Script.wire(.established, Script.phone, Script.broker))
        script.at(601, Script.wire(.firstResponse, Script.broker, Script.phone))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("cannot be told"), "\(script.finding.summary)")
    }

    private func mapping(_ from: Endpoint, _ change: MappingChange.Change) -> Event.Body {
        .mapping(MappingChange(router: "home", change, from: from, to: Script.broker, translated: from))
    }
}

func isDriver(_ body: Event.Body, _ actor: String) -> Bool {
    if case .driver(let report) = body { report.instance.actor == actor } else { false }
}

func sequence(_ body: Event.Body) -> Int64? {
    if case .driver(let report) = body { report.sequence } else { nil }
}
