/// Whether waits that differ are really random each time.
struct JitterStructure {
    /// At each step all waits are the same.
    let isSteady: Bool
    /// One number for a process, for a series, or for all processes; nil when every wait has its own.
    let drawn: JitterClass?
    /// Largest noise of any wait, as a share of it.
    let noise: Double

    /// Of so many waits one may be off by more than the noise: a machine that stalls once.
    private static let most = 0.95
    /// Numbers drawn for processes or series differ by more than this.
    private static let spread = 0.05

    init(_ samples: [BackoffSample], noise: Double) {
        let shortest = samples.map(\.seconds).min() ?? 1
        self.noise = noise / max(shortest, 1e-6)
        func slack(_ sample: BackoffSample) -> Double { BackoffFit.sameness + noise / max(sample.seconds, 1e-6) }
        func fits(_ residuals: [Double]) -> Bool {
            let within = zip(samples, residuals).filter { $1.magnitude <= slack($0) }.count
            return Double(within) >= Self.most * Double(samples.count)
        }
        let logs = samples.map { Exponential.log(max($0.seconds, 1e-6)) }
        let steps = samples.map(\.step)
        let byStep = Self.residuals(logs, steps, nil)
        isSteady = fits(byStep.left)
        guard !isSteady else {
            drawn = nil
            return
        }
        let (processes, series) = (samples.map(\.process), samples.map(\.series))
        let repeats = samples.count >= 2 * Set(steps).count
        func isOne(_ groups: [Int]) -> Bool {
            // One value for each pair of step and group proves nothing.
            guard repeats, Set(groups).count >= 2, samples.count >= 2 * (Set(groups).count + Set(steps).count) else {
                return false
            }
            let fit = Self.residuals(logs, steps, groups)
            return fits(fit.left) && (fit.groups.values.max() ?? 0) - (fit.groups.values.min() ?? 0) > Self.spread
        }
        if isOne(processes) {
            drawn = .oncePerProcess
        } else if isOne(series) {
            drawn = .oncePerSeries
        } else {
            drawn = Self.isShared(samples, fits, logs) ? .shared : nil
        }
    }

    /// Whether the processes' waits are the same, one by one.
    private static func isShared(
        _ samples: [BackoffSample], _ fits: ([Double]) -> Bool, _ logs: [Double]
    ) -> Bool {
        let places = Dictionary(grouping: samples.indices) { samples[$0].ordinal }
        let together = places.values.filter { place in Set(place.map { samples[$0].process }).count >= 2 }
        guard together.reduce(0, { $0 + $1.count }) * 2 >= samples.count, together.count >= 3 else { return false }
        return fits(residuals(logs, samples.map(\.ordinal), nil).left)
    }

    /// What is left of the values when the median of their step and, if given, a number for their group are taken out.
    private static func residuals(
        _ values: [Double], _ steps: [Int], _ groups: [Int]?
    ) -> (left: [Double], groups: [Int: Double]) {
        func centers(_ keys: [Int], _ offsets: [Double]) -> [Int: Double] {
            let members = Dictionary(grouping: values.indices, by: { keys[$0] })
            return members.mapValues { Quantiles.median($0.map { values[$0] - offsets[$0] }) ?? 0 }
        }
        var ofGroups: [Int: Double] = [:]
        var offsets = values.map { _ in 0.0 }
        var ofSteps = centers(steps, offsets)
        if let groups {
            for _ in 0..<12 {
                ofGroups = centers(groups, steps.map { ofSteps[$0] ?? 0 })
                offsets = groups.map { ofGroups[$0] ?? 0 }
                ofSteps = centers(steps, offsets)
            }
        }
        let left = values.indices.map { values[$0] - (ofSteps[steps[$0]] ?? 0) - offsets[$0] }
        return (left, ofGroups)
    }
}
