import Testing

@testable import Scenarios

/// Links whose directions differ, steps of a schedule, and files with traces.
@Suite struct PathTests {
    private static let path = FaultDefinition(
        name: "path", summary: "A path.", wire: "", heals: "", hit: "", mechanism: "", target: .link, extent: .interval,
        parameters: [
            Parameter(
                "steps",
                .steps([
                    Parameter("for", .duration(.seconds(1) ... .seconds(60)), required: true, "How long."),
                    Parameter("loss", .fraction(0...1), "Share lost."),
                ]), "Steps."),
            Parameter("trace", .trace, "A trace."),
            Parameter("least", .count(0...9), default: .count(0), "At least."),
            Parameter("most", .count(0...9), default: .count(9), "At most."),
        ], example: "",
        objection: {
            ($0["least"]?.count ?? 0) > ($0["most"]?.count ?? 9) ? ("least", "least is more than most") : nil
        })

    private static var catalog: Catalog {
        var catalog = Fixture.catalog
        catalog.faults.append(path)
        var up = Impairment()
        up.delay = .milliseconds(25)
        up.rate = 384_000
        var down = up
        down.rate = 1_500_000
        catalog.profiles.append(LinkProfile(name: "dsl", summary: "", impairment: up, back: down))
        return catalog
    }

    private func text(link: String = "{ between: [phone, cloud] }", fault: String = "") -> String {
        let item = fault.isEmpty ? "" : "{ at: 1s, until: 9s, fault: path, between: [phone, cloud], \(fault) }, "
        return """
            format: 1
            name: paths
            lab: { hosts: { phone: {}, cloud: {} }, links: [\(link)] }
            actors:
              broker: { role: server, on: cloud, run: [server] }
              app: { role: client, on: phone, run: [client] }
            timeline: [\(item){ end: 1m }]
            expect: [{ backoff: app }]
            """
    }

    private struct Missing: Error, CustomStringConvertible { var description: String { "no such file" } }

    private func load(_ text: String, _ files: [String: String] = [:]) throws -> LoadedScenario {
        let loader = ScenarioLoader(catalog: Self.catalog) { path in
            if path == "s/p.yaml" { return Array(text.utf8) }
            guard let file = files[path] else { throw Missing() }
            return Array(file.utf8)
        }
        return try #require(loader.load(path: "s/p.yaml").first)
    }

    private func problems(_ text: String, _ files: [String: String] = [:]) -> [String] {
        do {
            _ = try load(text, files)
            return []
        } catch {
            return (error as? Problems)?.all.map(\.description) ?? ["\(error)"]
        }
    }

    // MARK: back

    private func link(_ text: String) throws -> LinkPlan { try load(self.text(link: text)).scenario.lab.links[0] }

    @Test func `what stands under back holds for packets from the second host`() throws {
        let link = try link(
            "{ between: [phone, cloud], delay: 9ms, rate: 2 Mbit/s, back: { rate: 1 Mbit/s, loss: 3% } }")
        #expect(link.impairment.rate == 2_000_000 && link.back.rate == 1_000_000)
        #expect(link.impairment.loss == 0 && link.back.loss == 0.03)
        #expect(link.impairment.delay == .milliseconds(9) && link.back.delay == .milliseconds(9))
        #expect(link.impairment(from: "phone") == link.impairment && link.impairment(from: "cloud") == link.back)
        let plain = try self.link("{ between: [phone, cloud], delay: 9ms }")
        #expect(plain.back == plain.impairment)
    }

    @Test func `a profile has two directions, which the link's own keys change`() throws {
        let plain = try link("{ between: [phone, cloud], profile: dsl }")
        #expect(plain.impairment.rate == 384_000 && plain.back.rate == 1_500_000)
        let slow = try link("{ between: [phone, cloud], profile: dsl, delay: 90ms, back: { loss: 1% } }")
        #expect(slow.impairment.delay == .milliseconds(90) && slow.back.delay == .milliseconds(90))
        #expect(slow.impairment.rate == 384_000 && slow.back.rate == 1_500_000)
        #expect(slow.impairment.loss == 0 && slow.back.loss == 0.01)
        let narrow = try link("{ between: [phone, cloud], profile: dsl, rate: 64 kbit/s }")
        #expect(narrow.impairment.rate == 64_000 && narrow.back.rate == 64_000)
        let shipped = try #require(LinkProfile.shipped.first { $0.name == "adsl" })
        #expect(shipped.impairment.rate == 384_000 && shipped.back.rate == 1_500_000)
    }

