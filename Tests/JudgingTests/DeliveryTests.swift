import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

extension ExpectationPlan {
    /// As the checker makes it: what is not given has its default.
    static func plan(_ kind: String, _ subject: Subject, _ parameters: [String: Value] = [:]) -> ExpectationPlan {
        var all = parameters
        let definition = Expectations.definitions.first { $0.name == kind }
        for parameter in definition?.parameters ?? [] where all[parameter.name] == nil {
            all[parameter.name] = parameter.fallback
        }
        return ExpectationPlan(
            index: 0, kind: kind, subject: subject, parameters: all, position: "sample.yaml:1:1", text: kind)
    }

    static func flow(_ kind: String, _ parameters: [String: Value] = [:]) -> ExpectationPlan {
        plan(kind, .flow(from: "ticker", to: "subscriber"), parameters)
    }

    static func client(_ kind: String, _ parameters: [String: Value] = [:]) -> ExpectationPlan {
        plan(kind, .actor("subscriber"), parameters)
    }
}

extension Script {
    /// What a driver says with more fields.
    static func says(
        _ kind: DriverReport.Kind, _ client: Instance = client, session: String = "", text: String? = nil,
        fields: [(String, JSON)]
    ) -> Event.Body {
        .driver(
            DriverReport(
                client, kind, session: session, text: text, extra: fields.map { JSON.Member($0.0, $0.1) }))
    }

    static func acked(_ sequence: Int64, _ actor: String = "ticker") -> Event.Body {
        .driver(DriverReport(Instance(actor), .acked, stream: "ticks", sequence: sequence))
    }
}

@Suite struct OrderExpectation {
    private func run(_ expect: ExpectationPlan = .flow("order")) -> Script {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [expect])
        script.messages(-5, 1800, lost: 600..<610)
        script.strike(0, "hang-up", from: 600)
        return script
    }

    @Test func `messages in order, gaps and repetitions aside`() {
        var script = run()
        for second in 590..<600 { script.at(609.5, Script.received(Int64(second))) }
        #expect(script.judgement().verdict == .pass)
        #expect(script.finding.measured == 0)
        #expect(script.finding.summary.contains("All 1795 messages"), "\(script.finding.summary)")
    }

    @Test func `a backlog after what is new`() {
        var script = run()
        for second in 600..<610 { script.at(610.5, Script.received(Int64(second))) }
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 10)
        #expect(
            finding.summary.contains(
                "10 of 1805 messages after later ones; first ticks 600 after ticks 610 at 10m10.5"),
            "\(finding.summary)")
        #expect(finding.evidence.count == 10)
        #expect(finding.evidence[0].at == 610.5)
    }

    @Test func `a publisher that begins at 1 again sends later messages`() {
        var script = run()
        script.drop { at, body in at > 1000 && sequence(body) != nil }
        for number in 1..<50 {
            script.at(1100 + Double(number), Script.sent(Int64(number)))
            script.at(1100.1 + Double(number), Script.received(Int64(number)))
        }
        #expect(script.finding.verdict == .pass)
        script.at(1200, Script.received(1001))
        #expect(script.finding.verdict == .pass, "1001 was never sent")
    }

    @Test func `each session by itself`() {
        var script = run()
        script.at(700.5, Script.received(600, session: "b"), Script.received(601, session: "b"))
        #expect(script.finding.verdict == .pass)
        script.at(701, Script.received(602, session: "c"), Script.received(601, session: "c"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasPrefix("subscriber session c received 1 of 2"))
    }

    @Test func `void without two messages`() {
        var script = run()
        script.drop { _, body in isDriver(body, "subscriber") && sequence(body).map { $0 != 7 } ?? false }
        #expect(script.finding.verdict == .void)
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
    }
}

@Suite struct DeliveryExpectation {
    private func run(_ contract: String, owed: String = "acked", lost: Range<Int> = 0..<0) -> Script {
        var script = Script.healthy(
            faults: [.hangUp(600)], expect: [.flow("delivery", ["contract": .text(contract), "owed": .text(owed)])])
        script.messages(-5, 1800, lost: lost)
        script.strike(0, "hang-up", from: 600)
        return script
    }

    @Test(arguments: ["at-most-once", "at-least-once", "exactly-once"])
    func `nothing lost and nothing twice keeps every contract`(contract: String) {
        #expect(run(contract).judgement().verdict == .pass)
        #expect(run(contract).finding.measured == 0)
    }

    @Test(arguments: [("at-most-once", false), ("at-least-once", true), ("exactly-once", true)])
    func `a loss`(contract: String, breaks: Bool) {
        let finding = run(contract, lost: 600..<603).finding
        #expect(finding.verdict == (breaks ? .fail : .pass))
        #expect(finding.measured == (breaks ? 3 : 0))
        #expect(
            finding.summary.contains(breaks ? "of 1804 messages it never received 3." : "3 messages did not come"),
            "\(finding.summary)")
        if breaks { #expect(finding.evidence[0].text.hasPrefix("ticks 600...602 (3 messages)")) }
    }

