/// Order statistics.
package enum Quantiles {
    /// The value below which the share `share` (0...1) of the values lies, interpolated between the two nearest (what
    /// most libraries do by default; Hyndman and Fan's type 7). Nil of no values.
    static func quantile(_ share: Double, of values: [Double]) -> Double? {
        quantile(share, ofSorted: values.sorted())
    }

    package static func quantile(_ share: Double, ofSorted sorted: [Double]) -> Double? {
        guard let last = sorted.last else { return nil }
        let place = min(max(share, 0), 1) * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }

    package static func median(_ values: [Double]) -> Double? { quantile(0.5, of: values) }
}
