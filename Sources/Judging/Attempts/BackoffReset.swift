import Recordings
import Scenarios

/// Whether a series of failures ends when it should: after a connection that stood for `reset-after`, not before.
struct BackoffReset {
    /// The backoff was reset too early, or not at all.
    private(set) var failure: Finding?
    /// Why the recording cannot tell; nil when it can.
    private(set) var doubt: Finding?

    /// Chance of calling a client early that is not.
    private static let error = 0.001

    init(_ promise: BackoffPromise, _ waits: BackoffWaits, _ run: RunView, _ plan: ExpectationPlan) {
        let tolerance = plan.fraction("tolerance") ?? 0.1
        let first = promise.bounds(step: 1, previous: nil).upperBound * (1 + tolerance) + waits.noise.seconds
        // The first series of each process shows what a first wait is; later ones must begin alike.
        var seen: Set<String> = []
        let starts = waits.waits.filter { $0.step == 1 && !$0.isAfterShort }
        let (fresh, late) = starts.reduce(into: ([BackoffWait](), [BackoffWait]())) { parts, wait in
            if seen.insert("\(wait.name) \(wait.life)").inserted { parts.0.append(wait) } else { parts.1.append(wait) }
        }
        if let worst = late.max(by: { $0.length < $1.length }), worst.length.seconds > first,
            fresh.allSatisfy({ $0.length.seconds <= first })
        {
            failure = plan.fail(
                "\(worst.name) owed a backoff that begins anew after a connection that stood: a first wait of at most "
                    + "\(promise.bounds(step: 1, previous: nil).upperBound.lengthText). It waited "
                    + "\(worst.length.lengthText) after one of \((worst.stood ?? .zero).lengthText). Its count of "
                    + "failures survives success.",
                measured: worst.length.seconds, bound: first, unit: "s", [worst.evidence(run)])
            return
        }
        let short = waits.waits.filter { $0.isAfterShort }
        // Were they reset, each would lie below the first ceiling; how likely is that when they were not?
        let chance = short.reduce(1.0) { $0 * Self.chance(promise, $1, below: first) }
        let isProven = short.contains { $0.length.seconds > first }
        if !isProven, chance < Self.error {
            let ceiling = short.map { promise.bounds(step: $0.step, previous: $0.previous?.seconds).upperBound }.max()
            failure = plan.fail(
                "\(plan.actor) owed a backoff that goes on until a connection has stood for "
                    + "\((plan.duration("reset-after") ?? .zero).lengthText). After \(short.count) connections that "
                    + "did not it waited as after a first failure each time, up to "
                    + "\((short.map(\.length).max() ?? .zero).lengthText) where the ceiling was as high as "
                    + "\((ceiling ?? 0).lengthText). It resets before the connection proved healthy: a server that "
                    + "accepts and drops is hammered.",
                measured: nil, bound: nil, unit: "", short.prefix(8).map { $0.evidence(run) })
        } else if !isProven {
            doubt = plan.void(
                "Whether the backoff is reset too early cannot be told: \(short.count) connections were lost before "
                    + "they had stood for \((plan.duration("reset-after") ?? .zero).lengthText), and the waits after "
                    + "them are no proof. It takes more of them, after longer series.",
                short.prefix(4).map { $0.evidence(run) })
        }
    }

    /// That a wait that was not reset lies below a bound.
    private static func chance(_ promise: BackoffPromise, _ wait: BackoffWait, below bound: Double) -> Double {
        // Decorrelated waits depend on the one before: without it nothing can be said.
        if promise.jitter == .decorrelated, wait.previous == nil { return 1 }
        let bounds = promise.bounds(step: wait.step, previous: wait.previous?.seconds)
        let width = bounds.upperBound - bounds.lowerBound
        guard width > 0 else { return bounds.upperBound <= bound ? 1 : 0 }
        return min(max((bound - bounds.lowerBound) / width, 0), 1)
    }
}
