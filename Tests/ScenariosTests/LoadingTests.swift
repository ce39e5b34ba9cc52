import Testing

@testable import Scenarios

@Suite struct LoadingTests {
    @Test func everyPartOfAValidScenarioIsRead() throws {
        let scenario = try Fixture.scenario()
        #expect(scenario.name == "nat-forgets-idle-subscriber")
        #expect(scenario.summary == "A home router forgets an idle mapping.")
        #expect(scenario.tags == ["nat", "mqtt"])
        #expect(scenario.end == .seconds(2400))
        #expect(scenario.settle == .seconds(60))
        #expect(scenario.healthyWithin == .seconds(90))
        #expect(scenario.lab.start == 1_767_225_600)
        #expect(scenario.lab.memory == 512 << 20)
        #expect(scenario.lab.hosts.map(\.name) == ["phone", "home", "cloud"])
        let nat = NATPlan(idleTimeout: .seconds(300), onExpiry: .drop, outside: "home-cloud")
        #expect(scenario.lab.hosts[1].nat == nat)
    }

    @Test func linksAndTheirProfiles() throws {
        let links = try Fixture.scenario().lab.links
        #expect(links.map(\.name) == ["phone-home", "home-cloud"])
        var wifi = Impairment()
        wifi.delay = .milliseconds(3)
        wifi.jitter = .milliseconds(2)
        #expect(links[0].impairment == wifi)
        var given = Impairment()
        given.delay = .milliseconds(20)
        given.jitter = .milliseconds(2)
        given.loss = 0.001
        given.rate = 2_000_000
        given.limit = 50
        #expect(links[1].impairment == given)
    }

    @Test func actors() throws {
        let actors = try Fixture.scenario().actors
        #expect(actors.map(\.name) == ["broker", "ticker", "subscriber"])
        #expect(actors.map(\.role) == [.server, .publisher, .client])
        #expect(actors.map(\.host) == ["cloud", "cloud", "phone"])
        #expect(actors.map(\.ready) == [.port(1883), .log("up"), .event("connected")])
        #expect(actors.map(\.count) == [1, 1, 3])
        #expect(actors.map(\.stopWithin) == [.seconds(5), .seconds(5), .seconds(2)])
        #expect(actors.map(\.logLimit) == [1 << 20, 1 << 20, 64 << 10])
        #expect(actors[2].run == ["python3", "sub.py", "--to", "{broker}:{broker.port}", "--id", "{index}"])
        #expect(actors[2].environment == [.init(name: "SEED", value: "{seed}"), .init(name: "EMPTY", value: "")])
        #expect(actors.map(\.folder) == [nil, nil, "drivers"])
    }

    @Test func faults() throws {
        let faults = try Fixture.scenario().faults
        #expect(faults.map(\.kind) == ["blackhole", "nat-forget", "latency", "hang-up"])
        #expect(faults.map(\.index) == [0, 1, 2, 3])
        #expect(faults.map(\.at) == [.seconds(600), .seconds(1200), .seconds(1500), .seconds(1800)])
        #expect(faults.map(\.until) == [.seconds(900), nil, .seconds(1560), nil])
        #expect(
            faults.map(\.target) == [
                .link("phone-home", from: nil), .host("home"), .link("home-cloud", from: "cloud"), .actor("broker"),
            ])
        #expect(faults[2].parameters == ["delay": .duration(.milliseconds(1500)), "loss": .fraction(0)])
        #expect(faults[3].parameters == ["first": .count(1)])
        #expect(faults[0].position == "nat.yaml:32:5")
    }

    @Test func expectations() throws {
        let expectations = try Fixture.scenario().expectations
        #expect(
            expectations.map(\.text) == [
                "recovery: subscriber, after: blackhole, within: 30s, stages: { detect: 20s }",
                "no-gaps: ticker -> subscriber", "backoff: subscriber, factor: 1.5",
                "states: broker, moves: [up -> down, down -> up]",
            ])
        #expect(
            expectations.map(\.subject) == [
                .actor("subscriber"), .flow(from: "ticker", to: "subscriber"), .actor("subscriber"),
                .actor("broker"),
            ])
        #expect(expectations[3].parameters == ["moves": .texts(["up -> down", "down -> up"])])
        let stages = Value.durations([.init(name: "detect", duration: .seconds(20))])
        let parameters: [String: Value] = [
            "after": .text("blackhole"), "within": .duration(.seconds(30)), "stages": stages,
        ]
        #expect(expectations[0].parameters == parameters)
    }

    @Test func whatIsNotGivenHasDefaults() throws {
        let scenario = try Fixture.scenario(
            """
            format: 1
            name: small
            lab: { hosts: { alone: {} } }
            actors: { app: { role: client, on: alone, run: [app] } }
            timeline: [{ end: 1s }]
            expect: [{ backoff: app }]
            """)
        #expect(scenario.summary == "")
        #expect(scenario.settle == .zero)
        #expect(scenario.healthyWithin == .seconds(60))
        #expect(scenario.lab.start == 1_767_225_600)
        #expect(scenario.lab.memory == 512 << 20)
        #expect(scenario.lab.hosts == [HostPlan(name: "alone", nat: nil, addresses: [])])
        #expect(scenario.actors[0].ready == .started)
        #expect(scenario.actors[0].count == 1)
        #expect(scenario.expectations[0].parameters == ["factor": .number(2)])
        #expect(scenario.expectations[0].text == "backoff: app")
    }
}