    @Test func `the plan says what differs`() throws {
        let plan = Plan(
            try load(text(link: "{ between: [phone, cloud], rate: 2 Mbit/s, back: { rate: 1 Mbit/s } }")).scenario,
            seed: 1)
        #expect(
            plan.description.contains(
                "link phone-cloud: delay 1ms, rate 2 Mbit/s, limit 1000; "
                    + "from cloud delay 1ms, rate 1 Mbit/s, limit 1000\n"))
    }

    @Test(arguments: [
        ("{ between: [phone, cloud], back: { rat: 1 Mbit/s } }", #"unknown key "rat" in back; did you mean "rate"?"#),
        ("{ between: [phone, cloud], back: { jitter: 5ms } }", "jitter 5ms is more than delay 1ms"),
        ("{ between: [phone, cloud], back: 1 Mbit/s }", "back must be a mapping such as { delay: ..."),
        ("{ between: [phone, cloud], delay: 7 }", #"delay "7" has no unit"#),
    ])
    func `a mistake in either direction is told once`(link: String, message: String) {
        let found = problems(text(link: link))
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    // MARK: steps

    @Test func `steps are read in their order`() throws {
        let fault = try load(text(fault: "steps: [{ for: 2s, loss: 5% }, { for: 3s }]")).scenario.faults[0]
        #expect(
            fault.parameters["steps"]
                == .steps([["for": .duration(.seconds(2)), "loss": .fraction(0.05)], ["for": .duration(.seconds(3))]]))
        #expect(fault.inWords.contains("steps [{ for: 2s, loss: 5% }, { for: 3s }]"))
    }

    @Test(arguments: [
        ("steps: []", "steps is empty: it is a list of steps"),
        ("steps: 5s", "steps must be a list such as [{ for: 10s, ... }"),
        ("steps: [{ loss: 5% }]", #"a step has no "for": How long."#),
        ("steps: [{ for: 5s, lost: 5% }]", #"unknown key "lost" in a step; did you mean "loss"?"#),
        ("steps: [{ for: 5s, loss: 5 }]", #"loss "5" has no unit"#),
        ("steps: [{ for: 2m }]", #"for "2m" is out of range: 1s to 1m"#),
        ("least: 5, most: 3", "least is more than most"),
    ])
    func `a wrong step is named`(fault: String, message: String) {
        let found = problems(text(fault: fault))
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    // MARK: traces

    @Test func `a trace is read, kept among the sources, and found there again`() throws {
        let trace = "5\n10\n10\r\n20\n"
        let loaded = try load(text(fault: "trace: traces/lte.up"), ["s/traces/lte.up": trace])
        #expect(
            loaded.scenario.faults[0].parameters["trace"]
                == .trace(DeliveryTrace(path: "traces/lte.up", times: [5, 10, 10, 20])))
        #expect(loaded.sources.map(\.path) == ["p.yaml", "traces/lte.up"])
        #expect(loaded.sources.last?.text == trace)
        let again = try ScenarioLoader(catalog: Self.catalog) { _ in throw Missing() }
            .load(sources: loaded.sources, name: "paths")
        #expect(again.scenario == loaded.scenario && again.sources == loaded.sources)
    }

    @Test(arguments: [
        ("5\nten\n", #"s/t:2:1: "ten" is not a time in whole milliseconds"#),
        ("5\n\n7\n", #"s/t:2:1: "" is not a time in whole milliseconds"#),
        ("5\n-7\n", #"s/t:2:1: "-7" is not a time in whole milliseconds"#),
        ("5\n4\n", "s/t:2:1: 4 ms comes after 5 ms: times never fall"),
        ("5\n86400001\n", "s/t:2:1: 86400001 ms is out of range: a trace has a day at most"),
        ("0\n", "s/t:1:1: the trace has no length: its last time must be above 0"),
        ("", "s/t:1:1: the trace has no length: its last time must be above 0"),
    ])
    func `a wrong trace is named with its line`(trace: String, message: String) {
        #expect(problems(text(fault: "trace: t"), ["s/t": trace]) == [message])
    }

    @Test func `a trace that cannot be read is a problem at its name`() {
        #expect(
            problems(text(fault: "trace: t")).map { $0.contains(#"trace "t": cannot be read: no such file"#) } == [true]
        )
        #expect(
            problems(text(fault: "trace: /t")).map { $0.contains("must be relative to the scenario's folder") } == [
                true
            ])
        let large = String(repeating: "1\n", count: 600_000)
        #expect(problems(text(fault: "trace: t"), ["s/t": large]) == ["s/t:1:1: the file has more than 1 MiB"])
    }

    @Test func `opportunities are counted round by round`() {
        let trace = DeliveryTrace(path: "t", times: [0, 2, 2, 5])
        let expected: [Int64: Int64] = [0: 1, 1: 1, 2: 3, 4: 3, 5: 5, 6: 5, 7: 7, 10: 9, 5000: 4001]
        for (time, count) in expected { #expect(trace.opportunities(by: .milliseconds(time)) == count, "\(time)") }
        #expect(trace.opportunities(by: .milliseconds(-20)) == 0)
    }
}
