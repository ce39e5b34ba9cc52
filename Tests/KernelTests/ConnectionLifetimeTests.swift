import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone -- home (NAT) -- cloud, the balancer between home and cloud, or between phone and home.
    @Suite struct ConnectionLifetimeTests {
        let field: TestField
        let listener: TestListener

        init() throws {
            field = try TestField(TestLab.natted(idleTimeout: .seconds(86_400)))
            listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
        }

        private func connect() throws -> (client: TestConnection, server: TestConnection) {
            let pair = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(pair.client.talks(to: pair.server))
            usleep(100_000)
            return pair
        }

        private func strike(
            _ seconds: Int64, _ ending: String, on link: String = "home-cloud"
        ) throws -> any ActiveFault {
            try field.strike(
                "connection-lifetime", .link(link, from: nil),
                ["lifetime": .duration(.seconds(seconds)), "ending": .text(ending)])
        }

        @Test(arguments: ["home-cloud", "phone-home"])
        func `idle or busy, both ends are reset when their time is over, and not before`(_ link: String) throws {
            let before = try LabState(of: field.lab)
            let fault = try strike(60, "reset", on: link)
            try field.pass(.seconds(100))
            let start = Clock.now
            let idle = try field.connect(from: "phone", to: listener, on: "cloud")
            let busy = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(Clock.now - start < 100_000_000)
            for _ in 0..<58 {
                try field.pass(.seconds(1))
                #expect(busy.client.talks(to: busy.server))
            }
            try field.pass(.nanoseconds(start + 59_990_000_000 - Clock.now))
            #expect(idle.client.hear(within: .zero) == .silence)
            #expect(idle.server.hear(within: .zero) == .silence)
            #expect(try fault.hits() == 0)
            try field.pass(.milliseconds(200))
            for end in [idle.client, idle.server, busy.client, busy.server] {
                #expect(end.hear(within: .zero) == .failed(ECONNRESET))
            }
            #expect(try fault.hits() == 2)
            // Whoever comes again has another lifetime.
            let again = try connect()
            try field.pass(.seconds(59))
            #expect(again.client.talks(to: again.server))
            try fault.heal()
            try fault.heal()
            try field.pass(.seconds(200))
            #expect(again.client.talks(to: again.server))
            #expect(try fault.hits() == 2)
            try expectSame(field.lab, as: before)
        }

        @Test func `those that stand have as long from the strike, if they have spoken`() throws {
            let standing = try connect()
            let silent = try connect()
            let fault = try strike(60, "reset")
            try field.pass(.seconds(10))
            #expect(standing.client.talks(to: standing.server))
            try field.pass(.seconds(49))
            #expect(try fault.hits() == 0)
            try field.pass(.milliseconds(1200))
            #expect(standing.client.hear(within: .zero) == .failed(ECONNRESET))
            #expect(standing.server.hear(within: .zero) == .failed(ECONNRESET))
            #expect(try fault.hits() == 1)
            // Nobody has heard of this one: it meets its end with its next packet.
            try field.pass(.seconds(100))
            #expect(silent.client.hear(within: .zero) == .silence)
            silent.client.say("still there?")
            #expect(silent.client.hear() == .failed(ECONNRESET))
            #expect(try fault.hits() == 2)
        }

        @Test func `with drop nobody is told`() throws {
            let fault = try strike(60, "drop")
            let (client, server) = try connect()
            try field.pass(.seconds(58))
            #expect(client.talks(to: server))
            try field.pass(.seconds(3))
            #expect(try fault.hits() == 0)
            #expect(client.say("anybody there?"))
            #expect(server.hear(within: .seconds(100)) == .silence)
            #expect(client.hear(within: .seconds(100)) == .silence)
            #expect(client.kernelInfo.state == 1 && server.kernelInfo.state == 1)
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(server.hear(within: .seconds(121)) == .bytes("anybody there?"))
            #expect(client.talks(to: server))
        }

        @Test func `who has said goodbye is not ended, and without connections there is no hit`() throws {
            let fault = try strike(30, "reset")
            let (client, server) = try connect()
            shutdown(client.descriptor.raw, Int32(SHUT_WR))
            #expect(server.hear() == .end)
            shutdown(server.descriptor.raw, Int32(SHUT_WR))
            #expect(client.hear() == .end)
            try field.pass(.seconds(300))
            #expect(try fault.hits() == 0)
        }

        @Test func `a storm of many connections is ended one by one`() throws {
            let fault = try strike(30, "reset")
            let pairs = try (0..<50).map { _ in try field.connect(from: "phone", to: listener, on: "cloud") }
            try field.pass(.seconds(31))
            for pair in pairs {
                #expect(pair.client.hear(within: .zero) == .failed(ECONNRESET))
                #expect(pair.server.hear(within: .zero) == .failed(ECONNRESET))
            }
            #expect(try fault.hits() == 50)
        }
    }
}
