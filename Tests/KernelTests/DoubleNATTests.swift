import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone -- cpe (NAT) -- carrier (NAT) -- cloud.
    @Suite struct DoubleNATTests {
        let field: TestField
        let listener: TestListener

        init() throws {
            let delay = TestLab.impairment()
            func nat(_ outside: String) -> NATPlan {
                NATPlan(idleTimeout: .seconds(3600), onExpiry: .drop, outside: outside)
            }
            field = try TestField(
                TestLab.plan(
                    hosts: ["phone", "cpe", "carrier", "cloud"],
                    nat: ["cpe": nat("cpe-carrier"), "carrier": nat("carrier-cloud")],
                    links: [("phone", "cpe", delay), ("cpe", "carrier", delay), ("carrier", "cloud", delay)]))
            listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
        }

        private func connect() throws -> (client: TestConnection, server: TestConnection) {
            let pair = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(pair.client.talks(to: pair.server))
            usleep(100_000)
            return pair
        }

        @Test func `the server sees the carrier, and the carrier sees the router at home`() throws {
            _ = try connect()
            let server = try TestUDP(in: field.namespace(of: "cloud"), port: 9000)
            let between = try TestUDP(in: field.namespace(of: "carrier"), port: 9000)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            let carrier = field.lab.host("carrier")
            client.say("hello", to: field.lab.host("cloud").addresses[0], port: 9000)
            #expect(server.hear()?.address == field.router("carrier").outside.address)
            client.say("hello", to: carrier.addresses[0], port: 9000)
            #expect(between.hear()?.address == field.router("cpe").outside.address)
        }

        @Test(arguments: ["cpe", "carrier"])
        func `either router may forget`(_ router: String) throws {
            let (client, server) = try connect()
            #expect(try field.strike("nat-forget", .host(router)).hits() == 1)
            #expect(client.say("anybody there?"))
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(server.say("anybody there?"))
            #expect(client.hear(within: .seconds(60)) == .silence)
            #expect(client.kernelInfo.state == 1 && server.kernelInfo.state == 1)
            let next = try connect()
            #expect(next.client.talks(to: next.server))
        }

        @Test(arguments: ["cpe", "carrier"])
        func `either router may rebind`(_ router: String) throws {
            let server = try TestUDP(in: field.namespace(of: "cloud"), port: 9000)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            let cloud = field.lab.host("cloud").addresses[0]
            client.say("hello", to: cloud, port: 9000)
            let known = try #require(server.hear())
            server.say("you", to: known.address, port: known.port)
            #expect(client.hear()?.text == "you")
            let fault = try field.strike("nat-rebind", .host(router), ["to": .text("address")])
            #expect(try fault.hits() == 1)
            client.say("again", to: cloud, port: 9000)
            let now = try #require(server.hear())
            // Rebound at home, it is another mapping of the carrier's, under the same address.
            let isSame = now.address == field.router("carrier").outside.address
            #expect(isSame == (router == "cpe"))
            server.say("you again", to: now.address, port: now.port)
            #expect(client.hear()?.text == "you again")
        }
    }
}
