import Recordings
import Scenarios

/// Waits between attempts grow as promised and are spread as promised.
struct Backoff: Expectation {
    static let definition = ExpectationDefinition(
        name: "backoff",
        summary: "Waits between attempts grow by a factor up to a cap, with the jitter that was promised.",
        details: """
            Measured over all instances and sessions together: each wait from the failure of an attempt, or the loss \
            of a connection, to the next attempt. Attempts and failures are the driver's (`attempt`, `error`, \
            `refused`, a state such as reconnecting); where it says none, new SYNs of the client's host and the FIN or \
            RST that ended each. An attempt that lasts (a blackhole, until the client gives up) is no part of a wait; \
            where nobody can know when it failed, the wait does not count. Waits after a `refused` with `retry_after`, \
            and those in which the client was frozen, do not count either.

            The nth wait of a series of failures has the ceiling min(cap, initial x factor^(n-1)). Jitter: none (the \
            ceiling itself); full (uniform from nothing to the ceiling); equal (from half of it); band (as much to \
            either side, `band`); decorrelated (uniform from `initial` to `factor` times the wait before, 3 unless \
            given, the cap at most). The ceilings are fitted by maximum likelihood. Classes are told apart by \
            likelihood, by what is left when one number for a process or a series is taken out (jitter drawn once), by \
            a binomial test for waits at the cap itself (jitter before the cap, chance of error 0.01 %) and by \
            Kolmogorov-Smirnov tests after Holm (not uniform, 0.05 %). At the sample sizes demanded here more than 99 \
            of 100 random backoffs are named right, and the parameters of 99 are within 5 % (`make bench`).

            It is void with fewer than 60 series or 480 waits (12 waits when no jitter is promised); when none of the \
            waits shows the cap; and when `reset-after` cannot be judged. A wait beyond its bound fails with any \
            number of them.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "initial", .duration(.milliseconds(1)...(.seconds(86400))), required: true, "Ceiling of the first wait."
            ),
            Parameter(
                "factor", .number(1...100),
                "What each failure multiplies the ceiling by; the default is 2, for decorrelated jitter 3."),
            Parameter(
                "cap", .duration(.milliseconds(1)...(.seconds(7 * 86400))),
                "No ceiling is higher. Not judged when not given."),
            Parameter(
                "jitter", .choice(["none", "full", "equal", "decorrelated", "band"]), required: true,
                "How waits are spread."),
            Parameter(
                "band", .fraction(0.001...1), "Of the ceiling, to either side, for `jitter: band`; 20 % if not given."),
            Parameter(
                "reset-after", .duration(.zero...(.seconds(86400))),
                "How long a connection must stand to end a series of failures. When not given, any success does."),
            Parameter(
                "from", .choice(BackoffWait.Origin.allCases.map(\.rawValue)), default: .text("failure"),
                "What a wait is counted from: the failure of an attempt, or its start."),
            Parameter(
                "skip", .count(0...10), default: .count(0),
                "Waits at the beginning of each series that are no part of the backoff."),
            Parameter(
                "tolerance", .fraction(0.05...0.5), default: .fraction(0.1),
                "How much initial, factor and cap may differ."),
        ],
        example: "{ backoff: subscriber, initial: 1s, factor: 2, cap: 60s, jitter: full, reset-after: 30s }")

    private let plan: ExpectationPlan
    private let promise: BackoffPromise
    private let rules: BackoffWaits.Rules
    private let judgesReset: Bool

    /// Sample sizes from which classes and parameters are right; `make bench` measures that they are.
    static let seriesNeeded = 60
    static let waitsNeeded = 480
    static let steadyNeeded = 12

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        promise = BackoffPromise(plan)
        judgesReset = plan.duration("reset-after") ?? .zero > .zero
        rules = BackoffWaits.Rules(
            resetAfter: plan.duration("reset-after") ?? .zero,
            origin: BackoffWait.Origin(rawValue: plan.text("from") ?? "") ?? .failure,
            skip: plan.count("skip") ?? 0)
    }

    func judge(_ run: RunView) -> Finding {
        let waits = BackoffWaits(run, of: plan.actor, rules)
        guard waits.sessions > 0 else { return plan.void(AttemptHistory.untold(plan.actor)) }
        guard !waits.waits.isEmpty else {
            let unknown = waits.unknown == 0 ? "" : " Of \(waits.unknown) attempts nobody can know when they failed."
            return plan.void("\(plan.actor) never waited to try again.\(unknown)")
        }
        let reset = BackoffReset(promise, waits, run, plan)
        if let finding = reset.failure { return finding }
        if let finding = enough(waits, run) { return finding }
        guard let fit = BackoffFit(waits.samples, noise: waits.noise.seconds) else {
            return plan.void("\(plan.actor) never waited to try again.")
        }
        let finding = compare(fit, waits, run)
        return finding.verdict == .pass && judgesReset ? reset.doubt ?? finding : finding
    }

    /// Too few waits for a class: void, unless one of them is beyond its bound already.
    private func enough(_ waits: BackoffWaits, _ run: RunView) -> Finding? {
        let series = Set(waits.samples.filter { $0.step == 1 }.map(\.series)).count
        let (needsSeries, needsWaits) =
            promise.jitter == JitterClass.none ? (1, Self.steadyNeeded) : (Self.seriesNeeded, Self.waitsNeeded)
        let (missingSeries, missingWaits) = (needsSeries - series, needsWaits - waits.waits.count)
        guard missingSeries > 0 || missingWaits > 0 else { return nil }
        let beyond = waits.waits.first { promise.isBeyond($0, noise: waits.noise, tolerance: tolerance) }
        if let beyond { return outOfBounds(beyond, waits, run) }
        let missing = [
            missingWaits > 0 ? "\(missingWaits) more waits" : nil,
            missingSeries > 0 ? "\(missingSeries) more series" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
        let unknown =
            waits.unknown == 0 ? "" : " (\(waits.unknown) do not count: nobody can know when their attempt failed)"
        return plan.void(
            "\(plan.actor) waited \(waits.waits.count) times in \(series) series of failures\(unknown); to tell the "
                + "class of its jitter takes \(needsWaits) waits in \(needsSeries) series: \(missing). Let more "
                + "instances, or more and longer outages, make them.", evidence(waits.waits.prefix(4), run))
    }

    private var tolerance: Double { plan.fraction("tolerance") ?? 0.1 }

    private func outOfBounds(_ wait: BackoffWait, _ waits: BackoffWaits, _ run: RunView) -> Finding {
        let bounds = promise.bounds(step: wait.step, previous: wait.previous?.seconds)
        let isLong = wait.length.seconds > bounds.upperBound
        let bound = isLong ? bounds.upperBound : bounds.lowerBound
        return plan.fail(
            "\(wait.name) owed \(promise.inWords): after \(wait.step.failuresText) a wait of "
                + "\(bounds.lowerBound.lengthText) to \(bounds.upperBound.lengthText). It waited "
                + "\(wait.length.lengthText)\(isLong ? "" : ", which is too soon"). (\(waits.waits.count) waits are "
                + "too few to say what its backoff is.)",
            measured: wait.length.seconds, bound: bound, unit: "s", evidence([wait], run))
    }

    private func compare(_ fit: BackoffFit, _ waits: BackoffWaits, _ run: RunView) -> Finding {
        let seen = promise.seen(fit)
        let basis = "\(waits.waits.count) waits of \(waits.sessions) sessions"
        guard promise.agrees(fit.jitter, tolerance: tolerance) else {
            return plan.fail(
                "\(plan.actor) owed \(promise.inWords), and showed \(fit.jitter.inWords): \(basis) fit "
                    + "\(seen.inWords). \(JitterAdvice.text(promised: promise.jitter, seen: fit.jitter))",
                measured: nil, bound: nil, unit: "", evidence(examples(waits), run))
        }
        let hasSteps = Set(waits.waits.map(\.step)).count > 1
        let offs = promise.deviations(seen, hasSteps: hasSteps)
        if let worst = offs.max(by: { $0.share.magnitude < $1.share.magnitude }), worst.share.magnitude > tolerance {
            return plan.fail(
                "\(plan.actor) owed \(promise.inWords); its \(worst.name) is \(worst.seen), and \(worst.owed) was "
                    + "promised: \(basis) fit \(seen.inWords). \(worst.advice)",
                measured: worst.share.magnitude * 100, bound: tolerance * 100, unit: "%",
                evidence(examples(waits), run))
        }
        if !hasSteps, promise.factor > 1 {
            return plan.void(
                "Every wait came after a first failure, so no growth can show. It takes an outage that several "
                    + "attempts in a row run into.", evidence(waits.waits.prefix(4), run))
        }
        if let cap = promise.cap, seen.cap == nil {
            if fit.longest * promise.scale(fit) > cap * (1 + tolerance) {
                return plan.fail(
                    "\(plan.actor) owed \(promise.inWords), and its waits grow beyond the cap: \(basis) fit "
                        + "\(seen.inWords), up to a ceiling of \((fit.longest * promise.scale(fit)).lengthText). A "
                        + "long outage makes it wait for hours after the heal.",
                    measured: fit.longest * promise.scale(fit), bound: cap, unit: "s", evidence(examples(waits), run))
            }
            let longest = waits.waits.map(\.step).max() ?? 0
            return plan.void(
                "No wait shows the cap of \(cap.lengthText): after \(longest.failuresText) the ceiling was "
                    + "\(fit.longest.lengthText). It takes a longer outage.", evidence(examples(waits), run))
        }
        let worst = offs.map(\.share.magnitude).max() ?? 0
        return plan.pass(
            "\(plan.actor) showed \(promise.inWords), as promised: \(basis) fit \(seen.inWords).",
            measured: worst * 100, bound: tolerance * 100, unit: "%", evidence(waits.waits.prefix(4), run))
    }

    /// One series that shows the course: the longest.
    private func examples(_ waits: BackoffWaits) -> [BackoffWait] {
        let samples = waits.samples
        let series = Dictionary(grouping: samples.indices) { samples[$0].series }
        let longest = series.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        return (longest?.value ?? []).prefix(10).map { waits.waits[$0] }
    }

    private func evidence(_ waits: some Sequence<BackoffWait>, _ run: RunView) -> [Evidence] {
        waits.map { $0.evidence(run) }
    }
}

extension BackoffWait {
    func evidence(_ run: RunView) -> Evidence {
        let said = announced.map { ", and its driver had said \($0.lengthText)" } ?? ""
        return run.evidence(
            end, "\(name) tried again \(length.lengthText) after \(step.failuresText)\(said) (\(text))")
    }
}

extension Int {
    /// `1 failure`, `3 failures in a row`
    var failuresText: String { self == 1 ? "1 failure" : "\(self) failures in a row" }
}

extension Double {
    /// Seconds, as `Duration.lengthText`.
    var lengthText: String { Duration.nanoseconds(Int64(min(max(self, 0), 1e9) * 1e9)).lengthText }
}
