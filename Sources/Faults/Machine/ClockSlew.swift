import CLinux
import Glibc
import Kernel
import Scenarios

/// A clock that goes wrong slowly.
package struct ClockSlew: Fault {
    package static let definition = FaultDefinition(
        name: "clock-slew",
        summary:
            "The clocks of all hosts run fast or slow, as a bad oscillator or NTP does while it makes good an error.",
        wire: """
            Every second that a program waits is a little shorter or longer than a real one. As under NTP, \
            CLOCK_REALTIME, CLOCK_MONOTONIC and all timers change their rate alike; only CLOCK_MONOTONIC_RAW does not. \
            No clock ever jumps or goes back. What is seen of it: the lab's own durations, all measured by \
            CLOCK_MONOTONIC, agree with the programs'; whoever counts by CLOCK_MONOTONIC_RAW, or by another machine's \
            clock, disagrees with them, by an hour in ten at 10 percent.

            A lab has one kernel: every host of it sees the same.
            """,
        heals: "The clocks run at their former rate. What they have gained or lost stays.",
        hit: "One for each live process of an actor: there is none that reads other clocks.",
        mechanism: """
            clock_adjtime(2): the length of the tick in microseconds, and the frequency for the rest, to 1/65536 ppm. \
            It takes hold with the kernel's next tick, and is \
            right to 0.002 percent of itself. In the virtual lab only.
            """,
        target: .lab, extent: .interval, labs: .virtualOnly("the wall clock of a real machine is everybody's"),
        parameters: [
            Parameter(
                "rate", .number(-9.9...9.9), required: true,
                "By how many percent they run fast, or slow when negative. Quartz is good to 0.01, NTP slews by 0.05."
            )
        ],
        example: "- { at: 5m, until: 30m, fault: clock-slew, rate: -0.05 }")

    /// Parts of one.
    private let rate: Double

    package init(plan: FaultPlan) { rate = (plan.number("rate") ?? 0) / 100 }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LabClock.require(Self.self)
        var former = Rate(tick: 0, frequency: 0)
        return try Self.attempt {
            _ = try System.call("read the rate of the clocks") { halfopen_clock_rate(&former.tick, &former.frequency) }
            let active = Active(former: former, hits: LabClock.readers(in: field))
            try Rate(former, changedBy: rate).set()
            return active
        }
    }

    /// As adjtimex(2) has it.
    private struct Rate {
        var tick: Int64
        var frequency: Int64

        init(tick: Int64, frequency: Int64) {
            self.tick = tick
            self.frequency = frequency
        }

        /// A tick is 10,000 microseconds, so one microsecond of it is 100 ppm.
        init(_ former: Rate, changedBy rate: Double) {
            let million = rate * 1_000_000
            let ticks = (million / 100).rounded()
            tick = former.tick + Int64(ticks)
            frequency = former.frequency + Int64(((million - ticks * 100) * 65_536).rounded())
        }

        func set() throws(SystemError) {
            _ = try System.call("set the rate of the clocks") { halfopen_clock_set_rate(tick, frequency) }
        }
    }

    private final class Active: ActiveFault {
        private let former: Rate
        private let count: Int64
        private var isHealed = false

        init(former: Rate, hits: Int64) {
            self.former = former
            count = hits
        }

        func hits() -> Int64 { count }

        func heal() throws(FaultError) {
            if isHealed { return }
            isHealed = true
            try ClockSlew.attempt { try former.set() }
        }
    }
}
