/// Jitter on a ceiling that grows for ever, with the cap applied to the result, fitted by maximum likelihood.
struct BeforeCapFit {
    let initial: Double
    let factor: Double
    let cap: Double
    let floor: Double
    let cost: Double

    init?(_ samples: [BackoffSample], atom: CapAtom) {
        let free = BackoffEnvelope(samples.filter { $0.seconds < atom.edge })
        guard free.count > 0 else { return nil }
        var best: (growth: Double, top: Double, floor: Double, cost: Double)?
        for column in 0...240 {
            let growth = Double(column) * 0.008
            let high = free.steps.map { $0.high - growth * Double($0.number - 1) }.max() ?? 0
            let low = free.steps.map { $0.low - growth * Double($0.number - 1) }.min() ?? 0
            let lowest = Exponential.exp(low - high)
            for floor in Set([0, lowest > 0.47 && lowest < 0.55 ? 0.5 : lowest]) {
                let cost = Self.cost(samples, growth, high, floor, atom)
                if cost < best?.cost ?? .infinity { best = (growth, high, floor, cost) }
            }
        }
        guard let best, best.cost.isFinite else { return nil }
        (initial, factor) = (Exponential.exp(best.top), Exponential.exp(best.growth))
        (cap, floor, cost) = (atom.cap, best.floor, best.cost)
    }

    private static func cost(
        _ samples: [BackoffSample], _ growth: Double, _ top: Double, _ floor: Double, _ atom: CapAtom
    ) -> Double {
        var cost = 0.0
        for sample in samples {
            // What is far beyond the cap is capped surely, however far.
            let highest = Exponential.exp(min(top + growth * Double(sample.step - 1), 60))
            let width = (1 - floor) * highest
            if sample.seconds < atom.edge {
                cost += Exponential.log(max(width, 1e-9))
            } else {
                let beyond = min(max((highest - atom.edge) / max(width, 1e-9), 1e-6), 1)
                cost -= Exponential.log(beyond / atom.width)
            }
        }
        return cost
    }
}
