import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Links that change as time goes on, and links whose directions differ.
    @Suite struct PathSchedules {
        let field: TestField
        let fromA = FaultTarget.link("a-b", from: "a")

        init() throws { field = try TestField(TestLab.pair(TestLab.impairment(delay: .milliseconds(50)))) }

        private func stream(size: Int = 8, port: Int = 9100) throws -> TestStream {
            try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), port: port, size: size)
        }

        /// Sends a datagram every so often while the loop runs.
        private func send(_ stream: TestStream, for time: Duration, every pause: Duration) throws {
            var next = Clock.now
            let end = next + time.wholeNanoseconds
            func send() throws {
                if next >= end { return }
                try stream.send(1)
                next += pause.wholeNanoseconds
                _ = field.after(.nanoseconds(max(0, next - Clock.now))) { try send() }
            }
            try send()
            try field.pass(time + .seconds(1))
        }

        // MARK: schedule

        private static let steps = Value.steps([
            ["for": .duration(.seconds(1)), "delay": .duration(.milliseconds(10))],
            ["for": .duration(.seconds(2)), "loss": .fraction(1)],
            ["for": .duration(.seconds(1))],
        ])

        @Test func `schedule does what each step says, for as long, and then nothing`() throws {
            let stream = try stream()
            let fault = try field.strike("schedule", fromA, ["steps": Self.steps])
            // Off the beat of the steps.
            usleep(5000)
            try send(stream, for: .seconds(6), every: .milliseconds(10))
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(0..<100) + Array(300..<600))
            for arrival in arrivals {
                let expected: Int64 = arrival.number < 100 ? 10_000_000 : 50_000_000
                #expect((0...10_000).contains(arrival.delay - expected))
            }
            // In the third step and behind the last the link is as by itself.
            #expect(try fault.hits() == 300)
            try fault.heal()
            #expect(try fault.hits() == 300)
            try stream.send(1)
            #expect(stream.arrivals().allSatisfy { (0...10_000).contains($0.delay - 50_000_000) })
        }

        @Test func `schedule begins anew when it is to be repeated, until it heals`() throws {
            let stream = try stream()
            let fault = try field.strike("schedule", fromA, ["steps": Self.steps, "repeat": .flag(true)])
            usleep(5000)
            try send(stream, for: .seconds(12), every: .milliseconds(10))
            let arrived = Set(stream.arrivals().map(\.number))
            for number in 0..<1200 { #expect(arrived.contains(number) == !(100..<300).contains(number % 400)) }
            #expect(try fault.hits() == 900)
            try fault.heal()
            try send(stream, for: .seconds(8), every: .milliseconds(10))
            #expect(stream.arrivals().count == 800)
            #expect(try fault.hits() == 900)
        }

        @Test func `a schedule of rates has each of them, to 1 %`() throws {
            let stream = try stream(size: 1400)
            let rates: [Int64] = [1_000_000, 4_000_000, 500_000]
            let steps = rates.map {
                ["for": Value.duration(.seconds(10)), "rate": .rate($0), "limit": .count(100_000)]
            }
            let zero = TestStream.now
            let fault = try field.strike("schedule", fromA, ["steps": .steps(steps)])
            try stream.send(5000)
            try field.pass(.seconds(30))
            let arrivals = stream.arrivals()
            for (index, rate) in rates.enumerated() {
                let start = zero + Int64(index) * 10_000_000_000
                let own = arrivals.filter { $0.time > start + 100_000_000 && $0.time <= start + 9_900_000_000 }
                let seconds = Double(own.last!.time - own[0].time) / 1e9
                #expect(abs(Double((own.count - 1) * 1442 * 8) / seconds / Double(rate) - 1) < 0.01)
            }
            #expect(try fault.hits() == 5000)
            try fault.heal()
        }

        // MARK: trace

        /// One opportunity each millisecond for 100 ms, silence for 300 ms, three at once, silence for 100 ms.
        private static let times = (1...100).map { Int64($0) } + [400, 400, 400, 500]

        private func strike(step: Duration = .milliseconds(10)) throws -> any ActiveFault {
            try field.strike(
                "trace", fromA,
                [
                    "trace": .trace(DeliveryTrace(path: "x.trace", times: Self.times)), "step": .duration(step),
                    "limit": .count(100_000),
                ])
        }

        @Test func `trace lets full packets go at its opportunities, and none at other times`() throws {
            let stream = try stream(size: 1472)
            let fault = try strike()
            let zero = TestStream.now
            try stream.send(1000)
            try field.pass(.seconds(5))
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(0..<1000))
            // The packets were under way for 50 ms, and found what was handed out then: that of the step before.
            let opportunities = (0..<20).flatMap { round in Self.times.map { $0 + Int64(round) * 500 } }
            let usable = opportunities.filter { $0 > 40 }
            let late = zip(arrivals, usable).map { arrival, time in arrival.time - zero - time * 1_000_000 }
            let wrong = late.enumerated().filter { !(-1_000_000...11_000_000).contains($1) }
            #expect(wrong.isEmpty, "\(wrong.prefix(5)) of \(wrong.count)")
            #expect(try fault.hits() == 1000)
            try stream.send(500)
            try field.pass(.milliseconds(200))
            try fault.heal()
            let healed = TestStream.now
            let rest = stream.arrivals()
            #expect(rest.map(\.number) == Array(1000..<1500))
            #expect(rest.last!.time - healed < 1_000_000)
            #expect(try fault.hits() == 1500)
        }

        @Test func `opportunities that nobody waits for are lost`() throws {
            let stream = try stream(size: 1472)
            let fault = try strike()
            let zero = Clock.now
            // So that they come to the gate within the long silence.
            try field.pass(.milliseconds(150))
            try stream.send(10)
            try field.pass(.seconds(2))
            let arrivals = stream.arrivals()
            let places = arrivals.map { ($0.time - stream.sent[0]) / 1_000_000 + 150 }
            #expect(places.prefix(3).allSatisfy { (399...411).contains($0) })
            #expect((499...511).contains(places[3]))
            #expect(places.dropFirst(4).allSatisfy { (500...521).contains($0) })
            #expect(Clock.now > zero)
            try fault.heal()
        }

        @Test func `faults of time without traffic have no hits`() throws {
            let faults = [
                try strike(), try field.strike("schedule", fromA, ["steps": Self.steps, "repeat": .flag(true)]),
            ]
            try field.pass(.seconds(100))
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
            let stream = try stream()
            try stream.send(10)
            #expect(stream.arrivals().count == 10)
        }

        // MARK: two directions

        @Test func `each direction of a link has its own delay and rate`() throws {
            var plan = TestLab.pair(TestLab.impairment(delay: .milliseconds(30), rate: 1_000_000))
            plan.links[0].back.delay = .milliseconds(70)
            plan.links[0].back.rate = 250_000
            let field = try TestField(plan)
            for (from, to, delay, rate) in [("a", "b", 30, 1e6), ("b", "a", 70, 250e3)] {
                let stream = try TestStream(from: field.lab.host(from), to: field.lab.host(to), size: 1400)
                try stream.send(500)
                let arrivals = stream.arrivals()
                #expect((0...10_000).contains(arrivals[0].delay - Int64(delay) * 1_000_000))
                let steady = arrivals.dropFirst(10)
                let seconds = Double(steady.last!.time - steady.first!.time) / 1e9
                #expect(abs(Double((steady.count - 1) * 1442 * 8) / seconds / rate - 1) < 0.01)
            }
            // What a fault lays over both heals to each one's own.
            let fault = try field.strike("delay", .link("a-b", from: nil), ["delay": .duration(.seconds(1))])
            try fault.heal()
            #expect(field.lab.link("a-b").impairment(from: "a") == plan.links[0].impairment)
            #expect(field.lab.link("a-b").impairment(from: "b") == plan.links[0].back)
        }
    }
}
