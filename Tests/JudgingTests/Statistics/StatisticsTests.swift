import Testing

@testable import Judging

/// Against figures computed with SciPy 1.17.1 (NumPy for logarithms and quantiles).
@Suite struct StatisticsTests {
    private func isClose(_ value: Double, _ expected: Double, _ share: Double = 1e-12) -> Bool {
        (value - expected).magnitude <= share * expected.magnitude
    }

    @Test func `logarithms`() {
        let known: [(Double, Double)] = [
            (1e-300, -690.7755278982137), (1e-9, -20.72326583694641), (0.5, -0.6931471805599453),
            (2, 0.6931471805599453), (3.7, 1.308332819650179), (1e5, 11.512925464970229), (1e300, 690.7755278982137),
        ]
        for (x, expected) in known { #expect(isClose(Exponential.log(x), expected, 1e-15), "\(x)") }
        // Near 1 the digits of x itself are what is left.
        #expect(isClose(Exponential.log(1.0000001), 9.999999505838704e-08, 1e-9))
        #expect(Exponential.log(1) == 0)
        #expect(Exponential.log(0) == -.infinity)
        #expect(Exponential.log(-1).isNaN)
    }

    @Test func `exponentials`() {
        let known: [(Double, Double)] = [
            (-700, 9.85967654375977e-305), (-1.5, 0.22313016014842982), (-1e-9, 0.999999999), (0.3, 1.3498588075760032),
            (1, 2.718281828459045), (20.5, 799902177.4755054), (700, 1.0142320547350045e304),
        ]
        for (x, expected) in known { #expect(isClose(Exponential.exp(x), expected, 1e-13), "\(x)") }
        #expect(Exponential.exp(0) == 1)
        #expect(Exponential.exp(-1000) == 0)
        #expect(Exponential.exp(1000) == .infinity)
    }

    /// numpy.quantile's default.
    @Test func `quantiles`() {
        let values: [Double] = [3, 1, 4, 1, 5, 9, 2, 6]
        let known: [(Double, Double)] = [
            (0, 1), (0.1, 1), (0.25, 1.75), (0.5, 3.5), (0.9, 6.9), (0.99, 8.79), (1, 9),
        ]
        for (share, expected) in known {
            #expect(isClose(Quantiles.quantile(share, of: values) ?? 0, expected), "\(share)")
        }
        #expect(Quantiles.median([7]) == 7)
        #expect(Quantiles.median([]) == nil)
    }

    /// scipy.stats.kstwobign.sf, kstwo.sf and kstest.
    @Test func `Kolmogorov and Smirnov`() {
        let limits: [(Double, Double)] = [
            (0.5, 0.9639452436648751), (1, 0.26999967167735456), (1.36, 0.049485876755377876),
            (2, 0.0006709252557796953),
        ]
        for (x, expected) in limits { #expect(isClose(KolmogorovSmirnov.limit(x), expected, 1e-9), "\(x)") }
        let exact: [(Double, Int, Double)] = [
            (0.1, 100, 0.2526927570063874), (0.2, 50, 0.03143877776953241), (0.05, 400, 0.26121244607129124),
            (0.3, 20, 0.04306706665851623),
        ]
        for (distance, count, expected) in exact {
            let probability = KolmogorovSmirnov.probability(ofDistance: distance, count: count)
            #expect((probability - expected).magnitude < 0.01, "\(distance) \(count)")
        }
        let values = [0.97, 0.01, 0.1, 0.33, 0.41, 0.5, 0.62, 0.7, 0.77, 0.9, 0.93, 0.99]
        #expect(isClose(KolmogorovSmirnov.distance(ofUniform: values), 0.2333333333333334))
    }

    /// scipy.stats.binom.sf(k - 1, n, p)
    @Test func `binomial tails`() {
        let known: [(Int, Int, Double, Double)] = [
            (7, 20, 0.1, 0.002386089408966118), (60, 100, 0.5, 0.028443966820490444),
            (3, 1000, 0.0005, 0.014359242305093839), (200, 400, 0.45, 0.02521789162550121),
        ]
        for (successes, trials, probability, expected) in known {
            let tail = Binomial.atLeast(successes, of: trials, probability: probability)
            #expect(isClose(tail, expected, 1e-10), "\(successes) of \(trials)")
        }
        #expect(Binomial.atLeast(0, of: 5, probability: 0.3) == 1)
        #expect(Binomial.atLeast(6, of: 5, probability: 0.3) == 0)
        #expect(Binomial.atLeast(1, of: 5, probability: 0) == 0)
        #expect(Binomial.atLeast(5, of: 5, probability: 1) == 1)
    }

    /// By hand, after Holm 1979: 0.01 x 4, then 0.02 x 3, 0.03 x 2 (not less than the one before), 0.9.
    @Test func `several tests`() {
        let corrected = MultipleTests.corrected([0.03, 0.01, 0.9, 0.02])
        let expected = [0.06, 0.04, 0.9, 0.06]
        for (value, known) in zip(corrected, expected) { #expect(isClose(value, known)) }
        #expect(MultipleTests.corrected([]).isEmpty)
    }

    @Test func `minimum of a function with a kink`() {
        let found = Minimum.of(0...10, columns: 20) { ($0 - 3.3).magnitude + ($0 > 7 ? -1 : 0) }
        #expect((found.place - 3.3).magnitude < 1e-5)
        let edge = Minimum.of(0...10, columns: 4) { -$0 }
        #expect(edge.place == 10)
    }
}
