/// Wilcoxon's signed-rank test of paired differences ("Individual comparisons by ranking methods", 1945), with its
/// estimate of the difference after Hodges and Lehmann (1963).
package struct SignedRank {
    /// Pairs, and those that differ at all: the others say nothing of a direction.
    package let pairs: Int
    package let differing: Int
    /// The middle of all means of two differences.
    package let shift: Double
    /// Where that lies with a confidence of 95 %; nil of fewer than six pairs, which cannot tell.
    package let interval: ClosedRange<Double>?
    /// Of rank: the share of it that is above zero less the share below, -1...1.
    package let effect: Double
    /// Of differences like these or further from zero, if there were none; both sides.
    package let probability: Double

    /// Distributions of more are approached by the normal one.
    private static let mostExact = 200
    private static let mostMeans = 400

    /// Nil without pairs.
    package init?(_ differences: [Double]) {
        guard !differences.isEmpty else { return nil }
        pairs = differences.count
        let ranked = SignedRank.ranked(differences.filter { $0 != 0 })
        differing = ranked.count
        let above = ranked.filter { $0.value > 0 }.reduce(0) { $0 + $1.rank }
        let all = ranked.reduce(0) { $0 + $1.rank }
        effect = all == 0 ? 0 : Double(2 * above - all) / Double(all)
        probability = SignedRank.probability(ranked.map(\.rank), above: above)
        let step = differences.count / SignedRank.mostMeans + 1
        let taken = step == 1 ? differences : stride(from: 0, to: differences.count, by: step).map { differences[$0] }
        let means = SignedRank.means(taken)
        shift = Quantiles.quantile(0.5, ofSorted: means) ?? 0
        guard taken.count >= 6 else {
            interval = nil
            return
        }
        let distribution = SignedRank.distribution(Array(1...taken.count).map { 2 * $0 })
        var (sum, place) = (0.0, 0)
        while sum + distribution[2 * place] <= 0.025 {
            sum += distribution[2 * place]
            place += 1
        }
        let edge = max(0, place - 1)
        interval = means[edge]...means[means.count - 1 - edge]
    }

    /// With twice their ranks, so that ties have whole ones.
    private static func ranked(_ values: [Double]) -> [(value: Double, rank: Int)] {
        let sorted = values.sorted { $0.magnitude < $1.magnitude }
        var ranked: [(value: Double, rank: Int)] = []
        var start = 0
        while start < sorted.count {
            var end = start + 1
            while end < sorted.count, sorted[end].magnitude == sorted[start].magnitude { end += 1 }
            // Places start + 1 to end share the mean of their ranks.
            for place in start..<end { ranked.append((sorted[place], start + 1 + end)) }
            start = end
        }
        return ranked
    }

    /// Of each sum of ranks, when every one is above or below zero by chance.
    private static func distribution(_ ranks: [Int]) -> [Double] {
        var distribution = [1.0]
        for rank in ranks {
            var next = [Double](repeating: 0, count: distribution.count + rank)
            for (sum, share) in distribution.enumerated() where share > 0 {
                next[sum] += share / 2
                next[sum + rank] += share / 2
            }
            distribution = next
        }
        return distribution
    }

    private static func probability(_ ranks: [Int], above: Int) -> Double {
        guard !ranks.isEmpty else { return 1 }
        let all = ranks.reduce(0, +)
        let far = max(above, all - above)
        if ranks.count <= mostExact {
            return min(1, 2 * distribution(ranks)[far...].reduce(0, +))
        }
        let variance = ranks.reduce(0.0) { $0 + Double($1) * Double($1) } / 4
        let distance = (Double(far) - Double(all) / 2 - 1) / variance.squareRoot()
        return min(1, 2 * tail(distance))
    }

    /// Of a normal distribution, beyond so many standard deviations; Abramowitz and Stegun, 26.2.17.
    private static func tail(_ distance: Double) -> Double {
        guard distance > 0 else { return 0.5 }
        let t = 1 / (1 + 0.231_641_9 * distance)
        let factors = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429]
        var (sum, power) = (0.0, t)
        for factor in factors {
            sum += factor * power
            power *= t
        }
        return sum * Exponential.exp(-distance * distance / 2) * 0.398_942_280_401_432_7
    }

    /// Of every two differences, and of each with itself, sorted.
    private static func means(_ values: [Double]) -> [Double] {
        var means: [Double] = []
        means.reserveCapacity(values.count * (values.count + 1) / 2)
        for (place, first) in values.enumerated() {
            for second in values[place...] { means.append((first + second) / 2) }
        }
        return means.sorted()
    }
}
