import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

extension Script {
    /// One request and, unless `taken` is nil, its answer so many seconds later.
    mutating func request(
        _ id: String, at time: Double, taken: Double? = 0.1, ok: Bool = true, class importance: String? = nil,
        client: Instance = Script.client, session: String = ""
    ) {
        let kind = importance.map { [("class", JSON.string($0))] } ?? []
        at(time, Script.says(.request, client, session: session, fields: [("id", .string(id))] + kind))
        guard let taken else { return }
        at(
            time + taken,
            Script.says(.response, client, session: session, fields: [("id", .string(id)), ("ok", .bool(ok))]))
    }

    /// The server's driver says that a request came to it.
    mutating func arrival(_ id: String, at time: Double) {
        at(time, Script.says(.request, Instance("broker"), fields: [("id", .string(id))]))
    }
}

@Suite struct QualityExpectation {
    private func run(_ parameters: [String: Value], end: Double = 1800) -> Script {
        var script = Script.healthy(faults: [.freeze(600, 700)], expect: [.client("quality", parameters)], end: end)
        script.strike(0, "freeze", from: 600, to: 700)
        return script
    }

    /// A hundred critical requests, `slow` of which take a second, and fifty bulk ones, of which `failed` fail.
    private func contention(
        _ parameters: [String: Value], slow: Int = 1, failed: Int = 0, dropped: Int = 0
    ) -> Script {
        var script = run(parameters)
        for number in 0..<100 {
            script.request("c\(number)", at: 600 + Double(number), taken: number < slow ? 1 : 0.1, class: "critical")
        }
        for number in 0..<50 {
            script.request(
                "b\(number)", at: 600 + Double(number), taken: number < dropped ? nil : 5,
                ok: number >= dropped + failed, class: "bulk")
        }
        return script
    }

    private let critical: [String: Value] = ["class": .text("critical"), "within": .duration(.milliseconds(100))]
    private func bulk(_ share: Double) -> [String: Value] { ["class": .text("bulk"), "served": .fraction(share)] }

    @Test func `what matters is fast, within its quantile`() {
        #expect(contention(critical).judgement().verdict == .pass)
        let finding = contention(critical, slow: 2).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 1)
        #expect(finding.bound == 0.1)
        #expect(finding.evidence.map(\.text) == ["request c0 asked; it took 1 s", "request c1 asked; it took 1 s"])
    }

    @Test func `a failed request is not a fast one`() {
        var script = run(critical)
        for number in 0..<100 { script.request("c\(number)", at: 600, taken: 0.1, ok: number > 1, class: "critical") }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == nil)
        #expect(script.finding.summary.hasPrefix("More than 1% of 100 requests of class critical"))
    }

    @Test func `bulk may be degraded, and not dropped`() {
        #expect(contention(bulk(0.2), failed: 40).finding.verdict == .pass)
        let starved = contention(bulk(0.2), failed: 41).finding
        #expect(starved.verdict == .fail)
        #expect(starved.measured == 18)
        #expect(starved.unit == "%")
        let dropped = contention(bulk(0.2), dropped: 1).finding
        #expect(dropped.verdict == .fail)
        #expect(
            dropped.summary.hasPrefix(
                "1 of the 50 requests of class bulk that subscriber made had no answer within 30 s, not even a "
                    + "failure; first request b0, asked at 10m, during freeze"), "\(dropped.summary)")
    }

    @Test func `answered too late counts as dropped`() {
        let late = bulk(0).merging(["answered": .duration(.seconds(4))]) { $1 }
        #expect(contention(late).finding.verdict == .fail)
        #expect(contention(late).finding.measured == 50)
        #expect(contention(late.merging(["answered": .duration(.seconds(5))]) { $1 }).finding.verdict == .pass)
    }

    @Test func `all classes, and a part of the time`() {
        var script = run([
            "within": .duration(.milliseconds(100)), "quantile": .fraction(1), "outside": .text("freeze"),
        ])
        script.request("a", at: 500)
        script.request("b", at: 650, taken: 9)
        #expect(script.finding.verdict == .pass)
        script.request("c", at: 800, taken: 0.2)
        #expect(script.finding.verdict == .fail)
    }

    @Test func `void without requests, or with too few, or at the end`() {
        #expect(run(critical).finding.verdict == .void)
        var script = run(critical)
        for number in 0..<99 { script.request("c\(number)", at: 600, class: "critical") }
        #expect(script.finding.verdict == .void)
        script.request("late", at: 1799, taken: nil, class: "critical")
        #expect(script.finding.verdict == .void)
        script.request("c100", at: 1799, class: "critical")
        #expect(script.finding.verdict == .pass)
    }
}

