import Judging
import Recordings
import Testing

@testable import Scenarios

/// A blackhole from 600 to 900 between the phone and its home; a connection that stood since before play.
@Suite struct DetectionExpectation {
    static func expect(
        _ kind: String = "detection", of actor: String = "subscriber", _ more: [String: Value] = [:]
    ) -> ExpectationPlan {
        let own: [String: Value] =
            kind == "detection"
            ? ["after": .text("blackhole"), "within": .duration(.seconds(20))] : ["at-most": .duration(.seconds(10))]
        return ExpectationPlan(
            index: 0, kind: kind, subject: .actor(actor), parameters: own.merging(more) { $1 },
            position: "sample.yaml:1:1", text: "\(kind): \(actor)")
    }

    static func data(
        _ from: Endpoint, _ to: Endpoint, quiet: Double? = nil, repeated: Bool = false, link: String = "phone-home"
    ) -> Event.Body {
        .wire(
            WireChange(
                link: link, .data, from: from, to: to, repeated: repeated, bytes: 10,
                quiet: quiet.map { Int64($0 * 1e9) }))
    }

    private func script(_ expectation: ExpectationPlan = expect(), to: Int = 900) -> Script {
        var script = Script.healthy(faults: [.blackhole(600, to)], expect: [expectation])
        script.records = [.connections, .payload]
        script.at(-7, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        script.strike(0, "blackhole", from: 600, to: Double(to))
        return script
    }

    @Test func `a client that notices in time, and the bound itself`() {
        var script = script()
        script.at(620, Script.state("reconnecting"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.measured == 20)
        #expect(script.finding.bound == 20)
        #expect(script.finding.summary.contains("only a timeout on what should come in"), "\(script.finding.summary)")
        script.drop { at, _ in at == 620 }
        script.at(620.5, Script.wire(.fin, Script.phone, Script.broker))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 20.5)
    }

    @Test func `one that never notices`() {
        let finding = script().finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 300)
        #expect(finding.summary.contains("did not notice in 300 s"), "\(finding.summary)")
    }

    /// What its host sends from there is its own, too.
    @Test func `a client whose host has another address meanwhile`() {
        var script = Script.healthy(
            faults: [.addressChange(600, 900)],
            expect: [Self.expect("detection", ["after": .text("address-change")])])
        script.records = [.connections, .payload]
        script.at(-7, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        script.strike(0, "address-change", from: 600, to: 900)
        script.at(615, Script.wire(.attempt, Endpoint(address: "198.18.0.1", port: 40001), Script.broker))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.measured == 15)
    }

    @Test func `noticing after the heal is none`() {
        var script = script()
        script.at(905, Script.state("reconnecting"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 300)
    }

    @Test func `a silence shorter than the bound is void`() {
        var script = script(to: 615)
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("lasted 15 s, shorter than the 20 s"), "\(script.finding.summary)")
        script.at(610, Script.state("reconnecting"))
        #expect(script.finding.verdict == .pass)
    }

