import Glibc
import Kernel
import Labs
import Scenarios

/// The link comes and goes.
package struct Flapping: Fault {
    package static let definition = FaultDefinition(
        name: "flapping",
        summary: "A link drops everything for a while, again and again, in one direction or both.",
        wire: """
            Outages in which every packet vanishes, as in a blackhole, with times between them in which all pass. The \
            first begins when the fault strikes. periodic: each outage lasts down, each time between them up. poisson: \
            both are means, and each length is drawn from the exponential distribution (a Poisson process), at least \
            1 ms and at most twenty times the mean.
            """,
        heals: "Packets pass. What was lost is not made good by the link; TCP's next retransmission is.",
        hit: "One for each packet dropped in any of the outages, from the kernel's counters.",
        mechanism: """
            An nftables rule in the wire, added and removed at each turn. Random lengths are drawn from the run's seed.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "down", .duration(.milliseconds(1) ... .seconds(86_400)), required: true, "How long an outage lasts."),
            Parameter(
                "up", .duration(.milliseconds(1) ... .seconds(86_400)), required: true,
                "How long it is between two outages."),
            Parameter(
                "timing", .choice(["periodic", "poisson"]), default: .text("periodic"),
                "Whether these are lengths, or means of random ones."),
        ],
        example: "- { at: 5m, until: 25m, fault: flapping, between: [phone, home], up: 40s, down: 5s, "
            + "timing: poisson }")

    private let target: (name: String, from: String?)
    private let index: Int
    private let up: Duration
    private let down: Duration
    private let isRandom: Bool

    package init(plan: FaultPlan) {
        target = plan.link
        index = plan.index
        up = plan.duration("up") ?? .seconds(1)
        down = plan.duration("down") ?? .seconds(1)
        isRandom = plan.text("timing") == "poisson"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let seed = isRandom ? Seed.derived(from: field.seed, for: "flapping \(index)") : nil
        let active = Active(
            field: field, wire: field.link(target.name), id: "fault\(index)", from: target.from,
            lengths: Lengths(up: up, down: down, state: seed))
        try active.turn()
        return active
    }

    /// How long each outage, and each time between two, is to be.
    private struct Lengths {
        let up: Duration
        let down: Duration
        /// Of random lengths; nil for fixed ones.
        var state: UInt64?

        mutating func next(isDown: Bool) -> Duration {
            let mean = isDown ? down : up
            guard let state else { return mean }
            let drawn = Seed.mixed(state)
            self.state = drawn
            // 0..<1, in steps of 2^-53.
            let share = Double(drawn >> 11) / 9_007_199_254_740_992
            let scale = min(20, -log(1 - share))
            return max(.milliseconds(1), .microseconds(Int64(mean / .microseconds(1) * scale)))
        }
    }

    private final class Active: ActiveFault {
        private unowned let field: any FaultField
        private let wire: Wire
        private let id: String
        private let from: String?
        private var lengths: Lengths
        private var isDown = false
        /// When the link turns, on the kernel's clock; counted on, so that lateness does not add up.
        private var due = Clock.now
        private var token: EventLoop.Token?
        /// In the outages that are over.
        private var past: Int64 = 0

        init(field: any FaultField, wire: Wire, id: String, from: String?, lengths: Lengths) {
            self.field = field
            self.wire = wire
            self.id = id
            self.from = from
            self.lengths = lengths
        }

        func turn() throws(FaultError) {
            try Flapping.attempt {
                if isDown { past += try wire.heal(id) } else { try wire.drop(id: id, from: from) }
            }
            isDown.toggle()
            due += lengths.next(isDown: isDown).wholeNanoseconds
            token = field.after(.nanoseconds(max(0, due - Clock.now))) { [unowned self] in try turn() }
        }

        func hits() throws(FaultError) -> Int64 {
            isDown ? past + (try Flapping.attempt { try wire.dropped(id) }) : past
        }

        func heal() throws(FaultError) {
            guard let token else { return }
            field.cancel(token)
            self.token = nil
            if isDown { past += try Flapping.attempt { try wire.heal(id) } }
            isDown = false
        }
    }
}
