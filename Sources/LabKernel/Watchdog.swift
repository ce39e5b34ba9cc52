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
    }

    private enum State {
        /// Can transition to running and ended.
        case starting(since: Int64)
        /// Can transition to ended. The last advance that counted: its wall time and virtual time.
        case running(wall: Int64, virtual: Int64, recorded: Int64)
        case ended
    }

    private let limits: Limits
    private var state: State

    package init(_ limits: Limits = Limits(), bootedAt wall: Int64) {
        self.limits = limits
        state = .starting(since: wall)
    }

    /// What was seen at wall time `wall`. `virtual` is nil where it cannot be read; then growth of the recording (bytes)
    /// is the only sign of life.
    package mutating func looked(wall: Int64, virtual: Int64?, recorded: Int64, hasStarted: Bool) -> Action {
        switch state {
        case .starting(let since):
            if hasStarted {
                state = .running(wall: wall, virtual: virtual ?? 0, recorded: recorded)
            } else if wall - since >= limits.start.wholeNanoseconds {
                state = .ended
                return .askWhatRuns(.neverStarted(after: .nanoseconds(wall - since)))
            }
            return .wait
        case .running(let lastWall, let lastVirtual, let lastRecorded):
            let now = virtual ?? lastVirtual
            if now - lastVirtual >= limits.least.wholeNanoseconds || recorded > lastRecorded {
                state = .running(wall: wall, virtual: now, recorded: recorded)
            } else if wall - lastWall >= limits.patience.wholeNanoseconds {
                state = .ended
                return .askWhatRuns(.stoodStill(at: .nanoseconds(now), wall: .nanoseconds(wall - lastWall)))
            }
            return .wait
        case .ended: return .wait
        }
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
        /// Where it was: kernel stack or registers, as the guest's kernel prints them.
        package var detail: String
    }

    package var description: String {
        var text: String
        switch stall {
        case .neverStarted(let after): text = "the lab did not start within \(seconds(after)) s of wall time"
        case .stoodStill(let at, let wall):
            text = "virtual time stood still at \(seconds(at)) s for \(seconds(wall)) s of wall time"
        }
        if let spinner {
            text += ": \(spinner.name) (process \(spinner.pid) of the lab) was running at "
            text += "\(Int((spinner.share * 100).rounded())) % of the looks and never slept"
        }
        if !console.isEmpty { text += "\nLast on its console:\n" + console.joined(separator: "\n") }
        return text
    }

    private func seconds(_ duration: Duration) -> String {
        let tenths = duration.wholeNanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
