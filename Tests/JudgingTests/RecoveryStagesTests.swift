import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

/// The parts of the way back that the wire and a driver's states show, quantiles, and from where detection counts.
@Suite struct RecoveryStages {
    private func expect(
        _ stages: [String: Duration] = [:], within: Duration = .seconds(30), _ more: [String: Value] = [:]
    ) -> ExpectationPlan {
        let bounds = stages.sorted { $0.key < $1.key }.map { Value.NamedDuration(name: $0.key, duration: $0.value) }
        var plan = ExpectationPlan.recovery("hang-up", within: within, stages: bounds)
        plan.parameters.merge(more) { $1 }
        return plan
    }

    /// The server hangs up at 600. SYN at 602, established at 602.25, login until 602.75, resumed at 603, messages
    /// again from 604 on.
    private func course(_ expectation: ExpectationPlan) -> Script {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [expectation])
        script.at(-7, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        script.messages(-5, 1800, lost: 600..<604)
        script.strike(0, "hang-up", from: 600)
        script.at(600.5, Script.wire(.fin, Script.broker, Script.phone))
        script.at(601, Script.state("reconnecting"), Script.wire(.fin, Script.phone, Script.broker))
        script.at(602, Script.says(.attempt), Script.wire(.attempt, Script.phoneAgain, Script.broker))
        script.at(602.25, Script.wire(.established, Script.phoneAgain, Script.broker))
        script.at(602.25, Script.state("authenticating"))
        script.at(602.75, Script.state("connected"), Script.says(.connected))
        script.at(603, resumed())
        return script
    }

    private func resumed(_ ok: Bool? = nil) -> Event.Body {
        let extra = ok.map { [JSON.Member("ok", .bool($0))] } ?? []
        return .driver(DriverReport(Script.client, .resumed, extra: extra))
    }

    @Test(arguments: [
        ("detect", 1.0), ("attempt", 1.0), ("connect", 2.75), ("tcp", 0.25), ("authenticated", 0.5),
        ("resumed", 0.75), ("message", 1.27), ("steady", 4.02),
    ])
    func `each stage has its own bound, and the bound itself passes`(stage: String, seconds: Double) {
        let exact = Duration.milliseconds(Int(seconds * 1000 + 0.5))
        let passed = course(expect([stage: exact])).finding
        #expect(passed.verdict == .pass, "\(passed.summary)")
        #expect(passed.measured == 4.02)
        let failed = course(expect([stage: exact - .nanoseconds(1)])).finding
        #expect(failed.verdict == .fail)
        #expect(failed.measured == seconds)
        #expect(failed.summary.contains(stage == "steady" ? "stage 'steady'" : "the stage '\(stage)' took"))
    }

    @Test func `evidence shows login and resumption`() {
        let texts = course(expect()).finding.evidence.map { "\($0.at) \($0.text)" }
        #expect(texts.contains("602.25 login begins: its driver said state (authenticating)"), "\(texts)")
        #expect(texts.contains("603.0 its driver said resumed"), "\(texts)")
    }