    @Test(arguments: [("at-most-once", true), ("at-least-once", false), ("exactly-once", true)])
    func `a repetition`(contract: String, breaks: Bool) {
        var script = run(contract)
        script.at(605, Script.received(599), Script.received(600))
        let finding = script.finding
        #expect(finding.verdict == (breaks ? .fail : .pass))
        #expect(finding.measured == (breaks ? 2 : 0))
        #expect(finding.summary.contains(breaks ? "received 2 again" : "2 messages came again"), "\(finding.summary)")
    }

    @Test func `what was not acknowledged is owed by nobody, unless all is`() {
        for owed in ["acked", "sent"] {
            var script = run("exactly-once", owed: owed, lost: 600..<603)
            for second in -5..<1800 where second != 600 && second != 601 {
                script.at(Double(second) + 0.5, Script.acked(Int64(second)))
            }
            #expect(script.finding.verdict == .fail)
            #expect(script.finding.measured == (owed == "acked" ? 1 : 3))
            let told = owed == "acked" ? "2 messages that nobody acknowledged" : "1 were acknowledged to the sender"
            #expect(script.finding.summary.contains(told), "\(script.finding.summary)")
        }
    }

    @Test func `what the server never had is told from what the receiver missed`() {
        var script = run("exactly-once", lost: 600..<606)
        let broker = Instance("broker")
        func message(_ kind: DriverReport.Kind, _ number: Int) -> Event.Body {
            .driver(DriverReport(broker, kind, stream: "ticks", sequence: Int64(number)))
        }
        for second in -5..<1800 where second != 600 {
            script.at(Double(second) + 0.01, message(.received, second))
            if second != 601 && second != 602 { script.at(Double(second) + 0.011, message(.sent, second)) }
        }
        let finding = script.finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 5)
        #expect(
            finding.summary.contains(
                "never received 5 (2 the server had and did not send, 3 the server sent and the receiver missed)"),
            "\(finding.summary)")
        #expect(finding.summary.contains("1 message never came to the server"), "\(finding.summary)")
    }

    @Test func `void when nothing was owed`() {
        var script = run("exactly-once", lost: 600..<603)
        script.at(0.1, Script.acked(-5))
        #expect(script.finding.verdict == .void)
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
    }
}

@Suite struct NoLossAtCutExpectation {
    private func run(lost: Range<Int> = 0..<0, _ parameters: [String: Value] = [:]) -> Script {
        var script = Script.healthy(
            faults: [.hangUp(600), .hangUp(1200, index: 1)], expect: [.flow("no-loss-at-cut", parameters)])
        script.messages(-5, 1800, lost: lost)
        script.strike(0, "hang-up", from: 600.5)
        script.strike(1, "hang-up", from: 1200.5)
        return script
    }

    @Test func `all that was sent around each strike came`() {
        #expect(run().judgement().verdict == .pass)
        #expect(run().finding.summary.contains("all 40 messages"), "\(run().finding.summary)")
        // Elsewhere is the business of no-gaps.
        #expect(run(lost: 900..<903).finding.verdict == .pass)
        #expect(run(lost: 580..<591).finding.verdict == .pass)
        #expect(run(lost: 580..<592).finding.verdict == .fail)
    }

    @Test func `what a cut cost`() {
        let finding = run(lost: 599..<603).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 4)
        #expect(
            finding.summary.hasPrefix(
                "subscriber never received 4 of the 20 messages that ticker sent within 10 s of hang-up at 10m of "
                    + "broker: ticks 599...602 (4 messages), sent 1.5 s before to 1.5 s after it. 1 of 2 strikes"),
            "\(finding.summary)")
        #expect(finding.evidence.map(\.at) == [600.5])
    }

    @Test func `around narrows it`() {
        #expect(run(lost: 602..<603, ["around": .duration(.seconds(1))]).finding.verdict == .pass)
        #expect(run(lost: 601..<603, ["around": .duration(.seconds(1))]).finding.measured == 1)
    }

    @Test func `void when nothing was there to be cut`() {
        var script = run()
        script.drop { at, body in (1150..<1250).contains(at) && sequence(body) != nil }
        #expect(script.finding.verdict == .void)
        #expect(run(["after": .text("freeze")]).finding.verdict == .void)
        var idle = Script.healthy(faults: [.hangUp(600)], expect: [.flow("no-loss-at-cut")])
        idle.messages(-5, 1800)
        idle.strike(0, "hang-up", from: 600, hits: 0)
        #expect(idle.finding.verdict == .void)
    }

    private func run(_ parameters: [String: Value]) -> Script { run(lost: 0..<0, parameters) }
}