@Suite struct CriticalFirstExpectation {
    private func run(_ parameters: [String: Value] = [:]) -> Script {
        let all = ["after": Value.text("freeze")].merging(parameters) { $1 }
        var script = Script.healthy(faults: [.freeze(600, 700)], expect: [.client("critical-first", all)])
        script.strike(0, "freeze", from: 600, to: 700)
        return script
    }

    /// Twenty of each asked while the server stands still; the answers come from 700 on in the order of `first`.
    private func queue(_ parameters: [String: Value] = [:], criticalFirst: Bool) -> Script {
        var script = run(parameters)
        for number in 0..<20 {
            let asked = 610 + Double(number)
            let (early, late) = (700 + Double(number) - asked, 720 + Double(number) - asked)
            script.request("c\(number)", at: asked, taken: criticalFirst ? early : late, class: "critical")
            script.request("b\(number)", at: asked + 0.5, taken: (criticalFirst ? late : early) - 0.5, class: "bulk")
        }
        return script
    }

    @Test func `critical before bulk`() {
        #expect(queue(criticalFirst: true).finding.verdict == .pass)
        #expect(queue(criticalFirst: true).finding.measured == 0)
        let finding = queue(criticalFirst: false).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 100)
        #expect(
            finding.evidence[0].text.hasPrefix("request b0 (bulk), asked at 10m10.5s, was served before request c0"),
            "\(finding.evidence)")
    }

    /// What was asked before it and answered before it has overtaken nobody.
    @Test func `who came earlier may be served earlier`() {
        var script = run(["least": .count(1)])
        script.request("b", at: 610, taken: 100, class: "bulk")
        script.request("c", at: 620, taken: 100, class: "critical")
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.summary.contains("0 of 1"))
        script.request("b2", at: 630, taken: 80, class: "bulk")
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 100)
    }

    /// A full queue turns it away at once; what is asked after it and served has overtaken nobody.
    @Test func `what has failed does not wait`() {
        var script = queue(criticalFirst: true)
        script.request("x", at: 640, taken: 0, ok: false, class: "critical")
        script.request("y", at: 641, taken: 1, ok: false, class: "critical")
        script.request("z", at: 643, taken: 90, class: "bulk")
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.summary.contains("0 of 21"), "\(script.finding.summary)")
        // While it still waits, it is overtaken.
        var late = queue(["overtaken": .fraction(0)], criticalFirst: true)
        late.request("y", at: 641, taken: 100, ok: false, class: "critical")
        late.request("z", at: 643, taken: 90, class: "bulk")
        #expect(late.finding.verdict == .fail, "\(late.finding.summary)")
    }

    @Test func `a share may be overtaken`() {
        func some(_ overtaken: Int, _ parameters: [String: Value]) -> Finding {
            var script = run(parameters)
            for number in 0..<20 {
                let start = 610 + Double(number)
                script.request("c\(number)", at: start, taken: 0.5, class: "critical")
                script.request(
                    "b\(number)", at: start + 0.1, taken: number < overtaken ? 0.1 : 0.5, class: "bulk")
            }
            return script.finding
        }
        #expect(some(1, [:]).verdict == .pass)
        #expect(some(2, [:]).verdict == .fail)
        #expect(some(2, ["overtaken": .fraction(0.1)]).verdict == .pass)
    }

    @Test func `sessions with a class`() {
        func sessions(_ isRight: Bool) -> Finding {
            var script = run()
            for number in 0..<40 {
                let isCritical = number % 2 == 0
                let field = [("class", JSON.string(isCritical ? "critical" : "bulk"))]
                let name = "s\(number)"
                script.at(-7, Script.says(.connected, session: name, fields: field))
                script.at(700 + Double(number) / 100, Script.says(.attempt, session: name, fields: field))
                let back = 705 + Double(number) / 10 + (isCritical == isRight ? 0 : 10)
                script.at(back, Script.says(.connected, session: name, fields: field))
            }
            return script.finding
        }
        #expect(sessions(true).verdict == .pass, "\(sessions(true))")
        #expect(sessions(false).verdict == .fail)
        #expect(sessions(false).measured == 100)
    }

    @Test func `void without contention`() {
        #expect(run().finding.verdict == .void)
        var script = run()
        for number in 0..<20 { script.request("c\(number)", at: 610 + Double(number), class: "critical") }
        for number in 0..<20 { script.request("b\(number)", at: 650 + Double(number), class: "bulk") }
        #expect(script.finding.verdict == .void, "\(script.finding.summary)")
    }
}

