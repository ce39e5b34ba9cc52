/// How the waits of a backoff are spread around their exponential course.
enum JitterClass: Equatable, Sendable {
    /// Every wait is its ceiling.
    case none
    /// Uniform between nothing and the ceiling.
    case full
    /// Uniform between half of the ceiling and the ceiling.
    case equal
    /// Uniform between the initial wait and a multiple of the wait before, the cap at most.
    case decorrelated
    /// Uniform around the ceiling, so much (0...1) of it to either side.
    case band(Double)
    /// The ceiling times a number that was drawn once in the life of a process.
    case oncePerProcess
    /// The ceiling times a number that was drawn once in each series of failures.
    case oncePerSeries
    /// Random, and the same in every process.
    case shared
    /// Jitter on a ceiling that knows no cap, and the cap on the result: most late waits are the cap itself.
    case beforeCap
    /// Random, but not uniformly: the probability that chance alone would look so.
    case other(probability: Double)

    /// The share of its highest value that a wait is at least, for classes that are uniform around a ceiling.
    var floor: Double? {
        switch self {
        case .none: 1
        case .full: 0
        case .equal: 0.5
        case .band(let fraction): (1 - fraction) / (1 + fraction)
        case .decorrelated, .oncePerProcess, .oncePerSeries, .shared, .beforeCap, .other: nil
        }
    }

    /// What a wait is at most, in ceilings.
    var top: Double {
        switch self {
        case .band(let fraction): 1 + fraction
        case .none, .full, .equal, .decorrelated, .oncePerProcess, .oncePerSeries, .shared, .beforeCap, .other: 1
        }
    }

    /// The class of waits that are uniform between `floor` times their highest value and that value. A band of a third
    /// around three quarters is the same as equal jitter and is called so.
    init(floor: Double) {
        switch floor {
        case ..<0.05: self = .full
        case 0.47..<0.53: self = .equal
        default: self = .band((1 - floor) / (1 + floor))
        }
    }

    var inWords: String {
        switch self {
        case .none: "no jitter"
        case .full: "full jitter"
        case .equal: "equal jitter"
        case .decorrelated: "decorrelated jitter"
        case .band(let fraction): "a band of \(TimeText.rounded(fraction * 100, digits: 1)) %"
        case .oncePerProcess: "jitter drawn once in each process"
        case .oncePerSeries: "jitter drawn once in each series of failures"
        case .shared: "the same random waits in every process"
        case .beforeCap: "jitter that is applied before the cap"
        case .other(let probability):
            "jitter that is not uniform (p = \(TimeText.rounded(probability * 100, digits: 4)) %)"
        }
    }
}
