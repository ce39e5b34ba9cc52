import ReferenceFeed
import Testing

@Suite struct BackoffTests {
    let backoff = Backoff(initial: .seconds(1), factor: 2, cap: .seconds(20))

    @Test func ceilingsDoubleUpToTheCap() {
        let ceilings = (1...8).map { backoff.ceiling(after: $0) }
        #expect(ceilings == [1, 2, 4, 8, 16, 20, 20, 20].map { Duration.seconds($0) })
    }

    @Test func aWeekendWithoutNetworkDoesNotOverflow() {
        #expect(backoff.ceiling(after: .max - 1) == .seconds(20))
    }

    @Test func aFactorOfOneStaysWhereItBegins() {
        let steady = Backoff(initial: .seconds(3), factor: 1, cap: .seconds(20))
        #expect(steady.ceiling(after: 50) == .seconds(3))
    }

    /// Full jitter: uniform from nothing to the ceiling. A tenth of 20,000 draws has a standard deviation of 42.
    @Test(arguments: [1, 3, 5, 6, 40]) func delaysAreUniformBelowTheCeiling(failures: Int) {
        var random = SeededRandom(UInt64(failures))
        let ceiling = backoff.ceiling(after: failures)
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<20000 {
            let delay = backoff.delay(after: failures, using: &random)
            #expect(delay >= .zero && delay <= ceiling)
            tenths[min(9, Int(delay / ceiling * 10))] += 1
        }
        #expect(tenths.allSatisfy { abs($0 - 2000) < 5 * 42 }, "\(tenths)")
    }

    @Test func clientsThatFailTogetherDoNotComeBackTogether() {
        let delays = Set(
            (0..<1000 as Range<UInt64>).map { seed -> Duration in
                var random = SeededRandom(seed)
                return backoff.delay(after: 6, using: &random)
            })
        #expect(delays.count == 1000)
    }
}
