/// The scan statistic: how crowded is the most crowded window, and could that be chance?
enum ScanStatistic {
    /// The most of `sorted` within any window of this length, and where the first of them is.
    static func most(_ sorted: [Double], within window: Double) -> (count: Int, first: Int) {
        var (best, first, start) = (0, 0, 0)
        for (place, value) in sorted.enumerated() {
            while sorted[start] + window <= value { start += 1 }
            if place - start + 1 > best { (best, first) = (place - start + 1, start) }
        }
        return (best, first)
    }

    /// Probability that `count` or more of `total` values, spread evenly over 0...1, stand in some window of length
    /// `share`: Naus' approximation ("Approximations for distributions of scan statistics", 1982), good where it is
    /// small, which is where it decides.
    static func probability(ofMost count: Int, of total: Int, share: Double) -> Double {
        guard count > 1, share < 1 else { return 1 }
        guard count <= total else { return 0 }
        let tail = Binomial.atLeast(count, of: total, probability: share)
        let exactly = tail - Binomial.atLeast(count + 1, of: total, probability: share)
        let chance = (Double(count) / share - Double(total) - 1) * exactly + 2 * tail
        return min(max(chance, 0), 1)
    }
}
