import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// How fast packets leave a narrow link, and how many wait in front of it.
    @Suite struct PathRate {
        let field: TestField
        let stream: TestStream
        let fromA = FaultTarget.link("a-b", from: "a")
        /// Bytes of each frame: payload, UDP, IP and Ethernet headers.
        static let frame = 1442

        init() throws {
            field = try TestField(TestLab.pair())
            stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), size: 1400)
        }

        private func expectFree() throws {
            try stream.send(500)
            let arrivals = stream.arrivals()
            #expect(arrivals.count == 500)
            #expect(arrivals.last!.time - arrivals[0].time < 1_000_000)
        }

        @Test(arguments: [64_000, 1_000_000, 20_000_000, 1_000_000_000] as [Int64])
        func `rate is exact to 1 %`(rate: Int64) throws {
            let fault = try field.strike("rate", fromA, ["rate": .rate(rate), "limit": .count(100_000)])
            let count = rate < 1_000_000 ? 200 : 3000
            try stream.send(count)
            let arrivals = stream.arrivals()
            #expect(arrivals.count == count)
            // What may leave at once is over.
            let steady = arrivals.dropFirst(200 < count ? 200 : 10)
            let seconds = Double(steady.last!.time - steady.first!.time) / 1e9
            let measured = Double((steady.count - 1) * Self.frame * 8) / seconds
            #expect(abs(measured / Double(rate) - 1) < 0.01)
            #expect(try fault.hits() > 0)
            try fault.heal()
            try expectFree()
        }

        @Test func `rate lets its burst leave at once, and the rest one by one`() throws {
            let fault = try field.strike(
                "rate", fromA, ["rate": .rate(1_000_000), "burst": .size(Int64(10 * Self.frame))])
            try stream.send(30)
            let arrivals = stream.arrivals()
            let places = arrivals.map { $0.time - arrivals[0].time }
            #expect(places[9] < 10_000)
            let step = Int64(Self.frame) * 8 * 1000
            for (index, place) in places.enumerated().dropFirst(10) {
                #expect(abs(place - Int64(index - 9) * step) < 20_000)
            }
            try fault.heal()
            try expectFree()
        }

        @Test func `a limit in bytes drops what finds so many waiting`() throws {
            let fault = try field.strike(
                "rate", fromA, ["rate": .rate(64_000), "limit-bytes": .size(20_000)])
            try stream.send(100)
            // Two leave at once. The fourteenth after them finds 18,746 bytes in front of it, the next one 20,188.
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(0..<16))
            #expect(try fault.hits() >= 84)
            // It is empty again: a few find room.
            try stream.send(3)
            #expect(stream.arrivals().count == 3)
            try fault.heal()
            try expectFree()
        }

        @Test func `both limits hold when both are given`() throws {
            let fault = try field.strike(
                "rate", fromA, ["rate": .rate(64_000), "limit": .count(9), "limit-bytes": .size(20_000)])
            try stream.send(100)
            // Two leave at once.
            #expect(stream.arrivals().count == 11)
            try fault.heal()
            try expectFree()
        }

        @Test func `a long queue is a bufferbloat: seconds late, and nothing lost`() throws {
            let fault = try field.strike(
                "rate", fromA, ["rate": .rate(1_000_000), "limit-bytes": .size(1 << 20)])
            try stream.send(700)
            let arrivals = stream.arrivals()
            #expect(arrivals.count == 700)
            // 700 frames at 1 Mbit/s, less what leaves at once.
            let last = Double(arrivals.last!.delay) / 1e9
            #expect(abs(last / (Double((700 - 2) * Self.frame * 8) / 1e6) - 1) < 0.01)
            try fault.heal()
            try expectFree()
        }

        @Test func `what waits when a rate heals is not lost, and leaves in order`() throws {
            let fault = try field.strike("rate", fromA, ["rate": .rate(64_000), "limit-bytes": .size(1 << 20)])
            try stream.send(100)
            usleep(1_000_000)
            try fault.heal()
            let healed = TestStream.now
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(0..<100))
            #expect(arrivals.last!.time - healed < 1_000_000)
        }
    }
}