    @Test func `who is told notices nothing`() {
        var script = Script.healthy(
            faults: [.natForget(600)], expect: [Self.expect("detection", ["after": .text("nat-forget")])])
        script.records = [.payload]
        script.at(-6.9, Script.wire(.established, Script.phone, Script.broker))
        script.strike(0, "nat-forget", from: 600)
        script.at(610, Script.wire(.reset, Script.broker, Script.phone))
        script.at(610.1, Script.state("reconnecting"))
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("it was told"), "\(script.finding.summary)")
        // By then it should have known by itself.
        script.drop { at, _ in at == 610 || at == 610.1 }
        script.at(625, Script.wire(.reset, Script.broker, Script.phone))
        script.at(625.1, Script.state("reconnecting"))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 25.1)
    }

    @Test func `the evidence names what is seen of the mechanism`() {
        var script = script()
        for second in [605.0, 610, 615] {
            script.at(second, Self.data(Script.phone, Script.broker, quiet: 5))
            script.at(second + 0.2, Self.data(Script.phone, Script.broker, quiet: 0.2, repeated: true))
        }
        script.at(616, Script.wire(.keepAlive, Script.phone, Script.broker))
        // The other side's own, and what comes later.
        script.at(617, Self.data(Script.broker, Script.phone, quiet: 5))
        script.at(619, Script.wire(.fin, Script.phone, Script.broker))
        script.at(650, Self.data(Script.phone, Script.broker, quiet: 5))
        let finding = script.finding
        #expect(finding.verdict == .pass)
        #expect(
            finding.summary.contains(
                "payload that it sent (a heartbeat or a message), 3 times, 5 s apart; TCP keep-alive probes, once; "
                    + "payload "
                    + "sent again (TCP's retransmissions), 3 times, 5 s apart."), "\(finding.summary)")
        #expect(finding.evidence.map(\.at) == [600, 605, 605.2, 616, 619])
        script.records = []
        #expect(script.finding.summary.contains("payload was not recorded"))
    }

    @Test func `idle and writing are preconditions`() {
        var idle = script(Self.expect("detection", ["while": .text("idle")]))
        idle.at(615, Script.state("reconnecting"))
        #expect(idle.finding.verdict == .pass)
        var writing = script(Self.expect("detection", ["while": .text("writing")]))
        writing.at(615, Script.state("reconnecting"))
        #expect(writing.finding.verdict == .void)
        for script in [idle, writing] {
            var script = script
            script.at(601, Self.data(Script.phone, Script.broker, quiet: 5))
            let isIdle = script.scenario.expectations[0].parameters["while"] == .text("idle")
            #expect(script.finding.verdict == (isIdle ? .void : .pass), "\(script.finding.summary)")
            script.records = []
            #expect(script.finding.verdict == .void)
        }
    }

    /// After a loss TCP sends the lost segment again and nothing else, however much is written behind it.
    @Test func `what is written behind a lost segment counts`() {
        let handed: [Event.Body] = [
            Self.data(Script.phone, Script.broker, quiet: 0.2, repeated: true),
            .driver(DriverReport(Script.client, .sent, stream: "orders", sequence: 7)), Script.says(.request),
        ]
        for (second, isInTheSilence) in [(599.0, false), (601, true), (616, false)] {
            for body in handed {
                var writing = script(Self.expect("detection", ["while": .text("writing")]))
                writing.at(615, Script.state("reconnecting"))
                writing.at(second, body)
                #expect(writing.finding.verdict == (isInTheSilence ? .pass : .void), "\(second) \(body)")
                writing.scenario.expectations = [Self.expect("detection", ["while": .text("idle")])]
                #expect(writing.finding.verdict == (isInTheSilence ? .void : .pass), "\(second) \(body)")
            }
        }
        var probing = script(Self.expect("detection", ["while": .text("writing")]))
        probing.at(615, Script.state("reconnecting"))
        probing.at(605, Script.wire(.keepAlive, Script.phone, Script.broker))
        #expect(probing.finding.verdict == .void)
    }

    @Test func `nobody to notice is void`() {
        var script = script()
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .fail)
        script.drop { _, body in if case .wire = body { true } else { false } }
        #expect(script.finding.verdict == .void)
        var down = self.script()
        down.at(500, Script.state("reconnecting"))
        #expect(down.finding.verdict == .void)
        #expect(down.finding.summary.contains("was not connected when"), "\(down.finding.summary)")
    }
}

// A server notices too.
extension DetectionExpectation {
    private static let outside = Endpoint(address: "10.77.2.5", port: 61_000)

    private func server(_ more: [String: Value] = [:]) -> Script {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [Self.expect("detection", of: "broker", more)])
        script.records = [.payload]
        script.strike(0, "blackhole", from: 600, to: 900)
        for (port, _) in [(61_000, 0), (61_001, 1)] {
            let end = Endpoint(address: "10.77.2.5", port: port)
            script.at(-7, Script.wire(.attempt, end, Script.broker, link: "home-cloud"))
            script.at(-6.9, Script.wire(.established, end, Script.broker, link: "home-cloud"))
        }
        script.at(610, Script.wire(.fin, Script.broker, Self.outside, link: "home-cloud"))
        return script
    }

    @Test func `every connection of a server is its own case`() {
        var script = server()
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.hasPrefix("broker, on its connection from 10.77.2.5:61001, did not notice"))
        let other = Endpoint(address: "10.77.2.5", port: 61_001)
        script.at(619, Script.wire(.reset, Script.broker, other, link: "home-cloud"))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.measured == 19)
    }

    /// A FIN waits behind what was not acknowledged, and nobody sees it.
    @Test func `a server's driver may say what the wire cannot show`() {
        var script = server()
        script.at(612, .driver(DriverReport(Instance("broker"), .error, text: "1 ended: silence")))
        #expect(script.finding.verdict == .fail, "one word is not two connections")
        script.at(618, .driver(DriverReport(Instance("broker"), .error, text: "2 ended: silence")))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        #expect(script.finding.measured == 18)
        #expect(script.finding.summary.contains("its driver said error (2 ended: silence)"))
    }

    @Test func `those of one client can be chosen`() {
        #expect(server(["with": .text("cloud")]).finding.verdict == .void)
        var script = server(["with": .text("phone")])
        #expect(script.finding.verdict == .void)
        script.at(
            -6.95,
            .mapping(
                MappingChange(
                    router: "home", .new, from: Script.phone, to: Script.broker, translated: Self.outside)))
        // They come by one address.
        #expect(script.finding.verdict == .fail)
    }
}
