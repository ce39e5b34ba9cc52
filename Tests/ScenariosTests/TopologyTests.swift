import Testing

@testable import Scenarios

@Suite struct TopologyTests {
    /// What each host reaches, as `host: link address...` in the order of the links.
    private func routes(_ lab: String) throws -> [String] {
        let scenario = try Fixture.scenario(
            """
            format: 1
            name: small
            lab:
            \(lab)
            actors: { app: { role: client, on: a, run: [app] } }
            timeline: [{ end: 1s }]
            expect: [{ backoff: app }]
            """)
        return scenario.lab.links.flatMap { link in
            [link.first, link.second].map { "\($0.host) by \(link.name): \($0.reaches.joined(separator: " "))" }
        }
    }

    @Test func aLinkHasTwoSubnets() throws {
        let links = try Fixture.scenario().lab.links
        #expect(links[0].first.hostAddress == "10.77.1.1" && links[0].first.wireAddress == "10.77.1.2")
        #expect(links[0].second.hostAddress == "10.77.1.6" && links[0].second.wireAddress == "10.77.1.5")
        #expect(links[1].first.hostAddress == "10.77.2.1" && links[1].second.hostAddress == "10.77.2.6")
        let hosts = try Fixture.scenario().lab.hosts
        #expect(hosts.map(\.addresses) == [["10.77.1.1"], ["10.77.1.6", "10.77.2.1"], ["10.77.2.6"]])
    }

    @Test func hostsForward() throws {
        let routes = try routes(
            "  { hosts: { a: {}, b: {}, c: {} }, links: [{ between: [a, b] }, { between: [b, c] }] }")
        #expect(
            routes == [
                "a by a-b: 10.77.1.6 10.77.2.1 10.77.2.6", "b by a-b: 10.77.1.1",
                "b by b-c: 10.77.2.6", "c by b-c: 10.77.1.6 10.77.2.1 10.77.1.1",
            ])
    }

    @Test func theShortestWayWinsThenTheFirst() throws {
        let routes = try routes(
            """
              hosts: { a: {}, b: {}, c: {}, d: {} }
              links:
                - { between: [a, c] }
                - { between: [a, b] }
                - { between: [b, d] }
                - { between: [c, d] }
                - { between: [a, b], name: second }
            """)
        // d's two addresses: both ways take two links, that by c stands first.
        #expect(routes[0] == "a by a-c: 10.77.1.6 10.77.4.1 10.77.3.6 10.77.4.6")
        #expect(routes[2] == "a by a-b: 10.77.2.6 10.77.3.1")
        // An address on a parallel link is reached over that one.
        #expect(routes[8] == "a by second: 10.77.5.6")
    }

    @Test func nobodyOutsideReachesTheInside() throws {
        let links = "links: [{ between: [a, r] }, { between: [r, c] }, { between: [c, d] }]"
        let nat = try routes("  { hosts: { a: {}, r: { nat: }, c: {}, d: {} }, \(links) }")
        #expect(
            nat == [
                "a by a-r: 10.77.1.6 10.77.2.1 10.77.2.6 10.77.3.1 10.77.3.6", "r by a-r: 10.77.1.1",
                "r by r-c: 10.77.2.6 10.77.3.1 10.77.3.6", "c by r-c: 10.77.2.1",
                "c by c-d: 10.77.3.6", "d by c-d: 10.77.2.6 10.77.3.1 10.77.2.1",
            ])
        let turned = try routes("  { hosts: { a: {}, r: { nat: { outside: a } }, c: {}, d: {} }, \(links) }")
        #expect(turned[0] == "a by a-r: 10.77.1.6")
        #expect(turned[5] == "d by c-d: 10.77.2.6 10.77.3.1 10.77.1.6 10.77.2.1 10.77.1.1")
    }

    @Test func aPhoneWithTwoNetworks() throws {
        let scenario = try Fixture.scenario(
            """
            format: 1
            name: small
            lab:
              hosts: { phone: {}, home: { nat: }, carrier: { nat: { outside: carrier-cloud } }, cloud: {} }
              links:
                - { between: [phone, home] }
                - { between: [carrier, cloud], name: carrier-cloud }
                - { between: [home, cloud] }
                - { between: [phone, carrier] }
            actors: { app: { role: client, on: phone, run: [app, "{cloud}"] } }
            timeline: [{ end: 1s }]
            expect: [{ backoff: app }]
            """)
        let addresses = Dictionary(uniqueKeysWithValues: scenario.lab.hosts.map { ($0.name, $0.addresses) })
        #expect(scenario.lab.links[0].first.reaches.contains(addresses["cloud"]![1]))
        #expect(addresses["phone"]!.allSatisfy { !scenario.lab.reaches($0, from: "cloud") })
        #expect(scenario.lab.reaches(addresses["carrier"]![0], from: "cloud"))
    }

    @Test func asManyLinksAsThereAreAddresses() throws {
        let hosts = (0...250).map { "h\($0): {}" }.joined(separator: ", ")
        func lab(_ count: Int) -> String {
            let links = (1...count).map { "{ between: [h0, h\($0)] }" }.joined(separator: ", ")
            return """
                format: 1
                name: small
                lab: { hosts: { \(hosts), last: {} }, links: [\(links), { between: [h0, last] }] }
                actors: { app: { role: client, on: h0, run: [app] } }
                timeline: [{ end: 1s }]
                expect: [{ backoff: app }]
                """
        }
        let scenario = try Fixture.scenario(lab(249))
        #expect(scenario.lab.links.last?.second.hostAddress == "10.77.250.6")
        #expect(
            Fixture.problems(lab(250)).map { $0.split(separator: ": ").last } == [
                "more than 250 links; the lab has addresses for no more"
            ])
    }
}
