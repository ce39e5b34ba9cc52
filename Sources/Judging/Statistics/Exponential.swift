/// Natural logarithm and exponential: judges make no system call and import no C library, whose last digits differ
/// between machines; a judgement does not.
package enum Exponential {
    private static let ln2High = 0x1.62e42fee00000p-1
    private static let ln2Low = 0x1.a39ef35793c76p-33

    /// - Parameter x: more than zero. Of zero it is minus infinity, of what is less not a number.
    package static func log(_ x: Double) -> Double {
        guard x > 0 else { return x == 0 ? -.infinity : .nan }
        guard x.isFinite else { return x }
        var exponent = Double(x.exponent)
        var mantissa = x.significand
        // Around 1 the series is shortest.
        if mantissa > 1.4142135623730951 {
            mantissa /= 2
            exponent += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var (sum, power) = (0.0, ratio)
        for odd in stride(from: 1.0, through: 23, by: 2) {
            sum += power / odd
            power *= square
        }
        return exponent * ln2High + (2 * sum + exponent * ln2Low)
    }

    static func exp(_ x: Double) -> Double {
        guard x < 709.7 else { return x.isNaN ? x : .infinity }
        guard x > -744 else { return x.isNaN ? x : 0 }
        let powers = (x / (ln2High + ln2Low)).rounded()
        let rest = x - powers * ln2High - powers * ln2Low
        var (sum, term) = (1.0, 1.0)
        for step in 1...18 {
            term *= rest / Double(step)
            sum += term
        }
        // In two halves: the power alone may be too small for a normal number.
        let half = Int(powers) / 2
        let other = Int(powers) - half
        return sum * Double(sign: .plus, exponent: half, significand: 1)
            * Double(sign: .plus, exponent: other, significand: 1)
    }
}
