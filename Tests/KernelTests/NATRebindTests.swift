import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone -- home (NAT) -- cloud: whom the server sees, before and after.
    @Suite struct NATRebindTests {
        let home = FaultTarget.host("home")
        let field: TestField
        let cloud: String
        let outside: String

        init() throws {
            field = try TestField(TestLab.natted(idleTimeout: .seconds(3600), onExpiry: .drop))
            cloud = field.lab.host("cloud").addresses[0]
            outside = field.router("home").outside.address
        }

        private func strike(_ face: String) throws -> any ActiveFault {
            try field.strike("nat-rebind", home, ["to": .text(face)])
        }

        /// A flow that has been answered: both sockets, and how the server knows the client.
        private func talk(
            _ port: Int
        ) throws -> (client: TestUDP, server: TestUDP, known: TestUDP.Heard) {
            let server = try TestUDP(in: field.namespace(of: "cloud"), port: port)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            client.say("hello", to: cloud, port: port)
            let known = try #require(server.hear())
            server.say("hello yourself", to: known.address, port: known.port)
            #expect(client.hear()?.text == "hello yourself")
            return (client, server, known)
        }

        @Test(arguments: ["port", "address"])
        func `UDP carries on from where the mapping has gone`(_ face: String) throws {
            let (client, server, known) = try talk(9000)
            #expect(known.address == outside)
            #expect(try strike(face).hits() == 1)
            client.say("me again", to: cloud, port: 9000)
            let now = try #require(server.hear())
            #expect(now.text == "me again")
            #expect(now.port != known.port)
            #expect((now.address == outside) == (face == "port"))
            // What goes to the old place is lost, what goes to the new one arrives.
            server.say("where are you?", to: known.address, port: known.port)
            #expect(client.hear() == nil)
            server.say("there you are", to: now.address, port: now.port)
            #expect(client.hear() == TestUDP.Heard(text: "there you are", address: cloud, port: 9000))
            // Other flows get the router's own address, as ever.
            #expect(try talk(9001).known.address == outside)
        }

        @Test(arguments: ["port", "address"])
        func `TCP is answered by RST, and the server keeps its half`(_ face: String) throws {
            let listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
            let (client, server) = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try strike(face)
            #expect(try fault.hits() == 1)
            #expect(client.kernelInfo.state == 1)
            client.say("me again")
            #expect(client.hear() == .failed(ECONNRESET))
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(server.kernelInfo.state == 1)
            server.say("anybody?")
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(server.kernelInfo.retransmitted > 3)
            try fault.heal()
            #expect(try fault.hits() == 1)
            let next = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(next.client.talks(to: next.server))
        }

        @Test func `many flows get many faces, and moving twice moves twice`() throws {
            let flows = try (0..<40).map { try talk(9000 + $0) }
            #expect(try strike("address").hits() == 40)
            #expect(try strike("address").hits() == 40)
            var ports: Set<Int> = []
            for (number, flow) in flows.enumerated() {
                flow.client.say("again", to: cloud, port: 9000 + number)
                let now = try #require(flow.server.hear())
                #expect(now.address == outside)
                #expect(now.port != flow.known.port)
                ports.insert(now.port)
            }
            #expect(ports.count == 40)
        }

        @Test func `without a live mapping there is no hit`() throws {
            #expect(try strike("port").hits() == 0)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            client.say("unanswered", to: cloud, port: 9999)
            let listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
            let (leaver, left) = try field.connect(from: "phone", to: listener, on: "cloud")
            shutdown(leaver.descriptor.raw, Int32(SHUT_WR))
            #expect(left.hear() == .end)
            shutdown(left.descriptor.raw, Int32(SHUT_WR))
            #expect(leaver.hear() == .end)
            usleep(100_000)
            #expect(try strike("port").hits() == 0)
        }

        @Test func `the same seed draws the same ports`() throws {
            func ports() throws -> [Int] {
                let field = try TestField(TestLab.natted(idleTimeout: .seconds(3600)))
                let server = try TestUDP(in: field.namespace(of: "cloud"), port: 9000)
                let client = try TestUDP(in: field.namespace(of: "phone"), port: 5000)
                var ports: [Int] = []
                for _ in 0..<3 {
                    client.say("hello", to: cloud, port: 9000)
                    let known = try #require(server.hear())
                    ports.append(known.port)
                    server.say("you", to: known.address, port: known.port)
                    #expect(client.hear() != nil)
                    #expect(try field.strike("nat-rebind", home, ["to": .text("port")]).hits() == 1)
                }
                return ports
            }
            #expect(try ports() == ports())
        }
    }
}
