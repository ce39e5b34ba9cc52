import Recordings
import Scenarios

/// When attempts are to begin, each so long after the one before: the part of `attempt-spacing` that a published
/// backoff promises.
struct AttemptSchedule {
    private let plan: ExpectationPlan
    private let initial: Double
    private let factor: Double
    private let cap: Double
    private let spread: Double
    private let slack: Double
    private let fault: String?
    private let waitsNeeded: Int

    /// Nil when none is promised.
    init?(_ plan: ExpectationPlan) {
        guard let initial = plan.duration("initial") else { return nil }
        self.plan = plan
        self.initial = initial.seconds
        factor = plan.number("factor") ?? 2
        cap = plan.duration("cap")?.seconds ?? .infinity
        spread = plan.fraction("spread") ?? 0
        slack = (plan.duration("slack") ?? .zero).seconds
        fault = plan.text("during")
        waitsNeeded = plan.count("waits") ?? 3
    }

    /// One wait: which of its series, and the attempts that it stands between.
    private struct Wait {
        var step: Int
        var from: Attempt
        var to: Attempt
        var length: Double { (to.start.time - from.start.time).seconds }
    }

    func judge(_ run: RunView, _ history: AttemptHistory) -> Finding {
        let waits = series(run, history).flatMap { attempts in
            zip(attempts, attempts.dropFirst()).enumerated().map { Wait(step: $0, from: $1.0, to: $1.1) }
        }
        guard waits.count >= waitsNeeded else {
            return plan.void(
                "\(history.name) waited \(waits.count) times between attempts\(fault.map { " during \($0)" } ?? ""); "
                    + "\(waitsNeeded) are needed to judge its schedule.")
        }
        guard let worst = waits.max(by: { excess($0) < excess($1) }) else { return plan.void("No wait.") }
        let bounds = bounds(worst.step)
        let owed = "\(bounds.lowerBound.lengthText) to \(bounds.upperBound.lengthText)"
        let isLong = worst.length > bounds.upperBound
        guard bounds.contains(worst.length) else {
            return plan.fail(
                "\(history.name) owed \(owed) between attempts \(worst.step + 1) and \(worst.step + 2) of a series; "
                    + "it took \(worst.length.lengthText), which is too \(isLong ? "long" : "soon"). "
                    + "\(waits.filter { !self.bounds($0.step).contains($0.length) }.count) of \(waits.count) waits "
                    + "are off its schedule.",
                measured: worst.length, bound: isLong ? bounds.upperBound : bounds.lowerBound, unit: "s",
                evidence(waits, around: worst, run))
        }
        return plan.pass(
            "\(history.name) kept to its schedule in \(waits.count) waits: "
                + waits.prefix(16).map { $0.length.lengthText }.joined(separator: ", ") + ".",
            measured: worst.length, bound: isLong ? bounds.upperBound : bounds.lowerBound, unit: "s",
            evidence(waits, around: worst, run))
    }

    /// Attempts that belong together: of one life, while the fault was on or between two connections that worked.
    private func series(_ run: RunView, _ history: AttemptHistory) -> [[Attempt]] {
        let lives = Dictionary(grouping: history.attempts, by: \.life).sorted { $0.key < $1.key }.map(\.value)
        guard let fault else {
            return lives.flatMap { $0.split { $0.up != nil }.map(Array.init) }
        }
        let strikes = run.strikes.filter { $0.plan.kind == fault }
        return strikes.flatMap { strike -> [[Attempt]] in
            guard let applied = strike.applied?.time else { return [] }
            let end = strike.healed?.time ?? run.playEnd
            return lives.map { $0.filter { $0.start.time >= applied && $0.start.time < end } }
        }
    }

    private func bounds(_ step: Int) -> ClosedRange<Double> {
        var expected = initial
        for _ in 0..<step where expected < cap { expected *= factor }
        expected = min(expected, cap)
        // The bounds themselves are kept: a nanosecond is for the arithmetic.
        return max(expected * (1 - spread) - slack - 1e-9, 0)...(expected * (1 + spread) + slack + 1e-9)
    }

    /// How far off the middle of what is allowed, as a share of it: more than 1 is off its schedule.
    private func excess(_ wait: Wait) -> Double {
        let bounds = bounds(wait.step)
        let (middle, half) = (
            (bounds.upperBound + bounds.lowerBound) / 2, (bounds.upperBound - bounds.lowerBound) / 2
        )
        return (wait.length - middle).magnitude / max(half, 1e-9)
    }

    private func evidence(_ waits: [Wait], around worst: Wait, _ run: RunView) -> [Evidence] {
        let place = waits.firstIndex { $0.to.start == worst.to.start } ?? 0
        return waits[max(0, place - 3)..<min(waits.count, place + 3)].map { wait in
            let bounds = bounds(wait.step)
            return run.evidence(
                wait.to.start,
                "attempt \(wait.step + 2) of a series, \(wait.length.lengthText) after the one before "
                    + "(\(bounds.lowerBound.lengthText) to \(bounds.upperBound.lengthText) are owed)")
        }
    }
}
