/// Quantiles by nearest rank: the smallest value that at least such a share of all values does not exceed. It is a
/// value that was measured, never one between two.
enum NearestRank {
    /// - Parameters:
    ///   - share: above 0, at most 1.
    ///   - sorted: ascending.
    /// - Returns: nil when there are no values.
    static func of<Value>(_ share: Double, sorted: [Value]) -> Value? {
        guard !sorted.isEmpty else { return nil }
        return sorted[rank(share, of: sorted.count) - 1]
    }

    /// How many values it takes for a quantile to be another than the largest of them: 100 for 99 %.
    static func leastCount(_ share: Double) -> Int {
        share < 1 ? Int((1 / (1 - share) - 1e-6).rounded(.up)) : 1
    }

    /// From 1. A share such as 0.99 has no exact binary form: what is a millionth above a whole rank is that rank.
    private static func rank(_ share: Double, of count: Int) -> Int {
        min(max(Int((share * Double(count) - 1e-6).rounded(.up)), 1), count)
    }
}
