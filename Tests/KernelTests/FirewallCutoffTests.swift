import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    @Suite struct FirewallCutoffTests {
        let field: TestField
        let listener: TestListener
        let both = FaultTarget.link("a-b", from: nil)

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        /// Bytes of IP of one connection that left the wire by its second device, and by its first: what passed.
        private func passed(_ frames: [[UInt8]], port: Int) -> Int {
            // Ethernet, IPv4 without options: ports at 34 and 36. What crosses the wire is seen coming and going.
            frames.filter { $0.count >= 38 && $0[23] == 6 }
                .filter { Int($0[34]) << 8 + Int($0[35]) == port || Int($0[36]) << 8 + Int($0[37]) == port }
                .reduce(0) { $0 + Int($1[16]) << 8 + Int($1[17]) }
        }

        @Test func `never more than so many bytes pass, and the next packet is gone`() throws {
            let before = try LabState(of: field.lab)
            let fault = try field.strike("firewall-cutoff", both, ["bytes": .size(100_000)])
            let hosts = try ["a", "b"].map { try TestCapture(in: field.lab.host($0).namespace) }
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            var received = 0
            for _ in 0..<200 {
                client.say(String(repeating: "x", count: 1000))
                guard case .bytes(let text) = server.hear(within: .milliseconds(100)) else { break }
                received += text.utf8.count
            }
            #expect(received < 100_000)
            // What each host received is what passed. Packets on their own devices come and go once.
            let sent = hosts.map { passed($0.frames(), port: 7000) }
            let dropped = try fault.hits()
            #expect(dropped > 0)
            #expect(sent[0] > 100_000)
            // Headers of 52 bytes; an acknowledgement of 52 for each packet of 1052.
            let all = received / 1000 * 1104
            #expect(all > 100_000 - 2500 && all <= 100_000)
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(client.kernelInfo.state == 1 && server.kernelInfo.state == 1)
            // Somebody else begins anew.
            let other = try field.connect(from: "a", to: listener, on: "b")
            #expect(other.client.talks(to: other.server))
            try fault.heal()
            try fault.heal()
            #expect(server.hear(within: .seconds(121)) != .silence)
            try expectSame(field.lab, as: before)
        }

        @Test func `a connection that stands begins with nothing, and hits are the packets it sent in vain`() throws {
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            client.say(String(repeating: "x", count: 5000))
            #expect(server.hearAll(5000, within: .seconds(5)))
            usleep(100_000)
            let fault = try field.strike("firewall-cutoff", both, ["bytes": .size(1000)])
            #expect(client.talks(to: server))
            usleep(100_000)
            #expect(try fault.hits() == 0)
            #expect(client.say(String(repeating: "x", count: 900)))
            #expect(server.hear(within: .seconds(30)) == .silence)
            #expect(try fault.hits() == 1 + Int64(client.kernelInfo.retransmitted))
        }

        @Test func `after its time a connection is gone, busy or not`() throws {
            let before = try LabState(of: field.lab)
            let standing = try field.connect(from: "a", to: listener, on: "b")
            let fault = try field.strike("firewall-cutoff", both, ["time": .duration(.seconds(30))])
            try field.pass(.seconds(20))
            let later = try field.connect(from: "a", to: listener, on: "b")
            #expect(standing.client.talks(to: standing.server))
            try field.pass(.milliseconds(9800))
            #expect(standing.client.talks(to: standing.server))
            usleep(50_000)
            #expect(try fault.hits() == 0)
            try field.pass(.milliseconds(400))
            standing.client.say("anybody there?")
            #expect(standing.server.hear(within: .seconds(10)) == .silence)
            #expect(try fault.hits() == 1 + Int64(standing.client.kernelInfo.retransmitted))
            #expect(later.client.talks(to: later.server))
            try field.pass(.seconds(11))
            later.server.say("anybody there?")
            #expect(later.client.hear(within: .seconds(10)) == .silence)
            try fault.heal()
            try field.pass(.seconds(1))
            #expect(later.client.hear(within: .seconds(121)) == .bytes("anybody there?"))
            try expectSame(field.lab, as: before)
        }

        @Test func `with bytes and time, whichever is used up first`() throws {
            let fault = try field.strike(
                "firewall-cutoff", both, ["bytes": .size(3000), "time": .duration(.seconds(30))])
            let big = try field.connect(from: "a", to: listener, on: "b")
            let small = try field.connect(from: "a", to: listener, on: "b")
            big.client.say(String(repeating: "x", count: 4000))
            #expect(!big.server.hearAll(4000, within: .seconds(5)))
            #expect(small.client.talks(to: small.server))
            try field.pass(.seconds(31))
            small.client.say("anybody there?")
            #expect(small.server.hear(within: .seconds(5)) == .silence)
            // It has turned to the later rules, and the quota is still there.
            let next = try field.connect(from: "a", to: listener, on: "b")
            next.client.say(String(repeating: "x", count: 4000))
            #expect(!next.server.hearAll(4000, within: .seconds(5)))
            #expect(try fault.hits() > 3)
        }

        @Test func `within its limits nobody is hit`() throws {
            let fault = try field.strike("firewall-cutoff", both, ["bytes": .size(1 << 20)])
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            #expect(client.talks(to: server))
            try fault.heal()
            #expect(try fault.hits() == 0)
        }
    }
}
