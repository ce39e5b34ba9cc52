import Testing

@testable import Scenarios

/// What faults strike, beside links, routers and actors: hosts, several actors, connections, names, groups.
@Suite struct TargetsTests {
    /// The fixture's scenario with one fault in place of the NAT's.
    private static func text(_ fault: String) -> String {
        Fixture.valid.replacing("fault: nat-forget, on: home", with: fault)
    }

    private func target(_ fault: String) throws -> FaultPlan {
        try #require(try Fixture.scenario(Self.text(fault)).faults.first { $0.at == .seconds(1200) })
    }

    @Test func `each kind of target is read`() throws {
        #expect(try target("until: 21m, fault: suspend, on: phone").target == .host("phone"))
        #expect(try target("fault: roll, of: [ticker, broker]").target == .actors(["ticker", "broker"]))
        #expect(try target("until: 21m, fault: no-name, name: broker").target == .name("broker"))
        #expect(try target("until: 21m, fault: no-name, name: cloud").target == .name("cloud"))
        let groups = try target("until: 21m, fault: partition, groups: [[phone], [home, cloud]]").target
        #expect(groups == .groups([["phone"], ["home", "cloud"]]))
    }

    @Test func `connections are chosen by actor, peer and port`() throws {
        let all = try target("fault: cut, of: broker, size: 64 KiB")
        #expect(all.target == .connections(ConnectionChoice(actor: "broker")))
        #expect(all.parameters["size"] == .size(65_536))
        // A peer is a host, whichever of the two was named.
        let some = ConnectionChoice(actor: "broker", peer: "phone", port: 1883)
        #expect(
            try target("fault: cut, of: broker, with: subscriber, port: 1883, size: 1 KiB").target
                == .connections(some))
        #expect(
            try target("fault: cut, of: broker, with: phone, port: 1883, size: 1 KiB").target == .connections(some))
        #expect(all.inWords == "cut of connections of broker, size 64 KiB")
        #expect(ConnectionChoice(actor: "a", peer: "b", port: 7).inWords == "a with b, port 7")
    }

    @Test func `whoever is struck has actors`() {
        #expect(FaultTarget.actor("a").actors == ["a"])
        #expect(FaultTarget.actors(["b", "a"]).actors == ["b", "a"])
        #expect(FaultTarget.connections(ConnectionChoice(actor: "c")).actors == ["c"])
        #expect(FaultTarget.host("h").actors == [])
    }

    @Test(arguments: [
        ("until: 21m, fault: suspend, on: phne", #"unknown host "phne"; did you mean "phone"?"#),
        ("fault: roll, of: [broker, tiker]", #"unknown actor "tiker"; did you mean "ticker"?"#),
        ("fault: roll, of: broker", "of must be a list: write [broker]"),
        ("fault: roll, of: []", "of is empty"),
        ("fault: roll, of: [broker, broker]", #"actor "broker" is named twice"#),
        ("fault: cut, of: brokr, size: 1 KiB", #"unknown actor "brokr"; did you mean "broker"?"#),
        ("fault: cut, of: broker, with: phne, size: 1 KiB", #"unknown actor or host "phne"; did you mean "phone"?"#),
        ("fault: cut, of: broker, port: 70000, size: 1 KiB", #"port "70000" is out of range: 1 to 65535"#),
        ("fault: cut, of: broker, size: 64", #"size "64""#),
        ("fault: cut, of: broker, size: 2 GiB", #"size "2 GiB" is out of range: 1 B to 1 GiB"#),
        ("until: 21m, fault: no-name, name: brokr", #"unknown actor or host "brokr"; did you mean "broker"?"#),
        ("until: 21m, fault: partition, groups: [phone, cloud]", "groups must be two lists of hosts or more"),
        ("until: 21m, fault: partition, groups: [[phone]]", "groups must be two lists of hosts or more"),
        ("until: 21m, fault: partition, groups: [[phone], [clod]]", #"unknown host "clod"; did you mean "cloud"?"#),
        ("until: 21m, fault: partition, groups: [[phone], [phone, cloud]]", #"host "phone" is in the groups twice"#),
    ])
    func `a target that does not exist is told in one sentence`(fault: String, message: String) throws {
        let problems = try #require(throws: Problems.self) { try Fixture.load(Self.text(fault)) }
        #expect(problems.all.count == 1)
        #expect("\(problems.all[0])".contains(message), "\(problems.all)")
    }

    @Test func `one kind twice on overlapping connections is a mistake`() throws {
        let first = "fault: cut, of: broker, with: phone, size: 1 KiB }"
        let second = "\(first)\n  - { at: 20m, fault: cut, of: broker, size: 1 KiB"
        let problems = try #require(throws: Problems.self) { try Fixture.load(Self.text(second)) }
        #expect("\(problems)".contains("strikes the same target"))
    }
}
