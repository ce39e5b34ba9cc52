import Kernel

/// Tells a lab that works from one that never will: a virtual lab stands still when a process in it runs and never
/// sleeps. Facts in (wall time, virtual time), actions out; all times in nanoseconds.
package struct Watchdog {
    /// What it waits for, and how long.
    package struct Limits: Equatable, Sendable {
        /// Wall time without the guest half saying that it runs.
        package var start: Duration = .seconds(20)
        /// Wall time in which virtual time must advance.
        package var patience: Duration = .seconds(20)
        /// Less than this within `patience` is standing still: each reading of a clock advances it by nanoseconds, so a
        /// loop that waits for a clock gets on, at a few milliseconds a second.
        package var least: Duration = .microseconds(100)
        /// That loop is told from work by patience: in this much wall time, virtual time must advance by a hundredth of
        /// it.
        package var crawl: Duration = .seconds(180)

        package init() {}
    }

    package enum Action: Equatable, Sendable {
        /// Nothing is wrong.
        case wait
        /// Ask the guest what runs, then report the answer to `answered`.
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
        case starting(since: Int64)
        /// Can transition to ended. What was seen at the last advance that counted, and where the present stretch
        /// began.
        case running(last: Sight, stretch: Sight)
        case ended
    }

    private struct Sight {
        var wall: Int64
        var virtual: Int64
        var recorded: Int64
    }

    private let limits: Limits
    private var state: State

    package init(_ limits: Limits = Limits(), bootedAt wall: Int64) {
        self.limits = limits
        state = .starting(since: wall)
    }

    /// What was seen at wall time `wall`. `virtual` is nil where it cannot be read; then growth of the recording
    /// (bytes) is the only sign of life.
    package mutating func looked(wall: Int64, virtual: Int64?, recorded: Int64, hasStarted: Bool) -> Action {
        switch state {
        case .starting(let since):
            if hasStarted {
                let now = Sight(wall: wall, virtual: virtual ?? 0, recorded: recorded)
                state = .running(last: now, stretch: now)
            } else if wall - since >= limits.start.wholeNanoseconds {
                state = .ended
                return .askWhatRuns(.neverStarted(after: .nanoseconds(wall - since)))
            }
            return .wait
        case .running(let last, let stretch):
            let now = Sight(wall: wall, virtual: virtual ?? last.virtual, recorded: recorded)
            let stall = stall(now, last: last, stretch: stretch)
            if let stall {
                state = .ended
                return .askWhatRuns(stall)
            }
            let hasAdvanced = advanced(now, since: last)
            let isLong = now.wall - stretch.wall >= limits.crawl.wholeNanoseconds
            state = .running(last: hasAdvanced ? now : last, stretch: isLong ? now : stretch)
            return .wait
        case .ended: return .wait
        }
    }

    private func advanced(_ now: Sight, since last: Sight) -> Bool {
        now.virtual - last.virtual >= limits.least.wholeNanoseconds || now.recorded > last.recorded
    }

    private func stall(_ now: Sight, last: Sight, stretch: Sight) -> Stall? {
        let still = now.wall - last.wall
        if !advanced(now, since: last), still >= limits.patience.wholeNanoseconds {
            return .stoodStill(at: .nanoseconds(now.virtual), wall: .nanoseconds(still))
        }
        let (wall, virtual) = (now.wall - stretch.wall, now.virtual - stretch.virtual)
        if wall >= limits.crawl.wholeNanoseconds, virtual < wall / 100, now.recorded == stretch.recorded {
            return .crawled(
                by: .nanoseconds(virtual), to: .nanoseconds(now.virtual), wall: .nanoseconds(wall))
        }
        return nil
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
