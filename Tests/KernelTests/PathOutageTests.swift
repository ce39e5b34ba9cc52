import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Links that stand still, and links that come and go.
    @Suite struct PathOutages {
        let field: TestField
        let stream: TestStream
        let fromA = FaultTarget.link("a-b", from: "a")

        init() throws {
            field = try TestField(TestLab.pair(TestLab.impairment(delay: .milliseconds(50))))
            stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"))
        }

        // MARK: stall

        @Test func `stall holds everything, and lets it go at once and in order`() throws {
            try stream.send(20, every: .milliseconds(10))
            let struck = TestStream.now
            let fault = try field.strike("stall", fromA)
            #expect(try fault.hits() == 0)
            try stream.send(1000, every: .milliseconds(10))
            // What left the link before it stood still has arrived; what was under way waits.
            let before = stream.arrivals()
            #expect(before.count < 20 && before.allSatisfy { $0.time <= struck })
            #expect(try fault.hits() == 1000)
            try stream.send(5)
            let healed = TestStream.now
            try fault.heal()
            let after = stream.arrivals()
            #expect((before + after).map(\.number) == Array(0..<1025))
            // The last five keep what is left of their delay.
            for arrival in after.dropLast(5) { #expect((0...200_000).contains(arrival.time - healed)) }
            for arrival in after.suffix(5) { #expect((0...10_000).contains(arrival.delay - 50_000_000)) }
            #expect(try fault.hits() == 1005)
            try stream.send(10, every: .milliseconds(5))
            for arrival in stream.arrivals() { #expect((0...10_000).contains(arrival.delay - 50_000_000)) }
        }

        @Test func `stall holds whatever else befalls the link meanwhile`() throws {
            let jumpers = try field.strike("reordering", fromA, ["share": .fraction(0.5)])
            let stall = try field.strike("stall", fromA)
            let delay = try field.strike("delay", fromA, ["delay": .duration(.milliseconds(7))])
            try stream.send(100, every: .milliseconds(1))
            let rate = try field.strike("rate", fromA, ["rate": .rate(1_000_000)])
            try delay.heal()
            try jumpers.heal()
            #expect(try jumpers.hits() == 0)
            #expect(stream.arrivals(quiet: .seconds(100)).isEmpty)
            try stall.heal()
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(0..<100))
            // At the link's rate: 50 bytes with their headers each take 400 us.
            let spread = arrivals.last!.time - arrivals[0].time
            #expect(spread > 9_000_000 && spread < 40_000_000)
            try rate.heal()
        }

        @Test func `stall in one direction is nothing to the other, and a connection lives through it`() throws {
            let listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            #expect(client.talks(to: server))
            let fault = try field.strike("stall", fromA)
            server.say("you hear me")
            #expect(client.hear() == .bytes("you hear me"))
            client.say("but you not me")
            #expect(server.hear(within: .seconds(60)) == .silence)
            try fault.heal()
            #expect(server.hear(within: .milliseconds(100)) == .bytes("but you not me"))
            #expect(client.talks(to: server))
        }

        @Test func `stall without traffic has no hits, and can come again`() throws {
            for _ in 0..<3 {
                let fault = try field.strike("stall", fromA)
                sleep(10)
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(try fault.hits() == 0)
                try stream.send(3)
                #expect(stream.arrivals().count == 3)
            }
        }

        // MARK: flapping

        /// Sends a datagram every so often while the loop runs, and gives those that were lost.
        private func losses(for time: Duration, every pause: Duration) throws -> TestLosses {
            let first = stream.sent.count
            var arrived: [TestStream.Arrival] = []
            var next = Clock.now
            let end = next + time.wholeNanoseconds
            func send() throws {
                if next >= end { return }
                try stream.send(1)
                next += pause.wholeNanoseconds
                if stream.sent.count % 10_000 == 0 { arrived += stream.arrivals(quiet: .zero) }
                _ = field.after(.nanoseconds(max(0, next - Clock.now))) { try send() }
            }
            try send()
            try field.pass(time + .seconds(1))
            arrived += stream.arrivals()
            return TestLosses(sent: first..<stream.sent.count, arrived: arrived)
        }

        @Test func `flapping is down and up for as long as it says, beginning with down`() throws {
            // Off the beat of the outages, so that no datagram is sent at the moment of a turn.
            let fault = try field.strike(
                "flapping", fromA, ["down": .duration(.milliseconds(1995)), "up": .duration(.milliseconds(3005))])
            let losses = try losses(for: .seconds(50), every: .milliseconds(10))
            let runs = losses.lost.reduce(into: [(isLost: Bool, count: Int)]()) { runs, isLost in
                if runs.last?.isLost == isLost { runs[runs.count - 1].count += 1 } else { runs.append((isLost, 1)) }
            }
            #expect(runs.count == 20 && runs[0].isLost)
            for run in runs { #expect(abs(run.count - (run.isLost ? 200 : 300)) <= 1) }
            #expect(try fault.hits() == Int64(losses.count))
            try fault.heal()
            #expect(try self.losses(for: .seconds(20), every: .milliseconds(10)).count == 0)
            #expect(try fault.hits() == Int64(losses.count))
        }

        @Test func `poisson flapping draws its lengths from the exponential distribution`() throws {
            let fault = try field.strike(
                "flapping", fromA,
                ["down": .duration(.seconds(1)), "up": .duration(.seconds(3)), "timing": .text("poisson")])
            let pause = Duration.milliseconds(20)
            let losses = try losses(for: .seconds(2000), every: pause)
            func lengths(_ isLost: Bool) -> [Double] {
                losses.lost.split(separator: !isLost).map { Double($0.count) * 0.02 }
            }
            for (sample, mean) in [(lengths(true), 1.0), (lengths(false), 3.0)] {
                #expect(sample.count > 400)
                // Lengths are seen to the pause between datagrams; outages between two of them are not seen.
                #expect(Chance.distance(sample) { 1 - exp(-($0 - 0.01) / mean) } < 1)
                #expect(abs(Chance.mean(sample) / mean - 1) < Chance.sigmas / Double(sample.count).squareRoot() + 0.02)
            }
            #expect(try fault.hits() == Int64(losses.count))
            try fault.heal()
            #expect(try self.losses(for: .seconds(100), every: pause).count == 0)
        }

        @Test func `the seed and the place in the timeline decide when a link flaps`() throws {
            func pattern(at place: Int) throws -> [Bool] {
                let fault = try field.strike(
                    "flapping", fromA,
                    ["down": .duration(.seconds(1)), "up": .duration(.seconds(1)), "timing": .text("poisson")],
                    at: place)
                defer { try? fault.heal() }
                return try losses(for: .seconds(30), every: .milliseconds(100)).lost
            }
            let first = try pattern(at: 1)
            #expect(try pattern(at: 1) == first)
            #expect(try pattern(at: 2) != first)
        }

        @Test func `flapping without traffic has no hits`() throws {
            let fault = try field.strike(
                "flapping", fromA, ["down": .duration(.seconds(1)), "up": .duration(.seconds(1))])
            try field.pass(.seconds(100))
            #expect(try fault.hits() == 0)
            try fault.heal()
            try field.pass(.seconds(100))
            #expect(try fault.hits() == 0)
            try stream.send(10)
            #expect(stream.arrivals().count == 10)
        }
    }
}
