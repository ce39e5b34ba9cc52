import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// How late packets are, and in which order, by the kernel's stamps at the receiver.
    @Suite struct PathDelay {
        let field: TestField
        let stream: TestStream
        let fromA = FaultTarget.link("a-b", from: "a")
        let own = Duration.milliseconds(50)
        /// Of what a sender's clock reading and the way through two kernels' queues take.
        let exact: Int64 = 10_000

        init() throws {
            field = try TestField(TestLab.pair(TestLab.impairment(delay: .milliseconds(50))))
            stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"))
        }

        private func delays(_ count: Int, every pause: Duration) throws -> [Int64] {
            try stream.send(count, every: pause)
            let arrivals = stream.arrivals()
            #expect(arrivals.count == count)
            return arrivals.map(\.delay)
        }

        private func expectOwnDelay() throws {
            for delay in try delays(20, every: .milliseconds(3)) { #expect((0...exact).contains(delay - 50_000_000)) }
        }

        @Test(arguments: [Duration.zero, .microseconds(700), .microseconds(1_234_567), .seconds(60)])
        func `delay is exact to 10 us, and so is the link's own after it`(delay: Duration) throws {
            try expectOwnDelay()
            let fault = try field.strike("delay", fromA, ["delay": .duration(delay), "jitter": .duration(.zero)])
            #expect(try fault.hits() == 0)
            try stream.send(100, every: .milliseconds(7))
            let arrivals = stream.arrivals(quiet: delay + .seconds(2))
            #expect(arrivals.map(\.number) == Array(20..<120))
            for arrival in arrivals {
                #expect((0...exact).contains(arrival.delay - delay.wholeNanoseconds))
            }
            #expect(try fault.hits() == 100)
            try fault.heal()
            try expectOwnDelay()
            #expect(try fault.hits() == 100)
        }

        // MARK: jitter

        private static let spread = Duration.milliseconds(5)

        /// Cumulative distributions of a delay's distance from its mean, in jitters.
        private static func cumulative(_ distribution: Impairment.Distribution, _ x: Double) -> Double {
            func normal(_ x: Double) -> Double { 0.5 + 0.5 * erf(x / 2.0.squareRoot()) }
            switch distribution {
            case .uniform: return min(1, max(0, (x + 1) / 2))
            case .normal: return normal(x)
            case .pareto:
                // Shape 3 and scale 1, less 3/2, times 4/3; all of the tail beyond 4 lies at 4.
                if x >= 3.9999 { return 1 }
                return x <= -2.0 / 3 ? 0 : 1 - pow(1.5 + 0.75 * x, -3)
            case .paretonormal:
                // Given by its quantiles: a quarter of the one and three quarters of the other.
                var (low, high) = (0.0, 1.0)
                while high - low > 1e-7 {
                    let middle = (low + high) / 2
                    let pareto = min(4, (pow(1 - middle, -1.0 / 3) - 1.5) * 4 / 3)
                    var (from, to) = (-6.0, 6.0)
                    while to - from > 1e-7 {
                        let place = (from + to) / 2
                        if normal(place) < middle { from = place } else { to = place }
                    }
                    if 0.25 * from + 0.75 * pareto <= x { low = middle } else { high = middle }
                }
                return low
            }
        }

        @Test(arguments: Impairment.Distribution.allCases)
        func `jitter is spread as its distribution says`(distribution: Impairment.Distribution) throws {
            let fault = try field.strike(
                "jitter", fromA,
                [
                    "jitter": .duration(Self.spread), "distribution": .text(distribution.rawValue),
                    "order": .text("kept"),
                ])
            let count = 10_000
            // Far enough apart that none waits for another.
            let sample = try delays(count, every: .milliseconds(70)).map {
                (Double($0) - own.inNanoseconds) / Self.spread.inNanoseconds
            }
            let distance = Chance.distance(sample) { Self.cumulative(distribution, $0) }
            #expect(distance < 1)
            for other in Impairment.Distribution.allCases where other != distribution {
                #expect(Chance.distance(sample) { Self.cumulative(other, $0) } > 1)
            }
            #expect(abs(Chance.correlation(sample)) < 4 / Double(count).squareRoot())
            #expect(try fault.hits() == Int64(count))
            try fault.heal()
            try expectOwnDelay()
        }

        @Test func `uniform jitter is uniform again after another distribution`() throws {
            let uniform: [String: Value] = ["jitter": .duration(Self.spread), "distribution": .text("uniform")]
            let base = try field.strike("jitter", fromA, uniform)
            let other = try field.strike(
                "jitter", fromA, ["jitter": .duration(Self.spread), "distribution": .text("pareto")])
            try other.heal()
            #expect(try other.hits() == 0)
            let sample = try delays(10_000, every: .milliseconds(70)).map {
                (Double($0) - own.inNanoseconds) / Self.spread.inNanoseconds
            }
            #expect(Chance.distance(sample) { Self.cumulative(.uniform, $0) } < 1)
            #expect(try base.hits() == 10_000)
            try base.heal()
            try expectOwnDelay()
        }

        @Test(arguments: [Impairment.Distribution.uniform, .normal])
        func `correlation is nothing to a usual jitter`(distribution: Impairment.Distribution) throws {
            let fault = try field.strike(
                "jitter", fromA,
                [
                    "jitter": .duration(Self.spread), "distribution": .text(distribution.rawValue),
                    "correlation": .fraction(0.9),
                ])
            let sample = try delays(10_000, every: .milliseconds(70)).map {
                (Double($0) - own.inNanoseconds) / Self.spread.inNanoseconds
            }
            #expect(Chance.distance(sample) { Self.cumulative(distribution, $0) } < 1)
            #expect(abs(Chance.correlation(sample)) < 0.04)
            try fault.heal()
            try expectOwnDelay()
        }

        /// Delays as net/sched/sch_netem.c makes them, less their mean.
        private static func kernelDelays(_ count: Int, jitter: Int64, rho: Double) -> [Double] {
            var numbers = Chance.Numbers()
            var last = 0.5
            return (0..<count).map { _ in
                last = numbers.next() * (1 - rho) + last * rho
                return Double(Int64(last * 4_294_967_296) % (2 * jitter) - jitter)
            }
        }

        @Test(arguments: [0.25, 0.5, 0.9])
        func `correlation of a jitter of 2 s makes neighbours alike, and the spread small`(rho: Double) throws {
            let jitter = Duration.seconds(2)
            let fault = try field.strike(
                "jitter", fromA,
                ["jitter": .duration(jitter), "correlation": .fraction(rho), "delay": .duration(.seconds(2))])
            let sample = try delays(10_000, every: .seconds(5)).map(Double.init)
            let model = Self.kernelDelays(1_000_000, jitter: jitter.wholeNanoseconds, rho: rho)
            #expect(abs(Chance.correlation(sample) - Chance.correlation(model)) < 0.04)
            #expect(abs(Chance.deviation(sample) / Chance.deviation(model) - 1) < 0.05)
            try fault.heal()
            try expectOwnDelay()
        }

        @Test func `order is kept unless it is free, and kept again afterwards`() throws {
            func inversions(_ order: String) throws -> Int {
                let fault = try field.strike(
                    "jitter", fromA, ["jitter": .duration(.milliseconds(20)), "order": .text(order)])
                try stream.send(1000, every: .milliseconds(1))
                let numbers = stream.arrivals().map(\.number)
                #expect(numbers.count == 1000)
                try fault.heal()
                return zip(numbers, numbers.dropFirst()).count { $0 > $1 }
            }
            #expect(try inversions("kept") == 0)
            #expect(try inversions("free") > 300)
            #expect(try inversions("kept") == 0)
            try expectOwnDelay()
        }

        @Test func `uniform jitter without a delay of its own is not cut off`() throws {
            let fault = try field.strike("jitter", fromA, ["jitter": .duration(.milliseconds(80))])
            let sample = try delays(1000, every: .milliseconds(200))
            #expect(sample.min()! < 3_000_000 && sample.max()! > 157_000_000)
            #expect(sample.count { $0 < 100_000 } < 5)
            try fault.heal()
        }

        // MARK: reordering

        @Test(arguments: [(0.1, 1), (0.5, 1), (0.25, 5), (1, 7)])
        func `reordering sends its share ahead, and keeps the others in order`(share: Double, gap: Int) throws {
            let fault = try field.strike("reordering", fromA, ["share": .fraction(share), "gap": .count(Int64(gap))])
            let count = 10_000
            try stream.send(count, every: .milliseconds(1))
            let arrivals = stream.arrivals()
            #expect(arrivals.count == count)
            let ahead = arrivals.filter { $0.delay < 1_000_000 }
            for arrival in ahead { #expect((0...exact).contains(arrival.delay)) }
            let others = arrivals.filter { $0.delay >= 1_000_000 }
            for arrival in others { #expect((0...exact).contains(arrival.delay - 50_000_000)) }
            #expect(others.map(\.number) == others.map(\.number).sorted())
            let numbers = arrivals.map(\.number)
            #expect(zip(numbers, numbers.dropFirst()).contains { $0 > $1 })
            // After one that is struck come gap - 1 that may not be.
            let struck = Set(ahead.map(\.number))
            var (trials, since) = (0, 0)
            for number in 0..<count {
                if since < gap - 1 { #expect(!struck.contains(number)) } else { trials += 1 }
                since = struck.contains(number) ? 0 : since + 1
            }
            #expect(Chance.counts(share, of: trials).contains(ahead.count))
            #expect(try fault.hits() == Int64(ahead.count))
            try fault.heal()
            try expectOwnDelay()
            #expect(try fault.hits() == Int64(ahead.count))
        }

        @Test func `faults of delay without traffic have no hits`() throws {
            let faults = [
                try field.strike("jitter", fromA, ["jitter": .duration(.milliseconds(20))]),
                try field.strike("reordering", fromA, ["share": .fraction(1), "gap": .count(1)]),
            ]
            sleep(60)
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
        }
    }
}
