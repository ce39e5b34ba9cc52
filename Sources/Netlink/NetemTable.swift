import Glibc

/// Tables of delays for netem, as the programs beside iproute2's tc make them (netem/normal.c, pareto.c,
/// paretonormal.c, after NISTnet's maketable): values of the inverse of the cumulative distribution at equal steps,
/// 8192 being one sigma.
package enum NetemTable {
    /// Of one sigma (NETEM_DIST_SCALE).
    package static let scale = 8192.0
    /// iproute2's: every fourth of 16384.
    private static let entries = 4096
    private static let probabilities = 16384

    /// The normal distribution. Nothing of it is more than 3.9 sigma out.
    package static let normal: [Int16] = (0..<entries).map { entry(normalQuantile($0)) }

    /// Pareto's with shape 3, moved to a mean of 0; 4/3 of it is called its sigma (its standard deviation would
    /// be 2/sqrt(3)). Its tail ends at 4 sigma, which a packet in 91 has.
    package static let pareto: [Int16] = (0..<entries).map { entry(paretoQuantile($0)) }

    /// A quarter normal and three quarters Pareto, added value by value.
    package static let paretonormal: [Int16] = zip(normal, pareto).map { Int16((Int($0) + 3 * Int($1)) / 4) }

    /// Between one jitter less and one more, evenly: what netem does without a table, in 16384 steps.
    package static let uniform: [Int16] = (0..<probabilities).map { Int16($0 - probabilities / 2) }

    private static func entry(_ sigmas: Double) -> Int16 {
        Int16(max(-32768, min(32767, (sigmas * scale).rounded(.toNearestOrEven))))
    }

    /// In sigmas: of the last place that rounds to this entry's probability, as normal.c's loop leaves it.
    private static func normalQuantile(_ index: Int) -> Double {
        let wanted = (Double(4 * index) + 0.5) / Double(probabilities)
        var (low, high) = (-10.0, 10.0)
        while high - low > 1e-9 {
            let middle = (low + high) / 2
            if 0.5 + 0.5 * erf(middle / 2.0.squareRoot()) <= wanted { low = middle } else { high = middle }
        }
        return low
    }

    private static func paretoQuantile(_ index: Int) -> Double {
        let share = Double(65536 - 16 * index) / 65536
        return (1 / pow(share, 1.0 / 3) - 1.5) * 4 / 3
    }
}
