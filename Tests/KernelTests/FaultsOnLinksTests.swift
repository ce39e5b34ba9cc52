import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Two hosts, one link of 1 ms each way; what befalls it is seen by plain sockets at its ends.
    @Suite struct FaultsOnLinks {
        let field: TestField
        let listener: TestListener
        let both = FaultTarget.link("a-b", from: nil)
        let fromA = FaultTarget.link("a-b", from: "a")

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        private func connect() throws -> (client: TestConnection, server: TestConnection) {
            let pair = try field.connect(from: "a", to: listener, on: "b")
            #expect(pair.client.talks(to: pair.server))
            // The last acknowledgement is under way.
            usleep(100_000)
            return pair
        }

        /// Time until what one side says is heard by the other, and answered.
        private func roundTrip(_ pair: (client: TestConnection, server: TestConnection)) -> Duration {
            elapsed { #expect(pair.client.talks(to: pair.server, within: .seconds(60))) }
        }

        // MARK: blackhole

        @Test func `blackhole is silence, and the connection lives through it`() throws {
            let (client, server) = try connect()
            let fault = try field.strike("blackhole", both)
            #expect(client.say("anybody there?"))
            #expect(server.hear(within: .seconds(300)) == .silence)
            #expect(client.kernelInfo.state == 1)
            #expect(server.kernelInfo.state == 1)
            // What was sent, and what TCP sent again: nothing else was on the way.
            #expect(try fault.hits() == 1 + Int64(client.kernelInfo.retransmitted))
            let total = try fault.hits()
            try fault.heal()
            #expect(try fault.hits() == total)
            #expect(server.hear(within: .seconds(120)) == .bytes("anybody there?"))
            #expect(client.talks(to: server))
            #expect(try fault.hits() == total)
        }

        @Test func `blackhole lets no connection come up`() throws {
            let fault = try field.strike("blackhole", both)
            #expect(throws: SystemError.self) { try field.connect(from: "a", to: listener, on: "b") }
            #expect(try fault.hits() > 1)
            try fault.heal()
            _ = try connect()
        }

        @Test func `blackhole in one direction lets the other pass`() throws {
            let (client, server) = try connect()
            let fault = try field.strike("blackhole", fromA)
            #expect(server.say("you hear me"))
            #expect(client.hear() == .bytes("you hear me"))
            // Its acknowledgements vanish, and so does its answer.
            #expect(client.say("but you not me"))
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(server.kernelInfo.retransmitted > 0)
            #expect(try fault.hits() > 1)
            try fault.heal()
            #expect(server.hear(within: .seconds(120)) == .bytes("but you not me"))
        }

        @Test func `blackhole without traffic has no hits`() throws {
            let (client, server) = try connect()
            let fault = try field.strike("blackhole", both)
            sleep(3600)
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(try fault.hits() == 0)
            #expect(client.talks(to: server))
        }

        // MARK: delay

        @Test func `delay is added to each direction, and taken away again`() throws {
            let pair = try connect()
            let usual = roundTrip(pair)
            #expect(usual >= .milliseconds(2) && usual < .milliseconds(3))
            usleep(100_000)
            let fault = try field.strike("delay", both, ["delay": .duration(.milliseconds(400))])
            #expect(try fault.hits() == 0)
            let slow = roundTrip(pair)
            #expect(slow >= .milliseconds(800) && slow < .milliseconds(801))
            sleep(5)
            // Two messages and their acknowledgements, one of which rides along; more when TCP was impatient.
            let retransmitted = Int64(pair.client.kernelInfo.retransmitted + pair.server.kernelInfo.retransmitted)
            #expect(try (3...(4 + 2 * retransmitted)).contains(fault.hits()))
            let total = try fault.hits()
            try fault.heal()
            let after = roundTrip(pair)
            #expect(after >= .milliseconds(2) && after < .milliseconds(3))
            #expect(try fault.hits() == total)
        }

        @Test func `delay in one direction, with jitter around it`() throws {
            let pair = try connect()
            let fault = try field.strike(
                "delay", fromA, ["delay": .duration(.milliseconds(100)), "jitter": .duration(.milliseconds(50))])
            let trips = (0..<50).map { _ in
                defer { usleep(500_000) }
                return roundTrip(pair)
            }
            #expect(trips.min()! >= .milliseconds(51) && trips.min()! < .milliseconds(65))
            #expect(trips.max()! <= .milliseconds(152) && trips.max()! > .milliseconds(137))
            #expect(try fault.hits() >= 50)
        }

        @Test func `delay that nobody felt has no hits`() throws {
            let (client, server) = try connect()
            // Under way, with the link's own delay: not struck.
            client.say("before")
            let fault = try field.strike("delay", both, ["delay": .duration(.seconds(30))])
            #expect(server.hear(within: .milliseconds(10)) == .bytes("before"))
            // The acknowledgement is struck; nothing else is.
            usleep(100_000)
            #expect(try fault.hits() <= 1)
        }

        // MARK: loss

        @Test func `loss takes its share, and counts what it took`() throws {
            let fault = try field.strike("loss", fromA, ["loss": .fraction(0.3)])
            let datagrams = try TestDatagrams(from: field.lab.host("a"), to: field.lab.host("b"))
            for number in 0..<1000 { try datagrams.send(UInt32(number)) }
            usleep(100_000)
            let arrived = datagrams.received().count
            // Five standard deviations around 700.
            #expect((628...772).contains(arrived))
            #expect(try fault.hits() == Int64(1000 - arrived))
            try fault.heal()
            for number in 0..<1000 { try datagrams.send(UInt32(number)) }
            usleep(100_000)
            #expect(datagrams.received().count == 1000)
            #expect(try fault.hits() == Int64(1000 - arrived))
        }

        @Test func `loss without a loss has no hits`() throws {
            let fault = try field.strike("loss", both, ["loss": .fraction(0)])
            _ = try connect()
            #expect(try fault.hits() == 0)
        }

        // MARK: rate

        @Test func `rate makes much data late, and counts what it held`() throws {
            let (client, server) = try connect()
            let fault = try field.strike("rate", fromA, ["rate": .rate(64_000), "limit": .count(1000)])
            let time = elapsed {
                client.say(String(repeating: "x", count: 40_000))
                #expect(server.hearAll(40_000, within: .seconds(60)))
            }
            // 320 kbit of payload at 64 kbit/s is 5 s; headers add a little, the first two packets leave at once.
            #expect(time > .milliseconds(4500) && time < .milliseconds(5700))
            let total = try fault.hits()
            #expect(total > 10)
            try fault.heal()
            let after = elapsed {
                client.say(String(repeating: "x", count: 40_000))
                #expect(server.hearAll(40_000, within: .seconds(60)))
            }
            #expect(after < .milliseconds(100))
            #expect(try fault.hits() == total)
        }

        @Test func `rate that nobody needed has no hits`() throws {
            let (client, server) = try connect()
            let fault = try field.strike("rate", both, ["rate": .rate(64_000), "limit": .count(1000)])
            #expect(client.talks(to: server))
            #expect(try fault.hits() == 0)
        }

        @Test func `rate drops what finds the queue full`() throws {
            let fault = try field.strike("rate", fromA, ["rate": .rate(64_000), "limit": .count(10)])
            let datagrams = try TestDatagrams(from: field.lab.host("a"), to: field.lab.host("b"), size: 1400)
            for number in 0..<100 { try datagrams.send(UInt32(number)) }
            sleep(10)
            // All come at one moment, and ten find room.
            let arrived = datagrams.received().count
            #expect(arrived == 10)
            #expect(try fault.hits() >= Int64(100 - arrived))
        }

        // MARK: together

        @Test func `faults on one link add up, and heal in any order`() throws {
            let pair = try connect()
            let slow = try field.strike("delay", both, ["delay": .duration(.milliseconds(200))])
            let narrow = try field.strike("rate", both, ["rate": .rate(1_000_000), "limit": .count(1000)])
            let dark = try field.strike("blackhole", both)
            #expect(pair.client.say("one"))
            #expect(pair.server.hear(within: .seconds(10)) == .silence)
            try slow.heal()
            try dark.heal()
            #expect(pair.server.hear(within: .seconds(30)) == .bytes("one"))
            usleep(500_000)
            let trip = roundTrip(pair)
            #expect(trip < .milliseconds(5))
            try narrow.heal()
            #expect(field.lab.link("a-b").impairment(from: "a") == Impairment())
            #expect(field.lab.link("a-b").impairment(from: "b") == Impairment())
            #expect(try dark.hits() > 0)
        }
    }
}

extension TestConnection {
    /// So many bytes, in as many reads as it takes.
    func hearAll(_ count: Int, within time: Duration) -> Bool {
        var left = count
        while left > 0 {
            guard case .bytes(let text) = hear(within: time) else { return false }
            left -= text.utf8.count
        }
        return left == 0
    }
}
