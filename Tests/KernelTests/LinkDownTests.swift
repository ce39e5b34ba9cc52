import CLinux
import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// a -- m -- b: the link a-m goes down, m-b stands by.
    @Suite struct LinkDownTests {
        let field: TestField
        let listener: TestListener
        let target = FaultTarget.link("a-m", from: nil)

        init() throws {
            let delay = TestLab.impairment()
            field = try TestField(TestLab.plan(hosts: ["a", "m", "b"], links: [("a", "m", delay), ("m", "b", delay)]))
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        /// What a program on the host asks its kernel: up, and running.
        private func flags(_ host: String, _ device: String) throws -> (isUp: Bool, isRunning: Bool) {
            let socket = Descriptor(
                owning: halfopen_socket_in(field.namespace(of: host), AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
            var request = ifreq()
            withUnsafeMutableBytes(of: &request.ifr_ifrn) { $0.copyBytes(from: Array(device.utf8)) }
            let raw = socket.raw
            try System.call("ask") { ioctl(raw, UInt(SIOCGIFFLAGS), &request) }
            let flags = Int32(request.ifr_ifru.ifru_flags)
            return (flags & Int32(IFF_UP) != 0, flags & Int32(IFF_RUNNING) != 0)
        }

        @Test func `both ends lose the carrier and get it back, and TCP lives through it`() throws {
            let before = try LabState(of: field.lab)
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try field.strike("link-down", target)
            #expect(try flags("a", "eth0") == (true, false))
            #expect(try flags("m", "eth0") == (true, false))
            #expect(try flags("m", "eth1") == (true, true))
            #expect(try LabState(of: field.lab) != before)
            #expect(client.say("anybody there?"))
            #expect(server.hear(within: .seconds(100)) == .silence)
            #expect(client.kernelInfo.state == 1 && server.kernelInfo.state == 1)
            // What was sent, and what TCP sent again.
            #expect(try fault.hits() == 1 + Int64(client.kernelInfo.retransmitted))
            let total = try fault.hits()
            try fault.heal()
            try fault.heal()
            #expect(try flags("a", "eth0") == (true, true))
            #expect(try flags("m", "eth0") == (true, true))
            try expectSame(field.lab, as: before)
            #expect(server.hear(within: .seconds(120)) == .bytes("anybody there?"))
            #expect(client.talks(to: server))
            #expect(try fault.hits() == total)
        }

        @Test func `counted datagrams are lost and counted, from either side`() throws {
            let fault = try field.strike("link-down", target)
            let there = try TestDatagrams(from: field.lab.host("a"), to: field.lab.host("b"), port: 9000)
            let back = try TestDatagrams(from: field.lab.host("b"), to: field.lab.host("a"), port: 9001)
            for number in 0..<30 { try? there.send(UInt32(number)) }
            for number in 0..<12 { try? back.send(UInt32(number)) }
            #expect(there.received().isEmpty && back.received().isEmpty)
            #expect(try fault.hits() == 42)
            try fault.heal()
            for number in 0..<30 { try there.send(UInt32(number)) }
            #expect(there.received().count == 30)
            #expect(try fault.hits() == 42)
        }

        @Test func `what was on the link is lost`() throws {
            let slow = try field.strike("delay", .link("a-m", from: nil), ["delay": .duration(.seconds(1))])
            let datagrams = try TestDatagrams(from: field.lab.host("a"), to: field.lab.host("b"))
            for number in 0..<10 { try datagrams.send(UInt32(number)) }
            usleep(500_000)
            let fault = try field.strike("link-down", target)
            usleep(1000)
            try fault.heal()
            #expect(datagrams.received(quiet: .seconds(5)).isEmpty)
            // They had been sent.
            #expect(try fault.hits() == 0)
            // The link is as slow as before.
            let start = Clock.now
            try datagrams.send(1)
            let arrival = try #require(datagrams.received().first)
            #expect(abs(arrival.time - start - 1_001_000_000) < 100_000)
            try slow.heal()
        }

        @Test func `nobody sends, nothing is hit; other links carry on`() throws {
            let fault = try field.strike("link-down", target)
            let datagrams = try TestDatagrams(from: field.lab.host("m"), to: field.lab.host("b"))
            for number in 0..<10 { try datagrams.send(UInt32(number)) }
            #expect(datagrams.received().count == 10)
            sleep(3600)
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        @Test func `with a delay laid and lifted meanwhile the link is as before`() throws {
            let before = try LabState(of: field.lab)
            let slow = try field.strike("delay", .link("a-m", from: nil), ["delay": .duration(.milliseconds(40))])
            let down = try field.strike("link-down", target)
            let dark = try field.strike("blackhole", .link("a-m", from: nil))
            try slow.heal()
            try dark.heal()
            try down.heal()
            try expectSame(field.lab, as: before)
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            usleep(100_000)
            var heard = false
            #expect(elapsed { heard = client.talks(to: server) } < .milliseconds(9))
            #expect(heard)
        }
    }
}
