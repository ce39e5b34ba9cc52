/// One wait of a backoff, for the fit.
struct BackoffSample: Equatable, Sendable {
    /// Of the process.
    var process: Int
    /// Of the series of failures in a row, unique in all processes.
    var series: Int
    /// Its place among the waits of its session, from 0.
    var ordinal: Int
    /// How many failures in a row came before it, 1 or more.
    var step: Int
    var seconds: Double
    /// The wait before it in its series.
    var previous: Double?
}

/// Where the waits of each step lie.
struct BackoffEnvelope {
    struct Step {
        var number: Int
        var count: Int
        /// Logarithms.
        var low: Double
        var high: Double
    }

    let steps: [Step]
    let count: Int

    init(_ samples: [BackoffSample]) {
        count = samples.count
        steps = Dictionary(grouping: samples, by: \.step).map { number, waits in
            let seconds = waits.map { max($0.seconds, 1e-6) }
            return Step(
                number: number, count: waits.count, low: Exponential.log(seconds.min() ?? 1),
                high: Exponential.log(seconds.max() ?? 1))
        }.sorted { $0.number < $1.number }
    }

    var lastStep: Int { steps.last?.number ?? 1 }
}
