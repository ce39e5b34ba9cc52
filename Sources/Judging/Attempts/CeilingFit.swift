/// Waits that are uniform between a share of their ceiling and the ceiling, fitted by maximum likelihood: the ceiling
/// grows by a factor with every failure and stops at a cap. Jitter of every width is a case of it, none included.
struct CeilingFit {
    /// Logarithms: of the first ceiling, of the factor, of the cap over the first ceiling.
    private(set) var first = 0.0
    private(set) var growth = 0.0
    private(set) var room = 0.0
    /// Lowest share of its ceiling that a wait had.
    private(set) var floor = 1.0
    /// Minus the logarithm of the likelihood.
    private(set) var cost = Double.infinity
    /// Whether waits show the cap; without it they are explained much worse.
    private(set) var hasCap = false

    /// Spread that is taken for the noise of a measurement, so that a likelihood stays finite.
    private static let noise = 0.005
    /// Logarithm of the largest factor that is looked for, 8.
    private static let steepest = 2.08
    /// A cap must explain the waits a thousand times better than none.
    private static let capGain = 6.9

    init(_ envelope: BackoffEnvelope) {
        guard envelope.count > 0 else { return }
        let last = Double(max(envelope.lastStep - 1, 1))
        /// The best cap for a growth: a range of it, then close to the best.
        func best(_ growth: Double) -> (place: Double, cost: Double) {
            Minimum.of(0...(growth * last), columns: 40, tries: 2) { Self.measure(envelope, growth, $0).cost }
        }
        let growing = Minimum.of(0...Self.steepest, columns: 104, tries: 3) { best($0).cost }
        let open = Minimum.of(0...Self.steepest, columns: 104, tries: 3) {
            Self.measure(envelope, $0, .infinity).cost
        }
        hasCap = growing.place > 0 && open.cost - growing.cost > Self.capGain
        growth = hasCap ? growing.place : open.place
        room = hasCap ? best(growth).place : growth * last
        let measured = Self.measure(envelope, growth, room)
        (first, floor, cost) = (measured.first, measured.floor, measured.cost)
        correctBias(envelope)
    }

    /// Logarithm of the ceiling of a step over the first one.
    func rise(_ step: Int) -> Double { hasCap ? min(growth * Double(step - 1), room) : growth * Double(step - 1) }

    func ceiling(_ step: Int) -> Double { Exponential.exp(first + rise(step)) }

    private static func measure(
        _ envelope: BackoffEnvelope, _ growth: Double, _ room: Double
    ) -> (first: Double, floor: Double, cost: Double) {
        var (high, low, rises) = (-Double.infinity, Double.infinity, 0.0)
        for step in envelope.steps {
            let rise = min(growth * Double(step.number - 1), room)
            high = max(high, step.high - rise)
            low = min(low, step.low - rise)
            rises += Double(step.count) * rise
        }
        let floor = Exponential.exp(low - high)
        let width = max(1 - floor, Self.noise)
        return (high, floor, rises + Double(envelope.count) * (high + Exponential.log(width)))
    }

    /// The largest of n uniform values lies below their bound by one part in n + 1, on average; the waits on the way to
    /// the cap and those at the cap each have to be so corrected.
    private mutating func correctBias(_ envelope: BackoffEnvelope) {
        let atCap = envelope.steps.filter { hasCap && growth * Double($0.number - 1) >= room }
        let capped = atCap.reduce(0) { $0 + $1.count }
        let rising = envelope.count - capped
        let up = rising > 0 ? Exponential.log(1 + (1 - floor) / Double(rising)) : 0
        let upAtCap = capped > 0 ? Exponential.log(1 + (1 - floor) / Double(capped)) : up
        first += up
        room += upAtCap - up
    }
}
