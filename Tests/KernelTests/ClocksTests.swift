import Faults
import Glibc
import Kernel
import Testing

@testable import Scenarios

extension KernelTests {
    /// Clocks as another process reads them.
    @Suite struct Clocks {
        let field: TestField

        init() throws { field = try TestField(TestLab.pair()) }

        /// Says three clocks in nanoseconds, their frequency and their tick, whenever it gets a line.
        private func start() throws {
            let text = """
                import ctypes, struct, sys, time
                def rate():
                    state = ctypes.create_string_buffer(256)
                    ctypes.CDLL(None).adjtimex(state)
                    return struct.unpack_from("q", state, 16) + struct.unpack_from("q", state, 88)
                print("ready", flush=True)
                for line in sys.stdin:
                    clocks = time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, time.CLOCK_MONOTONIC_RAW
                    print(*[time.clock_gettime_ns(clock) for clock in clocks], *rate(), flush=True)
                """
            try field.testActors.start(
                "reader", on: "a", in: field.namespace(of: "a"), ["/usr/bin/python3", "-c", text])
        }

        private struct Reading {
            var real: Int64
            var monotonic: Int64
            var raw: Int64
            var rate: [Int64]
            /// Of the wall clock.
            var offset: Int64 { real - monotonic }
        }

        private func read() throws -> Reading {
            field.testActors.send("reader", fault: "clocks", on: true, [])
            let line = field.testActors.lines(of: "reader", until: " ").first ?? ""
            let numbers = line.split(separator: " ").compactMap { Int64($0) }
            try #require(numbers.count == 5)
            return Reading(
                real: numbers[0], monotonic: numbers[1], raw: numbers[2], rate: Array(numbers[3...]))
        }

        /// Two clocks cannot be read at one moment.
        private let oneReading: Int64 = 20_000

        @Test(arguments: [("future", 1 as Int64), ("past", -1)])
        func `clock-step moves the wall clock by so much, and no other`(direction: String, sign: Int64) throws {
            try start()
            let before = try read()
            let fault = try field.strike(
                "clock-step", .lab, ["by": .duration(.seconds(3600.25)), "to": .text(direction)])
            let during = try read()
            #expect(abs(during.offset - before.offset - sign * 3_600_250_000_000) < oneReading)
            #expect((0..<3_000_000_000).contains(during.monotonic - before.monotonic))
            #expect(abs((during.raw - before.raw) - (during.monotonic - before.monotonic)) < oneReading)
            #expect(try fault.hits() == 1)
            try field.pass(.seconds(100))
            #expect(abs(try read().offset - during.offset) < oneReading)
            try fault.heal()
            try fault.heal()
            #expect(abs(try read().offset - before.offset) < oneReading)
            #expect(try fault.hits() == 1)
        }

        @Test func `a hundred steps leave nothing behind`() throws {
            try start()
            let before = try read()
            for number in 1...100 {
                let by = Duration.nanoseconds(1_234_567_891 * Int64(number))
                let direction = number % 2 == 0 ? "past" : "future"
                try field.strike("clock-step", .lab, ["by": .duration(by), "to": .text(direction)]).heal()
            }
            #expect(abs(try read().offset - before.offset) < oneReading)
        }

        @Test(arguments: [-9.9, -0.05, 0.0123, 5])
        func `clock-slew changes the rate of all clocks but the raw one`(percent: Double) throws {
            try start()
            let former = try read().rate
            #expect(former == [0, 10_000])
            let fault = try field.strike("clock-slew", .lab, ["rate": .number(percent)])
            // It takes hold with the kernel's next tick.
            try field.pass(.seconds(2))
            let begin = try read()
            try field.pass(.seconds(10_000))
            let end = try read()
            let raw = Double(end.raw - begin.raw)
            // The kernel's tick is no whole number of its clock's cycles; and two clocks cannot be read at one moment.
            let band = abs(percent / 100) * 2e-5 + 5e-9
            #expect(abs(Double(end.monotonic - begin.monotonic) / raw - 1 - percent / 100) < band)
            #expect(abs(Double(end.real - begin.real) / raw - 1 - percent / 100) < band)
            #expect(try fault.hits() == 1)
            try fault.heal()
            try fault.heal()
            #expect(try read().rate == former)
            try field.pass(.seconds(2))
            let after = try read()
            try field.pass(.seconds(10_000))
            let last = try read()
            #expect(abs(Double(last.monotonic - after.monotonic) / Double(last.raw - after.raw) - 1) < 5e-9)
        }

        @Test func `clocks that nobody reads have no hits`() throws {
            for (kind, parameters) in [
                ("clock-step", ["by": Value.duration(.seconds(1))]), ("clock-slew", ["rate": .number(1)]),
            ] {
                let fault = try field.strike(kind, .lab, parameters)
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
        }
    }
}
