import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct StatesExpectation {
    private func expect(_ parameters: [String: Value] = [:]) -> ExpectationPlan {
        ExpectationPlan(
            index: 0, kind: "states", subject: .actor("subscriber"), parameters: parameters,
            position: "sample.yaml:1:1", text: "states: subscriber")
    }

    /// Comes up before play; loses its connection at 600 and is back at 602.
    private func script(_ parameters: [String: Value] = [:]) -> Script {
        var script = Script.healthy(expect: [expect(parameters)])
        script.drop { _, body in isDriver(body, "subscriber") }
        up(&script, -7, Script.phone)
        script.at(600, Script.wire(.fin, Script.broker, Script.phone))
        script.at(600.1, Script.state("reconnecting"), Script.wire(.fin, Script.phone, Script.broker))
        up(&script, 602, Script.phoneAgain)
        return script
    }

    private func up(_ script: inout Script, _ at: Double, _ end: Endpoint) {
        script.at(at, Script.state("connecting"), Script.wire(.attempt, end, Script.broker))
        script.at(at + 0.1, Script.wire(.established, end, Script.broker), Script.state("authenticating"))
        script.at(at + 0.2, Script.wire(.firstResponse, Script.broker, end))
        script.at(at + 0.3, Script.state("connected"), Script.says(.connected))
    }

    @Test func `the common machine's moves pass`() {
        let finding = script().finding
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.summary == "subscriber said 7 states, all moves of its machine, and the wire bears them out.")
    }

    @Test func `a move that is none fails`() {
        var script = script()
        script.at(700, Script.state("authenticating"))
        script.at(701, Script.state("connected"))
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 1)
        #expect(finding.summary.hasPrefix("subscriber went from connected to authenticating at 11m40s"))
        #expect(finding.evidence.map(\.at) == [700])
    }

    @Test func `it begins in its first state, with each start of its process`() {
        var script = Script.healthy(faults: [.kill(600, of: "subscriber")], expect: [expect()])
        script.drop { _, body in isDriver(body, "subscriber") }
        up(&script, -7, Script.phone)
        script.strike(0, "kill", from: 600)
        script.at(600.01, Script.wire(.reset, Script.phone, Script.broker))
        script.at(600.1, .actor(ActorChange(Script.client, .exited(status: nil, signal: 9))))
        up(&script, 603, Script.phoneAgain)
        #expect(script.finding.verdict == .fail)
        script.at(602, .actor(ActorChange(Script.client, .started(pid: 9))))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.at(-7.5, Script.state("reconnecting"))
        #expect(script.finding.summary.contains("from disconnected to reconnecting"), "\(script.finding.summary)")
    }

    @Test func `fatal is final`() {
        var script = script()
        script.at(700, Script.state("fatal"), Script.wire(.fin, Script.phoneAgain, Script.broker))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.at(701, Script.state("connecting"))
        #expect(script.finding.verdict == .fail)
    }

    @Test func `another machine can be declared`() {
        let moves = Value.texts(["idle -> dialling", "dialling -> online", "online -> idle", "* -> broken"])
        var script = Script.healthy(expect: [expect(["moves": moves, "start": .text("idle")])])
        script.at(10, Script.state("dialling"))
        script.at(11, Script.state("online"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.summary.contains("the wire cannot be held against them"))
        script.at(12, Script.state("broken"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.at(13, Script.state("online"))
        #expect(script.finding.verdict == .fail)
        script.scenario.expectations = [expect(["moves": .texts(["idle"])])]
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("'idle', which is no move"), "\(script.finding.summary)")
    }

    @Test func `connected before the server has spoken is no connection`() {
        var script = script()
        script.drop { at, body in at > 602.2 && (body == Script.state("connected") || body == Script.says(.connected)) }
        script.at(602.15, Script.state("connected"), Script.says(.connected))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("the server had not said anything"), "\(script.finding.summary)")
        script.scenario.expectations = [expect(["connected-after": .text("established")])]
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.drop { at, body in
            if case .wire(let change) = body { at > 601 && change.change != .attempt } else { false }
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("the wire shows no connection"), "\(script.finding.summary)")
    }

    @Test func `one that says connected while its connection is gone`() {
        func finding(says reconnecting: Double) -> Finding {
            var script = script()
            script.drop { _, body in body == Script.state("reconnecting") }
            script.drop { at, body in at > 601 && isDriver(body, "subscriber") }
            script.drop { at, body in if case .wire = body { at > 601 } else { false } }
            script.at(reconnecting, Script.state("reconnecting"))
            return script.finding
        }
        #expect(finding(says: 605).verdict == .pass)
        let late = finding(says: 605.5)
        #expect(late.verdict == .fail)
        #expect(late.measured == 5.5)
        #expect(late.bound == 5)
        #expect(late.summary.contains("ended by the server at 10m"), "\(late.summary)")
    }

    @Test func `an end that a fault swallowed is not known`() {
        var script = Script.healthy(faults: [.blackhole(590, 900)], expect: [expect()])
        script.drop { _, body in isDriver(body, "subscriber") }
        up(&script, -7, Script.phone)
        script.at(600, Script.wire(.fin, Script.broker, Script.phone))
        script.at(620, Script.state("reconnecting"))
        #expect(script.finding.verdict == .fail)
        script.strike(0, "blackhole", from: 590, to: 900)
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test(arguments: [(602.05, "connecting"), (602.15, "authenticating"), (602.35, nil)])
    func `nothing is sent before it is let in, where the driver tells`(second: Double, state: String?) {
        var script = script(["sends": .text("connected")])
        script.at(300, .driver(DriverReport(Script.client, .sent, stream: "orders", sequence: 1)))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script.at(second, .driver(DriverReport(Script.client, .sent, stream: "orders", sequence: 2)))
        let finding = script.finding
        #expect(finding.verdict == (state == nil ? .pass : .fail))
        if let state {
            #expect(finding.summary.hasPrefix("subscriber sent orders 2 at 10m"), "\(finding.summary)")
            #expect(finding.evidence.map(\.text) == ["orders 2 sent in \(state)"])
        }
        script.scenario.expectations = [expect()]
        #expect(script.finding.verdict == .pass, "it may be handed over at any time")
    }

    @Test func `what it says as it is stopped does not count`() {
        var script = script()
        script.at(1811, Script.state("authenticating"))
        #expect(script.finding.verdict == .pass)
    }

    @Test func `no states, and none that the machine knows, are void`() {
        var script = Script.healthy(expect: [expect()])
        script.drop { _, body in body == Script.state("disconnected") }
        #expect(script.finding.verdict == .void)
        script.at(5, Script.state("dialling"))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("such as 'dialling'"), "\(script.finding.summary)")
    }
}
