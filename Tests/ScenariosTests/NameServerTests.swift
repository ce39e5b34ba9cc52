import Testing

@testable import Scenarios

/// When a lab has a name server, and what must be said about names.
@Suite struct NameServerTests {
    /// The valid scenario's lab with this line more, and this fault in its timeline.
    private func text(lab: String = "", fault: String = "") -> String {
        Fixture.changed("  memory: 512 MiB\n", "  memory: 512 MiB\n\(lab)")
            .components(separatedBy: "  - { end: 40m }").joined(separator: "\(fault)  - { end: 40m }")
    }

    @Test func `names are in a hosts file unless somebody asks`() throws {
        #expect(try Fixture.scenario().lab.nameServer == nil)
        #expect(!Plan(try Fixture.scenario(), seed: 1).description.contains("name server"))
    }

    @Test func `a scenario may ask for a name server`() throws {
        #expect(try Fixture.scenario(text(lab: "  name-server:\n")).lab.nameServer == NameServerPlan())
        let scenario = try Fixture.scenario(text(lab: "  name-server: { ttl: 5m }\n"))
        #expect(scenario.lab.nameServer == NameServerPlan(ttl: .seconds(300)))
        #expect(
            Plan(scenario, seed: 1).description.contains("\nname server in every host, answers hold for 5m\n"))
    }

    @Test func `a fault of a name brings one along`() throws {
        let fault = "  - { at: 1m, until: 2m, fault: no-name, name: broker }\n"
        #expect(try Fixture.scenario(text(fault: fault)).lab.nameServer == NameServerPlan())
        let both = text(lab: "  name-server: { ttl: 7s }\n", fault: fault)
        #expect(try Fixture.scenario(both).lab.nameServer == NameServerPlan(ttl: .seconds(7)))
    }

    @Test func `only what needs broken IPv6 has it`() throws {
        let text = text(fault: "  - { at: 1m, until: 2m, fault: dead-end, name: broker }\n")
        let lab = try Fixture.scenario(text).lab
        #expect(lab.nameServer == NameServerPlan(hasDeadIPv6: true))
        #expect(lab.hosts.map { lab.deadIPv6Address(of: $0.name) } == ["2001:db8::1", "2001:db8::2", "2001:db8::3"])
        let usual = try Fixture.scenario().lab
        #expect(usual.hosts.allSatisfy { usual.deadIPv6Address(of: $0.name) == nil })
    }

    @Test(arguments: [
        ("  name-server: { ttl: 1.5s }\n", "", #"s/nat.yaml:16:23: ttl "1.5s" is not a whole number of seconds"#),
        ("  name-server: { tll: 5s }\n", "", #"unknown key "tll" in name-server; did you mean "ttl"?"#),
        ("", "fault: no-name, name: brokr", #"unknown actor or host "brokr"; did you mean "broker"?"#),
        ("", "fault: moved, name: broker, to: clod", #"unknown actor or host "clod"; did you mean "cloud"?"#),
        (
            "", "fault: moved, name: broker, to: cloud",
            #""broker" leads to "cloud" already: both are host "cloud""#
        ),
        ("", "fault: moved, name: cloud, to: ticker", #""cloud" leads to "ticker" already: both are host "cloud""#),
    ])
    func `what is wrong is said`(lab: String, fault: String, problem: String) {
        let fault = fault.isEmpty ? "" : "  - { at: 1m, until: 2m, \(fault) }\n"
        let problems = Fixture.problems(text(lab: lab, fault: fault))
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix(problem) == true, "\(problems)")
    }

    @Test func `a name may lead to another host`() throws {
        let scenario = try Fixture.scenario(
            text(fault: "  - { at: 1m, until: 2m, fault: moved, name: broker, to: home }\n"))
        #expect(scenario.faults.last?.parameters == ["to": .text("home")])
    }
}
