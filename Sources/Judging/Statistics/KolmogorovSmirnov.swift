/// The one-sample Kolmogorov-Smirnov test: do values come from a uniform distribution?
enum KolmogorovSmirnov {
    /// Largest distance between the values' distribution and the uniform one on 0...1. Zero of no values.
    static func distance(ofUniform values: [Double]) -> Double {
        let count = Double(values.count)
        return values.sorted().enumerated().reduce(0) { largest, item in
            let (index, value) = item
            return max(largest, Double(index + 1) / count - value, value - Double(index) / count)
        }
    }

    /// Probability that so many values of a uniform distribution are at least so far from it. By the limit distribution
    /// with Stephens' correction ("EDF statistics for goodness of fit", 1974), good to 0.01 from 5 values on.
    static func probability(ofDistance distance: Double, count: Int) -> Double {
        guard count > 0 else { return 1 }
        let root = Double(count).squareRoot()
        return limit((root + 0.12 + 0.11 / root) * distance)
    }

    /// Of the limit distribution: the probability of more than `x`.
    static func limit(_ x: Double) -> Double {
        // Below this the probability is 1 to ten places, and the series converges slowly.
        guard x > 0.25 else { return 1 }
        var (sum, sign) = (0.0, 1.0)
        for step in 1...100 {
            let term = Exponential.exp(-2 * Double(step * step) * x * x)
            sum += sign * term
            if term < 1e-16 { break }
            sign = -sign
        }
        return min(max(2 * sum, 0), 1)
    }
}