    @Test func `a SYN in the dark counts from the heal`() {
        let bounds = [Value.NamedDuration(name: "tcp", duration: .seconds(4))]
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: .seconds(30), stages: bounds)])
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        script.messages(-5, 1800, lost: 600..<905)
        script.strike(0, "blackhole", from: 600, to: 900)
        script.at(620, Script.state("reconnecting"))
        script.at(890, Script.wire(.attempt, Script.phoneAgain, Script.broker))
        script.at(904, Script.wire(.attempt, Script.phoneAgain, Script.broker, repeated: true))
        script.at(904, Script.wire(.established, Script.phoneAgain, Script.broker), Script.says(.connected))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.at(904.001, Script.wire(.established, Script.phoneAgain, Script.broker))
        script.drop { at, body in at == 904 && body == Script.wire(.established, Script.phoneAgain, Script.broker) }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 4.001)
    }

    @Test func `stages that nobody saw are void`() {
        var script = course(expect(["tcp": .seconds(10)]))
        script.drop { at, body in
            if case .wire(let change) = body { change.change == .attempt && at > 0 } else { false }
        }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("the wire does not show its handshake"), "\(script.finding.summary)")

        script = course(expect(["authenticated": .seconds(10)]))
        script.drop { at, body in at > 0 && (body == Script.says(.connected) || body == Script.state("connected")) }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("does not say when it was logged in"), "\(script.finding.summary)")

        script = course(expect(["resumed": .seconds(10)]))
        script.drop { _, body in body == resumed() }
        #expect(script.finding.verdict == .void)
        script.at(603, resumed(false))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("the server did not know its last session"))
        script.at(602.9, resumed(true))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `the handshake of TLS is a stage where there is one`() {
        var script = course(expect(["tls": .milliseconds(100)]))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("the wire shows no TLS"), "\(script.finding.summary)")
        func tls(_ at: Double, _ change: TLSChange.Change, _ end: Endpoint = Script.phoneAgain) {
            script.at(at, .tls(TLSChange(link: "phone-home", change, from: end, to: Script.broker)))
        }
        tls(-6.8, .clientHello(version: "1.3", name: nil), Script.phone)
        tls(-6.7, .finished, Script.phone)
        tls(602.3, .clientHello(version: "1.3", name: nil))
        #expect(script.finding.verdict == .void)
        tls(602.4, .finished)
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.scenario.expectations = [expect(["tls": .milliseconds(99)])]
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 0.1)
    }

    @Test func `a state of its own may say that it is logged in`() {
        var script = course(expect(["authenticated": .milliseconds(300)]))
        #expect(script.finding.verdict == .fail)
        script.at(602.5, Script.state("authenticated"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `detection may count from the first sign`() {
        let more: [String: Value] = ["detect-from": .text("first-sign")]
        let passed = course(expect(["detect": .milliseconds(500)], more)).finding
        #expect(passed.verdict == .pass, "\(passed.summary)")
        #expect(course(expect(["detect": .milliseconds(500)])).finding.verdict == .fail)
        let failed = course(expect(["detect": .milliseconds(499)], more)).finding
        #expect(failed.measured == 0.5)
        // What it sent itself tells it too, sooner.
        var script = course(expect(["detect": .milliseconds(500)], more))
        script.at(600.25, .driver(DriverReport(Script.client, .request)))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 0.75)
    }
}

// Steady again, and quantiles.
extension RecoveryStages {
    @Test func `what was held up and comes at once is no rate`() {
        var script = course(expect(["steady": .seconds(10)]))
        // After the burst of 20 nothing comes for 15 s.
        script.drop { at, body in at > 604 && at < 620 && isDriver(body, "subscriber") && sequence(body) != nil }
        for number in 604..<620 { script.at(604.5, Script.received(Int64(number))) }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 20.02)
        #expect(script.finding.summary.contains("the stage 'steady' took 20.02 s"), "\(script.finding.summary)")
    }

    @Test func `half of the rate is not the rate`() {
        var script = course(expect(["steady": .seconds(60)]))
        script.drop { at, body in at > 604 && isDriver(body, "subscriber") && (sequence(body) ?? 0) % 2 == 1 }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("messages never came as often again"), "\(script.finding.summary)")
        script = course(expect(["steady": .seconds(60)], ["steady-share": .fraction(0.4)]))
        script.drop { at, body in at > 604 && isDriver(body, "subscriber") && (sequence(body) ?? 0) % 2 == 1 }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `no rate before is void, and so is too short a time after`() {
        var script = course(expect(["steady": .seconds(60)]))
        script.drop { at, body in at > 593 && at < 600 && isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("too few to be a rate"), "\(script.finding.summary)")
        script = course(expect(["steady": .seconds(60)]))
        script.scenario.faults.append(.natForget(609, index: 1))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        // From the first new message to here are less than the ten seconds of the window.
        script.at(609, .fault(FaultChange(1, "nat-forget", .applied(late: 0))))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("less than 10 s were left"), "\(script.finding.summary)")
    }

    /// Twenty clients; the last is late.
    private func crowd(quantile: Double, late: Int, lateBy: Double = 100) -> Script {
        var script = Script.healthy(
            faults: [.hangUp(600)], expect: [expect(["detect": .seconds(2)], ["quantile": .fraction(quantile)])],
            count: 20)
        for index in 0..<20 {
            let client = Instance("subscriber", index)
            let back = index >= 20 - late ? 603 + lateBy : 603
            script.messages(-5, 1800, lost: 600..<Int(back), client: client, sends: index == 0)
            script.at(600.5 + Double(index) / 100, Script.state("disconnected", client))
            script.at(back - 0.5, Script.says(.attempt, client), Script.says(.connected, client))
        }
        script.strike(0, "hang-up", from: 600)
        return script
    }

    @Test func `a quantile lets so many be late`() {
        #expect(crowd(quantile: 1, late: 1).finding.verdict == .fail)
        let passed = crowd(quantile: 0.95, late: 1).finding
        #expect(passed.verdict == .pass, "\(passed.summary)")
        #expect(passed.measured == 3.02)
        #expect(passed.summary.contains("(This is the 95% quantile of 20 sessions.)"), "\(passed.summary)")
        let failed = crowd(quantile: 0.95, late: 2).finding
        #expect(failed.verdict == .fail)
        #expect(failed.measured == 103.02)
    }

    @Test func `a quantile holds for each bound`() {
        var script = crowd(quantile: 0.95, late: 0)
        #expect(script.finding.verdict == .pass)
        for index in 3...4 {
            let client = Instance("subscriber", index)
            script.drop { at, body in body == Script.state("disconnected", client) && at < 700 }
            script.at(602.2, Script.state("disconnected", client))
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 2.2)
    }

    @Test func `a crash is no matter of quantiles`() {
        var script = crowd(quantile: 0.5, late: 0)
        script.at(900, .actor(ActorChange(Instance("subscriber", 7), .exited(status: 0, signal: nil))))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("subscriber#7 ended by itself"))
    }

    /// Several sessions of one process: each names its end of the connection.
    @Test func `the wire is told apart by the ends that drivers name`() {
        var script = Script.healthy(
            faults: [.hangUp(600)], expect: [expect(["tcp": .milliseconds(250)])])
        script.drop { _, body in isDriver(body, "subscriber") }
        func say(_ at: Double, _ session: String, _ kind: DriverReport.Kind, _ end: Endpoint? = nil) {
            let extra = end.map { [JSON.Member("local", .string($0.description))] } ?? []
            script.at(at, .driver(DriverReport(Script.client, kind, session: session, extra: extra)))
        }
        script.strike(0, "hang-up", from: 600)
        for (index, session) in ["a", "b"].enumerated() {
            let end = Endpoint(address: "10.77.1.1", port: 50_000 + index)
            say(-8, session, .connected)
            for second in -5..<1800 where !(600..<604).contains(second) {
                script.at(Double(second), Script.received(Int64(second), session: session))
            }
            say(600.5, session, .error)
            say(602, session, .attempt)
            script.at(602, Script.wire(.attempt, end, Script.broker))
            script.at(602.25 + Double(index), Script.wire(.established, end, Script.broker))
            say(603.5, session, .connected, end)
        }
        #expect(script.finding.verdict == .fail, "\(script.finding.summary)")
        #expect(script.finding.measured == 1.25)
        #expect(script.finding.summary.hasPrefix("subscriber session b"), "\(script.finding.summary)")
    }
}
