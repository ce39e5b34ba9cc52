import CLinux
import Glibc
import Kernel
import Labs
import Scenarios

/// Somebody sets the clock.
package struct ClockStep: Fault {
    package static let definition = FaultDefinition(
        name: "clock-step",
        summary:
            "The wall clock of all hosts jumps forward or back, as when it is set by hand or by NTP after a sleep.",
        wire: """
            Nothing, by itself. CLOCK_REALTIME jumps by so much from one moment to the next, and time stamps with it; \
            CLOCK_MONOTONIC and CLOCK_BOOTTIME go on as if nothing had happened, and with them every timer that is \
            relative or set on them. A program that measures waits and ages by the wall clock fires all its timers at \
            once, or none for an hour; certificates and tokens have not begun or are over; timers set for a date \
            (TFD_TIMER_ABSTIME on CLOCK_REALTIME) follow the jump.

            A lab has one kernel, and the kernel one wall clock: every host of it sees the same.
            """,
        heals: "The clock jumps back by exactly as much.",
        hit: "One for each live process of an actor: there is none that reads another wall clock.",
        mechanism: """
            clock_adjtime(2) with ADJ_SETOFFSET, exact to the nanosecond. In the virtual lab only: the wall clock of a \
            real machine is everybody's.
            """,
        target: .lab, extent: .interval, labs: .virtualOnly("the wall clock of a real machine is everybody's"),
        parameters: [
            Parameter(
                "by", .duration(.nanoseconds(1) ... .seconds(10 * 366 * 86_400)), required: true,
                "How far the clock jumps."),
            Parameter("to", .choice(["future", "past"]), default: .text("future"), "In which direction it jumps."),
        ],
        example: "- { at: 5m, until: 30m, fault: clock-step, by: 1h, to: past }")

    private let step: Duration

    package init(plan: FaultPlan) {
        let by = plan.duration("by") ?? .zero
        step = plan.text("to") == "past" ? .zero - by : by
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        try LabClock.require(Self.self)
        let active = Active(step: step, hits: LabClock.readers(in: field), field: field)
        try active.move(step)
        return active
    }

    private final class Active: ActiveFault {
        private let step: Duration
        private let count: Int64
        private let field: any FaultField
        private var isHealed = false

        init(step: Duration, hits: Int64, field: any FaultField) {
            self.step = step
            count = hits
            self.field = field
        }

        func move(_ step: Duration) throws(FaultError) {
            try ClockStep.attempt {
                try field.moveClock(by: step) {
                    _ = try System.call("set the wall clock") { halfopen_clock_step(step.wholeNanoseconds) }
                }
            }
        }

        func hits() -> Int64 { count }

        func heal() throws(FaultError) {
            if isHealed { return }
            isHealed = true
            try move(.zero - step)
        }
    }
}

/// The one clock of a lab.
enum LabClock {
    /// - Throws: in the host lab, whose clock is not ours to change, whoever we are.
    static func require(_ kind: any Fault.Type) throws(FaultError) {
        if Names.isLabKernel { return }
        throw FaultError(
            kind.definition.name, "this machine's clock is not the lab's; the virtual lab (--lab virtual) has its own",
            isUnsupported: true)
    }

    /// Live processes of actors.
    static func readers(in field: any FaultField) -> Int64 {
        let actors = field.lab.plan.hosts.flatMap { field.actors.actors(on: $0.name) }
        return Int64(actors.reduce(0) { $0 + field.actors.processes(of: $1).count })
    }
}
