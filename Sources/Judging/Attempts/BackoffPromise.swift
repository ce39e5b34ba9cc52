import Recordings
import Scenarios

/// The backoff that a scenario expects, and how what was seen compares with it.
struct BackoffPromise {
    /// Seconds.
    let initial: Double
    let factor: Double
    let cap: Double?
    let jitter: JitterClass

    init(_ plan: ExpectationPlan) {
        jitter =
            switch plan.text("jitter") {
            case "full": .full
            case "equal": .equal
            case "decorrelated": .decorrelated
            case "band": .band(plan.fraction("band") ?? 0.2)
            default: .none
            }
        initial = plan.duration("initial")?.seconds ?? 1
        factor = plan.number("factor") ?? (jitter == .decorrelated ? 3 : 2)
        cap = plan.duration("cap")?.seconds
    }

    /// Seconds that a wait may take after so many failures.
    func bounds(step: Int, previous: Double?) -> ClosedRange<Double> {
        if jitter == .decorrelated {
            // Without the wait before it there is only the cap.
            let most = step == 1 ? initial * factor : previous.map { $0 * factor } ?? .greatestFiniteMagnitude
            let top = min(most, cap ?? .greatestFiniteMagnitude)
            return min(initial, top)...top
        }
        let rise = Exponential.exp(min(Exponential.log(factor) * Double(step - 1), 600))
        let top = min(initial * rise, cap ?? .greatestFiniteMagnitude) * jitter.top
        return top * (jitter.floor ?? 0)...top
    }

    func isBeyond(_ wait: BackoffWait, noise: Duration, tolerance: Double) -> Bool {
        let bounds = bounds(step: wait.step, previous: wait.previous?.seconds)
        let (length, noise) = (wait.length.seconds, noise.seconds)
        return length > bounds.upperBound * (1 + tolerance) + noise
            || length < bounds.lowerBound * (1 - tolerance) - noise
    }

    /// Whether the class is what was promised, by whatever name: a band of a third is equal jitter around another
    /// middle.
    func agrees(_ seen: JitterClass, tolerance: Double) -> Bool {
        guard let floor = jitter.floor, let seenFloor = seen.floor else { return seen == jitter }
        if case (.band(let promised), .band(let fraction)) = (jitter, seen) {
            return (promised - fraction).magnitude <= max(0.02, promised * tolerance)
        }
        // A promise of no jitter is kept by none, and no spread passes for it.
        if seen == JitterClass.none || jitter == JitterClass.none { return seen == jitter }
        return (floor - seenFloor).magnitude <= 0.03
    }

    /// What was fitted, in the terms of the promise.
    func seen(_ fit: BackoffFit) -> Seen {
        let scale = scale(fit)
        return Seen(initial: fit.initial * scale, factor: fit.factor, cap: fit.cap.map { $0 * scale })
    }

    /// From the fit's ceilings to those of the promise: their highest waits are the same.
    func scale(_ fit: BackoffFit) -> Double {
        let isUniform = jitter.floor != nil && fit.jitter.floor != nil && agrees(fit.jitter, tolerance: 0.1)
        return isUniform ? fit.jitter.top / jitter.top : 1
    }

    struct Seen {
        var initial: Double
        var factor: Double
        var cap: Double?

        var inWords: String {
            let cap = self.cap.map { "cap \($0.lengthText)" } ?? "no cap seen"
            return "initial \(initial.lengthText), factor \(TimeText.rounded(factor, digits: 2)), \(cap)"
        }
    }

    struct Deviation {
        var name: String
        var seen: String
        var owed: String
        /// Of what is owed.
        var share: Double
        var advice: String
    }

    /// - Parameter hasSteps: waits after different numbers of failures were seen, so that a growth could show.
    func deviations(_ seen: Seen, hasSteps: Bool) -> [Deviation] {
        var deviations = [
            Deviation(
                name: "initial wait", seen: seen.initial.lengthText, owed: initial.lengthText,
                share: seen.initial / initial - 1, advice: "")
        ]
        if hasSteps {
            let advice =
                seen.factor < 1.02 ? "The waits do not grow at all: a constant interval, or a reset at each try." : ""
            deviations.append(
                Deviation(
                    name: "factor", seen: TimeText.rounded(seen.factor, digits: 2),
                    owed: TimeText.rounded(factor, digits: 2), share: seen.factor / factor - 1, advice: advice))
        }
        if let cap, let seenCap = seen.cap {
            deviations.append(
                Deviation(
                    name: "cap", seen: seenCap.lengthText, owed: cap.lengthText, share: seenCap / cap - 1, advice: ""))
        }
        return deviations
    }

    /// `full jitter, initial 1 s, factor 2, cap 60 s`
    var inWords: String {
        let cap = self.cap.map { ", cap \($0.lengthText)" } ?? ""
        return "\(jitter.inWords), initial \(initial.lengthText), factor \(TimeText.rounded(factor, digits: 2))\(cap)"
    }
}

/// What usually makes a client show one class of jitter where another was promised.
enum JitterAdvice {
    static func text(promised: JitterClass, seen: JitterClass) -> String {
        switch seen {
        case .none: "Clients that lost one server at one moment come back in step, wave after wave."
        case .oncePerProcess:
            "The random number is drawn at start, not for each wait: who is early once is always early."
        case .oncePerSeries: "The random number is drawn when the connection is lost, not for each wait."
        case .shared: "The generator is seeded alike everywhere: the clients' waits differ, but not from each other."
        case .beforeCap:
            "Where the cap is applied last, late waits are the cap itself, and the clients are in step again."
        case .full where promised == .decorrelated, .equal where promised == .decorrelated:
            "No wait depends on the one before it."
        case .full, .equal, .decorrelated, .band, .other: ""
        }
    }
}
