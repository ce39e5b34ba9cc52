import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone and tablet behind home (NAT), cloud and shop outside, cloud in the middle.
    @Suite struct PartitionTests {
        let field: TestField

        init() throws {
            let delay = TestLab.impairment()
            let nat = NATPlan(idleTimeout: .seconds(3600), onExpiry: .drop, outside: "home-cloud")
            field = try TestField(
                TestLab.plan(
                    hosts: ["phone", "tablet", "home", "cloud", "shop"], nat: ["home": nat],
                    links: [
                        ("phone", "home", delay), ("tablet", "home", delay), ("home", "cloud", delay),
                        ("cloud", "shop", delay),
                    ]))
        }

        private func partition(_ groups: [[String]]) throws -> any ActiveFault {
            try field.strike("partition", .groups(groups))
        }

        /// Whether a datagram gets there, and its answer back.
        private func reaches(_ source: String, _ target: String) throws -> Bool {
            let server = try TestUDP(in: field.namespace(of: target), port: 9000)
            let client = try TestUDP(in: field.namespace(of: source))
            client.say("hello", to: field.lab.host(target).addresses[0], port: 9000)
            guard let heard = server.hear(within: .seconds(1)) else { return false }
            server.say("hello yourself", to: heard.address, port: heard.port)
            return client.hear(within: .seconds(1))?.text == "hello yourself"
        }

        @Test func `groups do not reach each other, across NAT as well, and everybody else does`() throws {
            let before = try LabState(of: field.lab)
            let fault = try partition([["phone"], ["cloud"]])
            #expect(try !reaches("phone", "cloud"))
            #expect(try fault.hits() == 1)
            for (source, target) in [("tablet", "cloud"), ("phone", "tablet"), ("phone", "shop"), ("shop", "cloud")] {
                #expect(try reaches(source, target), "\(source) \(target)")
            }
            #expect(try fault.hits() == 1)
            try fault.heal()
            try fault.heal()
            #expect(try reaches("phone", "cloud"))
            #expect(try fault.hits() == 1)
            try expectSame(field.lab, as: before)
        }

        @Test func `each packet is counted once, whichever way it goes and however far`() throws {
            let server = try TestUDP(in: field.namespace(of: "shop"), port: 9000)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            let shop = field.lab.host("shop").addresses[0]
            client.say("hello", to: shop, port: 9000)
            let known = try #require(server.hear())
            let fault = try partition([["phone", "tablet"], ["shop"]])
            for _ in 0..<10 { client.say("hello", to: shop, port: 9000) }
            for _ in 0..<7 { server.say("hello yourself", to: known.address, port: known.port) }
            #expect(client.hear(within: .seconds(1)) == nil)
            #expect(server.hear(within: .seconds(1)) == nil)
            #expect(try fault.hits() == 17)
            #expect(try reaches("phone", "tablet"))
            #expect(try fault.hits() == 17)
        }

        @Test func `three groups are three islands`() throws {
            let fault = try partition([["phone"], ["tablet"], ["cloud", "shop"]])
            #expect(try !reaches("phone", "tablet"))
            #expect(try !reaches("phone", "shop"))
            #expect(try !reaches("tablet", "cloud"))
            #expect(try reaches("cloud", "shop"))
            #expect(try fault.hits() == 3)
        }

        @Test func `TCP lives through it`() throws {
            let listener = try TestListener(in: field.namespace(of: "shop"), port: 7000)
            let (client, server) = try field.connect(from: "phone", to: listener, on: "shop")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try partition([["phone"], ["shop"]])
            #expect(server.say("anybody there?"))
            #expect(client.hear(within: .seconds(60)) == .silence)
            #expect(try fault.hits() == 1 + Int64(server.kernelInfo.retransmitted))
            try fault.heal()
            #expect(client.hear(within: .seconds(121)) == .bytes("anybody there?"))
            #expect(client.talks(to: server))
        }

        @Test func `a router that is in a group takes all that it translates with it, outside`() throws {
            let fault = try partition([["home"], ["shop"]])
            #expect(try !reaches("tablet", "shop"))
            #expect(try reaches("tablet", "cloud"))
            #expect(try fault.hits() == 1)
        }

        @Test func `nobody speaks, nobody is hit`() throws {
            let fault = try partition([["phone"], ["cloud"]])
            sleep(3600)
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(try fault.hits() == 0)
        }
    }
}