@Suite struct ServedExpectation {
    private func run(_ share: Double, served: Int, margin: Int = 0) -> Script {
        let parameters: [String: Value] = [
            "during": .text("freeze"), "share": .fraction(share), "margin": .duration(.seconds(margin)),
        ]
        var script = Script.healthy(faults: [.freeze(600, 700)], expect: [.client("served", parameters)])
        script.strike(0, "freeze", from: 600, to: 700)
        // All sessions have names here.
        script.drop { _, body in isDriver(body, "subscriber") }
        for number in 0..<10 {
            let name = "s\(number)"
            script.at(-7, Script.says(.connected, session: name, fields: []), Script.received(1, session: name))
            script.at(number < served ? 650 : 710, Script.received(2, session: name))
        }
        return script
    }

    @Test func `a share of the sessions`() {
        #expect(run(0.5, served: 5).judgement().verdict == .pass)
        let finding = run(0.5, served: 4).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 40)
        #expect(finding.summary.contains("subscriber session s4, subscriber session s5"), "\(finding.summary)")
        #expect(run(1, served: 4, margin: 11).finding.verdict == .pass)
    }

    @Test func `answers and connections count, failures do not`() {
        var script = run(0.5, served: 4)
        script.request("a", at: 650, ok: false, session: "s7")
        #expect(script.finding.verdict == .fail)
        script.request("b", at: 660, session: "s7")
        #expect(script.finding.verdict == .pass)
        var quiet = run(0.5, served: 10)
        quiet.drop { _, body in sequence(body) != nil }
        #expect(quiet.finding.verdict == .fail)
        for number in 0..<5 { quiet.at(650, Script.says(.connected, session: "s\(number)", fields: [])) }
        #expect(quiet.finding.verdict == .pass, "\(quiet.finding.summary)")
    }

    @Test func `void without sessions`() {
        var script = run(0.5, served: 5)
        script.drop { at, body in at < 600 && isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
    }
}

@Suite struct AmplificationExpectation {
    private func run(_ most: Double, _ parameters: [String: Value] = [:]) -> Script {
        let all = ["most": Value.number(most)].merging(parameters) { $1 }
        var script = Script.healthy(
            faults: [.freeze(600, 700)],
            expect: [.plan("amplification", .flow(from: "subscriber", to: "broker"), all)])
        script.strike(0, "freeze", from: 600, to: 700)
        return script
    }

    @Test func `arrivals for each request`() {
        var script = run(1.5)
        for number in 0..<10 {
            script.request("r\(number)", at: 100 + Double(number))
            for time in 0..<(number < 5 ? 2 : 1) { script.arrival("r\(number)", at: 100.05 + Double(number + time)) }
        }
        #expect(script.judgement().verdict == .pass)
        #expect(script.finding.measured == 1.5)
        script.arrival("r7", at: 500)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 1.6)
        #expect(script.finding.evidence.count == 6)
        // Somebody else's request.
        script.arrival("other", at: 500)
        #expect(script.finding.measured == 1.6)
    }

    @Test func `during a fault, wherever the retries fall`() {
        var script = run(3, ["during": .text("freeze")])
        script.request("a", at: 650)
        script.request("b", at: 750)
        for time in [650.0, 651, 720] { script.arrival("a", at: time) }
        for _ in 0..<9 { script.arrival("b", at: 750) }
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 3)
    }

    @Test func `without ids in common, by time`() {
        var script = run(2, ["during": .text("freeze")])
        script.request("a", at: 650)
        for time in [640.0, 660, 699, 720] { script.arrival("x\(time)", at: time) }
        #expect(script.finding.measured == 3)
        #expect(script.finding.verdict == .fail)
    }

    @Test func `void unless both tell`() {
        var script = run(2)
        script.arrival("a", at: 100)
        #expect(script.finding.verdict == .void)
        var other = run(2)
        other.request("a", at: 100)
        #expect(other.finding.verdict == .void)
    }
}

