import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone -- home (NAT) -- cloud. The router's own timeout is an hour.
    @Suite struct FaultsOnRouters {
        let home = FaultTarget.host("home")

        private func makeField(
            _ onExpiry: NATPlan.OnExpiry = .drop
        ) throws -> (field: TestField, listener: TestListener) {
            let field = try TestField(TestLab.natted(idleTimeout: .seconds(3600), onExpiry: onExpiry))
            return (field, try TestListener(in: field.namespace(of: "cloud"), port: 7000))
        }

        private func connect(
            _ field: TestField, _ listener: TestListener
        ) throws -> (client: TestConnection, server: TestConnection) {
            let pair = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(pair.client.talks(to: pair.server))
            usleep(100_000)
            return pair
        }

        private func timeout(_ seconds: Int64, _ onExpiry: NATPlan.OnExpiry? = nil) -> [String: Value] {
            var parameters = ["timeout": Value.duration(.seconds(seconds))]
            if let onExpiry { parameters["on-expiry"] = .text(onExpiry.rawValue) }
            return parameters
        }

        // MARK: nat-forget

        @Test func `nat-forget leaves both ends half-open, in silence`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            let fault = try field.strike("nat-forget", home)
            #expect(try fault.hits() == 1)
            #expect(server.say("to whom?"))
            #expect(client.hear(within: .seconds(300)) == .silence)
            #expect(client.say("to whom?"))
            #expect(server.hear(within: .seconds(300)) == .silence)
            #expect(client.kernelInfo.state == 1)
            #expect(server.kernelInfo.state == 1)
            try fault.heal()
            _ = try connect(field, listener)
        }

        @Test func `nat-forget with a router that resets`() throws {
            let (field, listener) = try makeField(.reset)
            let pairs = try (0..<2).map { _ in try connect(field, listener) }
            #expect(try field.strike("nat-forget", home).hits() == 2)
            pairs[0].client.say("to whom?")
            #expect(pairs[0].client.hear() == .failed(ECONNRESET))
            pairs[1].server.say("to whom?")
            #expect(pairs[1].server.hear() == .failed(ECONNRESET))
        }

        @Test func `nat-forget has no hits without a live connection`() throws {
            let (field, listener) = try makeField()
            #expect(try field.strike("nat-forget", home).hits() == 0)
            let (client, server) = try connect(field, listener)
            shutdown(client.descriptor.raw, Int32(SHUT_WR))
            #expect(server.hear() == .end)
            shutdown(server.descriptor.raw, Int32(SHUT_WR))
            #expect(client.hear() == .end)
            // Its mapping is still there, in TIME_WAIT.
            #expect(try field.strike("nat-forget", home).hits() == 0)
        }

        // MARK: nat-idle-timeout

        @Test func `nat-idle-timeout forgets who is silent, and tells when`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            let fault = try field.strike("nat-idle-timeout", home, timeout(30))
            sleep(20)
            #expect(client.talks(to: server))
            usleep(100_000)
            let last = Clock.now - 100_000_000
            #expect(try fault.hits() == 0)
            #expect(fault.firstHit == nil)
            sleep(300)
            #expect(try fault.hits() == 1)
            let hit = try #require(fault.firstHit)
            #expect(abs(hit - last - 30_000_000_000) < 50_000_000)
            #expect(client.say("to whom?"))
            #expect(server.hear(within: .seconds(300)) == .silence)
            #expect(client.kernelInfo.state == 1)
            #expect(try fault.hits() == 1)
        }

        @Test func `nat-idle-timeout clips the mappings that stand`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            sleep(600)
            let struck = Clock.now
            let fault = try field.strike("nat-idle-timeout", home, timeout(30))
            sleep(60)
            server.say("to whom?")
            #expect(client.hear(within: .seconds(60)) == .silence)
            #expect(try fault.hits() == 1)
            #expect(abs(try #require(fault.firstHit) - struck - 30_000_000_000) < 50_000_000)
        }

        @Test func `nat-idle-timeout changes what becomes of forgotten connections, and heals that too`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            let fault = try field.strike("nat-idle-timeout", home, timeout(30, .reset))
            sleep(60)
            client.say("to whom?")
            #expect(client.hear() == .failed(ECONNRESET))
            try fault.heal()
            #expect(try fault.hits() == 1)
            let (next, nextServer) = try connect(field, listener)
            _ = try field.strike("nat-forget", home)
            next.say("to whom?")
            #expect(next.hear(within: .seconds(60)) == .silence)
            withExtendedLifetime((server, nextServer)) {}
        }

        @Test func `nat-idle-timeout heals to the router's own timeout, for mappings that stand as well`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            let fault = try field.strike("nat-idle-timeout", home, timeout(30))
            sleep(25)
            try fault.heal()
            try fault.heal()
            let (other, otherServer) = try connect(field, listener)
            sleep(3000)
            #expect(client.talks(to: server))
            #expect(other.talks(to: otherServer))
            #expect(try fault.hits() == 0)
            sleep(3700)
            client.say("to whom?")
            #expect(server.hear(within: .seconds(60)) == .silence)
            // That was the router's own doing.
            #expect(try fault.hits() == 0)
        }

        @Test func `nat-idle-timeout does not count what had expired before, unnoticed`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            // The router's own time was over half a second ago; its collector comes by once a minute.
            usleep(3_600_400_000)
            let fault = try field.strike("nat-idle-timeout", home, timeout(30))
            #expect(try fault.hits() == 0)
            sleep(60)
            #expect(try fault.hits() == 0)
            withExtendedLifetime((client, server)) {}
        }

        @Test func `nat-idle-timeout has no hits among those who talk or say goodbye`() throws {
            let (field, listener) = try makeField()
            let (client, server) = try connect(field, listener)
            let (leaver, left) = try connect(field, listener)
            let fault = try field.strike("nat-idle-timeout", home, timeout(30))
            shutdown(leaver.descriptor.raw, Int32(SHUT_WR))
            #expect(left.hear() == .end)
            shutdown(left.descriptor.raw, Int32(SHUT_WR))
            for _ in 0..<60 {
                sleep(20)
                #expect(client.talks(to: server))
            }
            #expect(try fault.hits() == 0)
        }
    }
}
