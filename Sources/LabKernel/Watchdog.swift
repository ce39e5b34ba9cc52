import Kernel

/// Tells a lab that works from one that never will: a virtual lab stands still when a process in it runs and never
/// sleeps. Facts in (wall time, processor time, virtual time), actions out; all times in nanoseconds.
package struct Watchdog {
    /// What it waits for, and how long.
    package struct Limits: Equatable, Sendable {
        /// Wall time without the guest half saying that it runs.
        package var start: Duration = .seconds(20)
        /// Wall time in which virtual time must advance.
        package var patience: Duration = .seconds(20)
        /// Less than this within `patience` is standing still: each reading of a clock advances it by 256 nanoseconds,
        /// so a loop that waits for a clock gets on, and in C by a minute a second.
        package var least: Duration = .microseconds(100)
        /// Such a loop that also works is told from work by patience: in this much wall time, virtual time must advance
        /// by a twenty-fifth of it.
        package var crawl: Duration = .seconds(180)
        package var crawlShare: Int64 = 25
        /// A machine that is busy with other things lets a lab wait. So wall time counts only when the lab ran for at
        /// least half of it, or after this many times as long.
        package var starved: Int64 = 6

        package init() {}
    }

    /// What is seen of a guest at one moment.
    package struct Sight: Equatable, Sendable {
        package var wall: Int64
        /// What the guest took of processors since its start.
        package var processor: Int64
        /// Nil where it cannot be read: then growth of the recording is the only sign of life.
        package var virtual: Int64?
        /// Bytes.
        package var recorded: Int64
        package var hasStarted: Bool

        package init(wall: Int64, processor: Int64, virtual: Int64?, recorded: Int64, hasStarted: Bool) {
            self.wall = wall
            self.processor = processor
            self.virtual = virtual
            self.recorded = recorded
            self.hasStarted = hasStarted
        }
    }

    package enum Action: Equatable, Sendable {
        /// Nothing is wrong.
        case wait
        /// Ask the guest what runs, report, and end it.
        case askWhatRuns(Stall)
    }

    /// Why a lab is to be ended.
    package enum Stall: Equatable, Sendable {
        case neverStarted(after: Duration)
        case stoodStill(at: Duration, wall: Duration)
        case crawled(by: Duration, to: Duration, wall: Duration)
    }

    private enum State {
        /// Can transition to running and ended.
        case starting(since: Sight)
        /// Can transition to ended. What was seen at the last advance that counted, and where the present stretch
        /// began.
        case running(last: Sight, stretch: Sight)
        case ended
    }

    private let limits: Limits
    private var state: State

    /// - Parameter wall: when the guest was booted.
    package init(_ limits: Limits = Limits(), bootedAt wall: Int64) {
        self.limits = limits
        state = .starting(since: Sight(wall: wall, processor: 0, virtual: nil, recorded: 0, hasStarted: false))
    }

    package mutating func looked(_ now: Sight) -> Action {
        switch state {
        case .starting(let since):
            if now.hasStarted {
                state = .running(last: now, stretch: now)
            } else if hasPassed(limits.start, since, now) {
                return end(.neverStarted(after: .nanoseconds(now.wall - since.wall)))
            }
            return .wait
        case .running(let last, let stretch):
            if let stall = stall(now, last: last, stretch: stretch) { return end(stall) }
            let isLong = hasPassed(limits.crawl, stretch, now)
            state = .running(last: hasAdvanced(now, since: last) ? now : last, stretch: isLong ? now : stretch)
            return .wait
        case .ended: return .wait
        }
    }

    private mutating func end(_ stall: Stall) -> Action {
        state = .ended
        return .askWhatRuns(stall)
    }

    private func hasAdvanced(_ now: Sight, since last: Sight) -> Bool {
        // A client that prints without end records without end, and virtual time stands still all the same.
        guard let virtual = now.virtual else { return now.recorded > last.recorded }
        return virtual - (last.virtual ?? 0) >= limits.least.wholeNanoseconds
    }

    private func hasPassed(_ limit: Duration, _ since: Sight, _ now: Sight) -> Bool {
        let (limit, wall) = (limit.wholeNanoseconds, now.wall - since.wall)
        let isStarved = (now.processor - since.processor) * 2 < wall
        return wall >= (isStarved ? limit * limits.starved : limit)
    }

    private func stall(_ now: Sight, last: Sight, stretch: Sight) -> Stall? {
        if !hasAdvanced(now, since: last), hasPassed(limits.patience, last, now) {
            return .stoodStill(
                at: .nanoseconds(now.virtual ?? last.virtual ?? 0), wall: .nanoseconds(now.wall - last.wall))
        }
        guard let to = now.virtual, let from = stretch.virtual, hasPassed(limits.crawl, stretch, now) else {
            return nil
        }
        let wall = now.wall - stretch.wall
        if to - from >= wall / limits.crawlShare { return nil }
        return .crawled(by: .nanoseconds(to - from), to: .nanoseconds(to), wall: .nanoseconds(wall))
    }
}

/// What the watchdog ended a lab for.
package struct StallReport: Error, CustomStringConvertible, Equatable, Sendable {
    package var stall: Watchdog.Stall
    /// What ran, when the guest's kernel could tell.
    package var spinner: Spinner?
    /// The console's last lines.
    package var console: [String]

    /// A process of the lab that was running at most moments it was looked at.
    package struct Spinner: Equatable, Sendable {
        package var pid: Int32
        /// The kernel's name for it: the first 15 bytes of its program's.
        package var name: String
        /// Of the looks, those it was running at.
        package var share: Double
    }

    package var description: String {
        var text: String
        switch stall {
        case .neverStarted(let after): text = "the lab did not start within \(seconds(after)) s of wall time"
        case .stoodStill(let at, let wall):
            text = "virtual time stood still at \(seconds(at)) s for \(seconds(wall)) s of wall time"
        case .crawled(let by, let to, let wall):
            text = "virtual time crawled: \(seconds(by)) s in \(seconds(wall)) s of wall time, to \(seconds(to)) s"
        }
        if let spinner {
            text += ": \(spinner.name) (process \(spinner.pid) of the lab) was running at "
            text += "\(Int((spinner.share * 100).rounded())) % of the looks"
        }
        if !console.isEmpty { text += "\nLast on its console:\n" + console.joined(separator: "\n") }
        return text
    }

    private func seconds(_ duration: Duration) -> String {
        let tenths = duration.wholeNanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
