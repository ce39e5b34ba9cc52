import Glibc
import Kernel
import Labs
import Scenarios
import Testing

extension KernelTests {
    /// What programs on both sides of a NAT router live through.
    @Suite struct LabsNATTests {
        private struct Pair {
            var client: TestConnection
            var server: TestConnection
            var listener: TestListener
        }

        private func connect(_ lab: Lab, port: Int = 7000) throws -> Pair {
            let listener = try TestListener(in: lab.host("cloud").namespace.raw, port: port)
            let client = try TestConnection(
                from: lab.host("phone").namespace.raw, to: lab.host("cloud").addresses[0], port: port)
            return Pair(client: client, server: try listener.accept(), listener: listener)
        }

        private func exchange(_ pair: Pair) {
            pair.client.say("up")
            #expect(pair.server.hear() == .bytes("up"))
            pair.server.say("down")
            #expect(pair.client.hear() == .bytes("down"))
        }

        @Test func `the server sees the router's address`() throws {
            let lab = try Lab(TestLab.natted(), seed: 1)
            let pair = try connect(lab)
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(pair.server.descriptor.raw, $0, &length)
                }
            }
            #expect(
                peer.sin_addr.s_addr == TestConnection.address(lab.router("home").outside.address, 0).sin_addr.s_addr)
        }

        @Test func `a mapping that is used stands, and one that idles is forgotten in silence`() throws {
            let lab = try Lab(TestLab.natted(idleTimeout: .seconds(30)), seed: 1)
            let pair = try connect(lab)
            for _ in 0..<3 {
                sleep(25)
                exchange(pair)
            }
            #expect(try lab.router("home").refused().expired == 0)
            sleep(31)
            pair.client.say("lost")
            #expect(pair.server.hear(within: .seconds(60)) == .silence)
            #expect(pair.client.hear(within: .seconds(60)) == .silence)
            #expect(try lab.router("home").refused().fromInside > 3)
            #expect(try lab.router("home").refused().fromOutside == 0)
        }

        @Test func `the server's packets find no way back in, and no answer`() throws {
            let lab = try Lab(TestLab.natted(idleTimeout: .seconds(30)), seed: 1)
            let pair = try connect(lab)
            sleep(31)
            pair.server.say("lost")
            #expect(pair.server.hear(within: .seconds(60)) == .silence)
            #expect(pair.client.hear(within: .seconds(1)) == .silence)
            let refused = try lab.router("home").refused()
            #expect(refused.fromOutside > 3)
            #expect(refused.fromInside == 0 && refused.unsolicited == 0)
        }

        @Test func `a router that resets answers either side`() throws {
            let lab = try Lab(TestLab.natted(idleTimeout: .seconds(30), onExpiry: .reset), seed: 1)
            let (one, two) = (try connect(lab), try connect(lab, port: 7001))
            sleep(31)
            one.client.say("lost")
            #expect(one.client.hear() == .failed(ECONNRESET))
            #expect(one.server.hear() == .silence)
            two.server.say("lost")
            #expect(two.server.hear() == .failed(ECONNRESET))
            let refused = try lab.router("home").refused()
            #expect((refused.fromInside, refused.fromOutside, refused.unsolicited) == (1, 1, 0))
        }

        @Test func `a new idle timeout reaches a mapping at its next packet`() throws {
            let lab = try Lab(TestLab.natted(idleTimeout: .seconds(3600)), seed: 1)
            let pair = try connect(lab)
            try lab.router("home").setIdleTimeout(.milliseconds(9500))
            sleep(100)
            exchange(pair)
            sleep(9)
            exchange(pair)
            sleep(11)
            pair.client.say("lost")
            #expect(pair.server.hear(within: .seconds(10)) == .silence)
            #expect(try lab.router("home").refused().fromInside > 0)
        }

        @Test func `data that nobody acknowledges does not shorten the idle timeout`() throws {
            let lab = try Lab(TestLab.natted(idleTimeout: .seconds(3600)), seed: 1)
            let pair = try connect(lab)
            // The router sees data and its repetitions, and never an answer; the repetitions end with the hole in front
            // of the router, so its mapping idles with unanswered data.
            try lab.link("home-cloud").drop(id: "far", from: nil)
            pair.client.say("waits")
            sleep(20)
            try lab.link("phone-home").drop(id: "near", from: nil)
            sleep(500)
            try lab.link("home-cloud").heal("far")
            try lab.link("phone-home").heal("near")
            #expect(pair.server.hear(within: .seconds(130)) == .bytes("waits"))
        }

        @Test func `nobody comes in from the outside unasked`() throws {
            let lab = try Lab(TestLab.natted(), seed: 1)
            let inside = try TestListener(in: lab.host("phone").namespace.raw, port: 7000)
            let router = try TestListener(in: lab.host("home").namespace.raw, port: 7000)
            let cloud = lab.host("cloud").namespace.raw
            #expect {
                try TestConnection(from: cloud, to: lab.host("phone").addresses[0], port: 7000)
            } throws: { ($0 as? SystemError)?.code == ENETUNREACH }
            #expect {
                try TestConnection(from: cloud, to: lab.router("home").outside.address, port: 7000)
            } throws: { ($0 as? SystemError)?.code == ETIMEDOUT }
            #expect(try lab.router("home").refused().unsolicited > 3)
            _ = (inside, router)
        }
    }
}
