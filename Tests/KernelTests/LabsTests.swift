import Glibc
import Kernel
import Labs
import Netlink
import Scenarios
import Testing

extension KernelTests {
    /// A lab does what its plan says, measured by programs that know nothing of it.
    @Suite struct LabsTests {
        /// How long a TCP handshake takes, as its client sees it: there and back.
        private func handshake(_ lab: Lab, from: String, to: String, port: Int = 7000) throws -> Int64 {
            let listener = try TestListener(in: lab.host(to).namespace.raw, port: port)
            let before = Clock.now
            _ = try TestConnection(
                from: lab.host(from).namespace.raw, to: lab.host(to).addresses[0], port: port)
            let after = Clock.now
            _ = try listener.accept()
            return after - before
        }

        private func expectAbout(_ measured: Int64, _ wanted: Duration, within band: Duration = .microseconds(10)) {
            let off = abs(measured - wanted.wholeNanoseconds)
            #expect(off <= band.wholeNanoseconds, "\(measured) ns instead of \(wanted)")
        }

        @Test func `a delay is exact, and the default is a millisecond`() throws {
            let slow = try Lab(TestLab.pair(TestLab.impairment(delay: .microseconds(25_300))), seed: 1)
            expectAbout(try handshake(slow, from: "a", to: "b"), .microseconds(50_600))
            let plain = try Lab(TestLab.pair(), seed: 1)
            expectAbout(try handshake(plain, from: "a", to: "b"), .milliseconds(2))
            let none = try Lab(TestLab.pair(TestLab.impairment(delay: .zero)), seed: 1)
            expectAbout(try handshake(none, from: "a", to: "b"), .zero)
            #expect(slow.notes.filter { !$0.contains("tcp_syncookies") } == [])
        }

        @Test func `delays of links add up, through a router and through a host in the middle`() throws {
            let natted = try Lab(TestLab.natted(delay: .milliseconds(10)), seed: 1)
            expectAbout(try handshake(natted, from: "phone", to: "cloud"), .milliseconds(40))
            let plain = TestLab.impairment(delay: .milliseconds(5))
            let chain = try Lab(
                TestLab.plan(hosts: ["a", "b", "c"], links: [("a", "b", plain), ("b", "c", plain)]), seed: 1)
            expectAbout(try handshake(chain, from: "a", to: "c"), .milliseconds(20))
            expectAbout(try handshake(chain, from: "c", to: "a"), .milliseconds(20))
        }

        @Test func `loss has its rate, its own stream for each direction, and repeats with the seed`() throws {
            func lost(seed: UInt64, from: String, to: String) throws -> Set<UInt32> {
                let lab = try Lab(TestLab.pair(TestLab.impairment(loss: 0.1)), seed: seed)
                let datagrams = try TestDatagrams(from: lab.host(from), to: lab.host(to))
                for number in 0..<3000 { try datagrams.send(UInt32(number)) }
                let arrived = Set(datagrams.received().map(\.number))
                let crossed = try lab.link("a-b").crossed(from: from)
                #expect(crossed.dropped == Int64(3000 - arrived.count))
                #expect(crossed.packets == Int64(arrived.count))
                return Set(0..<3000).subtracting(arrived)
            }
            let one = try lost(seed: 7, from: "a", to: "b")
            // 300 expected; four standard deviations of a binomial.
            #expect((234...366).contains(one.count))
            #expect(try lost(seed: 7, from: "a", to: "b") == one)
            #expect(try lost(seed: 8, from: "a", to: "b") != one)
            #expect(try lost(seed: 7, from: "b", to: "a") != one)
        }

        @Test func `a rate holds, and its queue overflows at its limit`() throws {
            let rated = TestLab.impairment(delay: .zero, rate: 1_000_000, limit: 50)
            let lab = try Lab(TestLab.pair(rated), seed: 1)
            // 1,000 bytes with all headers: 8 ms each.
            let datagrams = try TestDatagrams(from: lab.host("a"), to: lab.host("b"), size: 1000 - 42)
            for number in 0..<200 { try datagrams.send(UInt32(number)) }
            let arrived = datagrams.received()
            // Three fit into the bucket at once, fifty wait.
            try #require(arrived.map(\.number) == Array(0..<53))
            #expect(try lab.link("a-b").crossed(from: "a").dropped == 147)
            let spacing = (arrived[50].time - arrived[10].time) / 40
            #expect(abs(spacing - 8_000_000) < 80_000, "\(spacing) ns a packet")
        }

