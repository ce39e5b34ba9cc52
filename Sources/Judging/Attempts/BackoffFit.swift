/// What the waits of a client's backoff show: class of jitter, initial wait, factor and cap.
///
/// Tests in this order, each for what the later ones would take for something else:
/// 1. none: at each step all waits are the same.
/// 2. once per process, once per series, shared: what is left when the course and one number for each process (each
///    series; each place in time) are taken out is less than the noise.
/// 3. decorrelated, before the cap, uniform: the likelihoods, against each other.
/// 4. not uniform: Kolmogorov-Smirnov tests of all waits, of those on the way to the cap and of those at it, corrected
///    after Holm.
struct BackoffFit {
    let jitter: JitterClass
    /// Seconds; for a band its middle.
    let initial: Double
    let factor: Double
    /// Nil when no wait shows one.
    let cap: Double?
    let count: Int
    /// The longest ceiling of the steps that were seen.
    let longest: Double
    /// Waits that are free of jitter differ by so much.
    static let sameness = 0.02
    /// Chance of calling a uniform spread something else.
    static let error = 0.0005

    /// - Parameter noise: seconds by which any measured wait may be wrong.
    init?(_ samples: [BackoffSample], noise: Double = 0) {
        guard !samples.isEmpty else { return nil }
        let envelope = BackoffEnvelope(samples)
        let ceilings = CeilingFit(envelope)
        let structure = JitterStructure(samples, noise: noise)
        if structure.isSteady, ceilings.floor > 1 - 2 * Self.sameness - structure.noise {
            self.init(.none, ceilings, 1, envelope)
        } else if let drawn = structure.drawn {
            self.init(drawn, ceilings, 1, envelope)
        } else {
            self.init(samples, envelope, ceilings, noise)
        }
    }

    private init(_ samples: [BackoffSample], _ envelope: BackoffEnvelope, _ ceilings: CeilingFit, _ noise: Double) {
        let atom = CapAtom(samples, floor: ceilings.floor, noise: noise)
        let decorrelated = DecorrelatedFit(samples, atom: atom)
        let beforeCap = atom.flatMap { BeforeCapFit(samples, atom: $0) }
        // A likelihood ratio of e^3: the candidates have about as many parameters.
        let margin = 3.0
        let others = [decorrelated?.cost, beforeCap?.cost].compactMap { $0 }
        if ceilings.cost <= (others.min() ?? .infinity) + margin, atom == nil || others.isEmpty {
            let jitter = JitterClass(floor: ceilings.floor)
            let tests = Self.shape(samples, ceilings)
            if let probability = tests.min(), probability < Self.error {
                self.init(.other(probability: probability), ceilings, jitter.top, envelope)
            } else {
                self.init(jitter, ceilings, jitter.top, envelope)
            }
        } else if let decorrelated, decorrelated.cost <= beforeCap?.cost ?? .infinity {
            let distance = KolmogorovSmirnov.distance(ofUniform: decorrelated.places)
            let probability = KolmogorovSmirnov.probability(ofDistance: distance, count: decorrelated.places.count)
            self.init(
                probability < Self.error ? .other(probability: probability) : .decorrelated,
                initial: decorrelated.initial, factor: decorrelated.factor, cap: decorrelated.cap,
                count: samples.count, longest: samples.map(\.seconds).max() ?? 0)
        } else if let beforeCap {
            self.init(
                .beforeCap, initial: beforeCap.initial, factor: beforeCap.factor, cap: beforeCap.cap,
                count: samples.count, longest: beforeCap.cap)
        } else {
            self.init(JitterClass(floor: ceilings.floor), ceilings, 1, envelope)
        }
    }

    private init(_ jitter: JitterClass, _ ceilings: CeilingFit, _ top: Double, _ envelope: BackoffEnvelope) {
        self.init(
            jitter, initial: ceilings.ceiling(1) / top, factor: Exponential.exp(ceilings.growth),
            cap: ceilings.hasCap ? Exponential.exp(ceilings.first + ceilings.room) / top : nil,
            count: envelope.count, longest: ceilings.ceiling(envelope.lastStep) / top)
    }

    private init(_ jitter: JitterClass, initial: Double, factor: Double, cap: Double?, count: Int, longest: Double) {
        self.jitter = jitter
        self.initial = initial
        self.factor = factor
        self.cap = cap
        self.count = count
        self.longest = longest
    }

    /// Probabilities that uniform waits would be so far from uniform: all, on the way to the cap, and at it.
    private static func shape(_ samples: [BackoffSample], _ ceilings: CeilingFit) -> [Double] {
        let atCap = Dictionary(grouping: samples) { ceilings.rise($0.step) >= ceilings.room && ceilings.hasCap }
        let parts = [samples] + atCap.values.filter { atCap.count > 1 && $0.count >= 10 }
        let tests: [Double] = parts.map { waits in
            let places = waits.map { sample in
                let share = sample.seconds / ceilings.ceiling(sample.step)
                return (share - ceilings.floor) / max(1 - ceilings.floor, 1e-9)
            }
            let distance = KolmogorovSmirnov.distance(ofUniform: places)
            return KolmogorovSmirnov.probability(ofDistance: distance, count: places.count)
        }
        return MultipleTests.corrected(tests)
    }
}