@Suite struct DrainExpectation {
    private func run(closes: Double? = 602) -> Script {
        var script = Script.healthy(
            faults: [.drain(600, 700)], expect: [.client("drain-obeyed", ["within": .duration(.seconds(5))])])
        script.strike(0, "drain", from: 600, to: 700)
        if let closes { script.at(closes, Script.state("reconnecting")) }
        return script
    }

    @Test func `it goes when it is told to`() {
        #expect(run().judgement().verdict == .pass)
        #expect(run().finding.measured == 2)
        #expect(run(closes: 605).finding.verdict == .pass)
        #expect(run(closes: 605.1).finding.verdict == .fail)
        #expect(run(closes: nil).finding.verdict == .fail)
        #expect(run(closes: nil).finding.summary.contains("kept the connection"), "\(run(closes: nil).finding.summary)")
    }

    /// It says that it is going, and the wire says when it went.
    @Test func `the wire knows better`() {
        var script = run()
        script.at(-7, Script.says(.connected, fields: [("local", .string("\(Script.phone)"))]))
        #expect(script.finding.verdict == .fail)
        script.at(608, Script.wire(.fin, Script.phone, Script.broker))
        #expect(script.finding.measured == 8)
        script.at(603, Script.wire(.reset, Script.broker, Script.phone))
        #expect(script.finding.verdict == .pass)
        #expect(script.finding.measured == 3)
    }

    @Test func `draining is not gone`() {
        var script = run(closes: 608)
        script.at(600.1, Script.state("draining"))
        #expect(script.finding.measured == 8)
    }

    @Test func `what was in flight is answered`() {
        var script = run()
        script.request("a", at: 599, taken: 30)
        script.request("b", at: 601, taken: nil)
        #expect(script.finding.verdict == .pass)
        script.request("c", at: 599, taken: 2, ok: false)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 1)
        #expect(script.finding.summary.hasPrefix("1 of the 2 requests"), "\(script.finding.summary)")
        script.request("d", at: 599, taken: nil)
        #expect(script.finding.measured == 2)
    }

    @Test func `and answered before it goes, where that is owed`() {
        var script = run()
        script.request("a", at: 599, taken: 3)
        script.scenario.expectations[0].parameters["answered"] = .duration(.seconds(2))
        #expect(script.finding.verdict == .pass)
        script.request("b", at: 599, taken: 3.1)
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("were lost or answered too late; first request b"))
        #expect(script.finding.evidence.map(\.text).contains("request b answered late"))
    }

    @Test func `no new ones on it`() {
        var script = run()
        script.arrival("a", at: 601)
        script.arrival("b", at: 700.1)
        #expect(script.finding.verdict == .pass)
        script.arrival("c", at: 603)
        #expect(script.finding.verdict == .fail)
        #expect(
            script.finding.summary.hasPrefix("1 request came to broker after it had said goodbye, the first at 10m03s"))
    }

    @Test func `a command is a goodbye too`() {
        var script = Script.healthy(expect: [.client("drain-obeyed")])
        #expect(script.finding.verdict == .void)
        script.at(600, .actor(ActorChange(Script.client, .told(command: "drain"))))
        #expect(script.finding.verdict == .fail)
        script.at(603, Script.state("disconnected"))
        #expect(script.finding.verdict == .pass)
    }

    @Test func `void when nobody was connected`() {
        var script = run()
        script.drop { at, body in at < 600 && isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
    }
}

extension FaultPlan {
    static func drain(_ at: Int, _ until: Int) -> FaultPlan {
        FaultPlan(
            index: 0, kind: "drain", at: .seconds(at), until: .seconds(until), target: .actor("broker"),
            parameters: [:], position: "sample.yaml:1:1")
    }
}
