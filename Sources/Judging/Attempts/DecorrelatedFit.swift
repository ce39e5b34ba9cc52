/// Waits drawn between an initial one and a multiple of the wait before, the cap at most, fitted by maximum likelihood:
/// the initial wait is the shortest one, less what the shortest of so many is above it on average.
/// ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015, has 3 for the multiple.)
struct DecorrelatedFit {
    /// Seconds.
    let initial: Double
    let factor: Double
    /// Nil when no wait shows one.
    let cap: Double?
    let cost: Double
    /// Where each wait lies between the least and the most that it could be, for those that could not be the cap.
    let places: [Double]

    /// - Parameter atom: the wait at which many waits lie exactly, if there is one.
    init?(_ samples: [BackoffSample], atom: CapAtom?) {
        guard let lowest = samples.map(\.seconds).min(), lowest > 0 else { return nil }
        let free = samples.filter { sample in atom.map { sample.seconds < $0.edge } ?? true }
        let ratios = free.compactMap { sample in
            (sample.previous ?? (sample.step == 1 ? lowest : nil)).map { sample.seconds / $0 }
        }
        guard let largest = ratios.max() else { return nil }
        let highest = largest * (1 + 1 / Double(ratios.count + 1))
        guard highest > 1 else { return nil }
        var (cost, places, density) = (0.0, [Double](), 0.0)
        for sample in samples {
            guard let before = sample.previous ?? (sample.step == 1 ? lowest : nil) else { continue }
            let (least, most) = (lowest, max(before * highest, lowest * 1.005))
            density += 1 / (most - least)
            if let atom, sample.seconds >= atom.edge {
                let beyond = max(most - atom.edge, 1e-9 * atom.cap) / (most - least)
                cost -= Exponential.log(min(beyond, 1) / atom.width)
            } else {
                cost += Exponential.log(most - least)
                // What could have been the cap was cut off there.
                let end = atom.map { min(most, $0.edge) } ?? most
                places.append((sample.seconds - least) / max(end - least, 1e-12))
            }
        }
        initial = max(lowest - 1 / density, lowest / 2)
        (factor, cap, self.cost, self.places) = (highest, atom?.cap, cost, places)
    }
}

/// Waits that lie at the cap itself, which jitter that is applied after the cap does not produce.
struct CapAtom {
    /// The cap, seconds.
    let cap: Double
    /// Waits at least this long count as being the cap.
    let edge: Double

    var width: Double { cap - edge }

    /// Waits within this share of the longest one, or within the noise of it, count as being it.
    private static let share = 0.002

    /// Nil unless more waits lie at the longest one than uniform ones from `floor` of it would: by a binomial test with
    /// a chance of error of 1 in 10,000.
    init?(_ samples: [BackoffSample], floor: Double, noise: Double) {
        guard let longest = samples.map(\.seconds).max(), longest > 0 else { return nil }
        let window = min(max(longest * Self.share, 2 * noise), longest / 4)
        let there = samples.filter { $0.seconds >= longest - window }.count
        let chance = min(window / longest / max(1 - floor, 0.01), 0.5)
        // The longest of uniform waits is itself one of them.
        let probability = Binomial.atLeast(there - 1, of: samples.count - 1, probability: chance)
        guard there >= 3, probability < 1e-4 else { return nil }
        (cap, edge) = (longest, longest - window)
    }
}
