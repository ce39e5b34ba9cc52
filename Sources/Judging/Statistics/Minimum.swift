/// Where a function of one number is smallest, without derivatives: the likelihoods of bounded distributions have none
/// at the places that matter.
enum Minimum {
    /// Looks at `columns` places of the range, and more closely around the best `tries` of them.
    static func of(
        _ range: ClosedRange<Double>, columns: Int, tries: Int = 1, _ cost: (Double) -> Double
    ) -> (place: Double, cost: Double) {
        let step = (range.upperBound - range.lowerBound) / Double(columns)
        let grid = (0...columns).map { column in
            let place = range.lowerBound + step * Double(column)
            return (place: place, cost: cost(place))
        }
        let best = grid.sorted { $0.cost < $1.cost }.prefix(tries)
        let refined = best.map { start in
            let low = max(start.place - step, range.lowerBound), high = min(start.place + step, range.upperBound)
            let found = golden(low...high, cost)
            return found.cost < start.cost ? found : start
        }
        return refined.min { $0.cost < $1.cost } ?? (range.lowerBound, cost(range.lowerBound))
    }

    /// Golden-section search, to a millionth of the range.
    private static func golden(
        _ range: ClosedRange<Double>, _ cost: (Double) -> Double
    ) -> (place: Double, cost: Double) {
        let ratio = 0.6180339887498949
        var (low, high) = (range.lowerBound, range.upperBound)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (ofLeft, ofRight) = (cost(left), cost(right))
        for _ in 0..<30 {
            if ofLeft <= ofRight {
                (high, right, ofRight) = (right, left, ofLeft)
                left = high - ratio * (high - low)
                ofLeft = cost(left)
            } else {
                (low, left, ofLeft) = (left, right, ofRight)
                right = low + ratio * (high - low)
                ofRight = cost(right)
            }
        }
        return ofLeft <= ofRight ? (left, ofLeft) : (right, ofRight)
    }
}