        @Test func `jitter varies the delay both ways, and keeps packets in order`() throws {
            let jittery = TestLab.impairment(delay: .milliseconds(20), jitter: .milliseconds(10))
            let lab = try Lab(TestLab.pair(jittery), seed: 3)
            let datagrams = try TestDatagrams(from: lab.host("a"), to: lab.host("b"))
            for number in 0..<500 { try datagrams.send(UInt32(number)) }
            #expect(datagrams.received().map(\.number) == Array(0..<500))
            var delays: [Int64] = []
            for number in 0..<100 {
                let sent = Clock.now
                try datagrams.send(UInt32(number))
                delays.append(try #require(datagrams.received(quiet: .milliseconds(100)).first).time - sent)
            }
            #expect(delays.allSatisfy { (10_000_000...30_010_000).contains($0) })
            #expect(delays.min()! < 13_000_000 && delays.max()! > 27_000_000)
        }

        @Test func `overlays stack in one direction or both, and leave the link as it was`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let wire = lab.link("a-b")
            try wire.overlay(id: "one", from: "a") { $0.delay += .milliseconds(10) }
            expectAbout(try handshake(lab, from: "a", to: "b", port: 7001), .milliseconds(12))
            try wire.overlay(id: "two", from: nil) { $0.delay = $0.delay * 2 }
            #expect(wire.impairment(from: "a").delay == .milliseconds(22))
            expectAbout(try handshake(lab, from: "a", to: "b", port: 7002), .milliseconds(24))
            try wire.removeOverlay("one")
            expectAbout(try handshake(lab, from: "a", to: "b", port: 7003), .milliseconds(4))
            try wire.removeOverlay("two")
            try wire.removeOverlay("two")
            expectAbout(try handshake(lab, from: "a", to: "b", port: 7004), .milliseconds(2))
        }

        @Test func `a rate comes and goes with an overlay, and nothing that waits is lost`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let wire = lab.link("a-b")
            let datagrams = try TestDatagrams(from: lab.host("a"), to: lab.host("b"), size: 1000 - 42)
            try wire.overlay(id: "slow", from: "a") { $0.rate = 80_000 }
            let before = Clock.now
            for number in 0..<23 { try datagrams.send(UInt32(number)) }
            usleep(1_000_000)
            // A packet takes 0.1 s now, so half of them still wait.
            try wire.removeOverlay("slow")
            let arrived = datagrams.received()
            try #require(arrived.map(\.number) == Array(0..<23))
            #expect(try wire.crossed(from: "a").dropped == 0)
            // Waited for in the kernel, not in this program.
            expectAbout(arrived.last!.time - before, .seconds(1.1), within: .milliseconds(110))
        }

        @Test func `a drop in both directions takes every packet, counts it, and heals`() throws {
            let lab = try Lab(TestLab.natted(), seed: 1)
            let wire = lab.link("phone-home")
            let listener = try TestListener(in: lab.host("cloud").namespace.raw, port: 7000)
            let client = try TestConnection(from: lab.host("phone").namespace.raw, to: "10.77.1.6", port: 7000)
            let server = try listener.accept()
            try wire.drop(id: "hole", from: nil)
            client.say("up")
            server.say("down")
            #expect(server.hear() == .silence)
            #expect(client.hear() == .silence)
            let dropped = try wire.dropped("hole")
            #expect(dropped > 4)
            #expect(try wire.heal("hole") >= dropped)
            // TCP sends again, at the latest after twice the time since.
            #expect(server.hear(within: .seconds(30)) == .bytes("up"))
            #expect(client.hear(within: .seconds(30)) == .bytes("down"))
            #expect(try wire.dropped("hole") == 0)
            #expect(try wire.heal("hole") == 0)
        }

        @Test(arguments: ["a", "b"])
        func `a drop of one direction leaves the other alone`(side: String) throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let (a, b) = (lab.host("a"), lab.host("b"))
            let there = try TestDatagrams(from: a, to: b)
            let back = try TestDatagrams(from: b, to: a)
            try lab.link("a-b").drop(id: "hole", from: side)
            for number in 0..<10 {
                try there.send(UInt32(number))
                try back.send(UInt32(number))
            }
            #expect(there.received().count == (side == "a" ? 0 : 10))
            #expect(back.received().count == (side == "b" ? 0 : 10))
            #expect(try lab.link("a-b").heal("hole") == 10)
        }

        @Test func `drops of one wire are counted each for itself`() throws {
            let lab = try Lab(TestLab.pair(), seed: 1)
            let wire = lab.link("a-b")
            let there = try TestDatagrams(from: lab.host("a"), to: lab.host("b"))
            try wire.drop(id: "first", from: "a")
            try wire.drop(id: "second", from: "a")
            try there.send(1)
            #expect(there.received().isEmpty)
            // The first takes it; the second never sees it.
            #expect(try wire.heal("first") == 1)
            try there.send(2)
            #expect(there.received().isEmpty)
            #expect(try wire.heal("second") == 1)
            try there.send(3)
            #expect(there.received().map(\.number) == [3])
        }
    }
}
