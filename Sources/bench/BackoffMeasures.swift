import Glibc
import JSONLines
import Judging
import Kernel
import Recordings
import Running
import Scenarios

/// How often the expectation `backoff` is right, on synthetic recordings of random backoffs: through the scenario's
/// checker, the recording and the judge, as for a real client.
enum BackoffMeasures {
    private static let rounds = 1000

    /// Of each class: is it named, and are the parameters within 5 %?
    /// - Returns: whether what is promised holds.
    static func run() throws -> Bool {
        Bench.title("Backoff classes, \(rounds) random cases at the sample size that is demanded")
        var random = Numbers(state: 20_261_121)
        var tallies: [BackoffCase.Kind: Tally] = [:]
        for round in 0..<rounds {
            let kind = BackoffCase.Kind.allCases[round % BackoffCase.Kind.allCases.count]
            let backoff = BackoffCase(kind, using: &random)
            tallies[kind, default: Tally()].add(try backoff.judge(using: &random), backoff)
        }
        for kind in BackoffCase.Kind.allCases {
            guard let tally = tallies[kind] else { continue }
            Bench.row("\(kind.words)", "\(tally.named) of \(tally.all) named; \(tally.parameters)")
        }
        let all = tallies.values.reduce(Tally()) { $0 + $1 }
        let share = Double(all.named) / Double(all.all)
        Bench.row("class right", "\(Bench.text(share * 100, digits: 1)) %", "99 %")
        let sorted = all.deviations.sorted()
        let within = Double(sorted.filter { $0 <= 5 }.count) / Double(sorted.count)
        Bench.row(
            "initial, factor and cap all within 5 %", "\(Bench.text(within * 100, digits: 1)) % of cases", "99 %")
        Bench.row("worst of the three, median", "\(Bench.text(sorted[sorted.count / 2], digits: 2)) %")
        Bench.row("worst of the three, 99th percentile", "\(Bench.text(sorted[sorted.count * 99 / 100], digits: 2)) %")
        return share >= 0.99 && within >= 0.99
    }

    private struct Tally {
        var all = 0
        var named = 0
        /// Percent, of classes that have parameters to compare.
        var deviations: [Double] = []

        mutating func add(_ finding: Finding, _ backoff: BackoffCase) {
            all += 1
            let isNamed =
                backoff.kind.isKept
                ? finding.measured != nil && !finding.summary.contains("and showed")
                : finding.verdict == .fail && finding.summary.contains("showed \(backoff.kind.words)")
            if isNamed { named += 1 }
            // What was not named has no parameters that would mean anything.
            if backoff.kind.isKept { deviations.append(isNamed ? finding.measured ?? 100 : 100) }
        }

        var parameters: String {
            guard let worst = deviations.max() else { return "not to be compared" }
            let within = deviations.filter { $0 <= 5 }.count
            return "\(within) of \(deviations.count) within 5 %, worst \(Bench.text(worst, digits: 1)) %"
        }

        static func + (a: Tally, b: Tally) -> Tally {
            Tally(all: a.all + b.all, named: a.named + b.named, deviations: a.deviations + b.deviations)
        }
    }
}

/// A generator whose numbers depend on nothing but its state (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A random backoff, and a run in which clients show it as often as the expectation demands and no more.
struct BackoffCase {
    enum Kind: CaseIterable {
        case none, full, equal, decorrelated, band, oncePerProcess, oncePerSeries, shared, beforeCap, notUniform

        /// Classes that a scenario can promise; the others are to be caught.
        var isKept: Bool {
            switch self {
            case .none, .full, .equal, .decorrelated, .band: true
            case .oncePerProcess, .oncePerSeries, .shared, .beforeCap, .notUniform: false
            }
        }

        var words: String {
            switch self {
            case .none: "no jitter"
            case .full: "full jitter"
            case .equal: "equal jitter"
            case .decorrelated: "decorrelated jitter"
            case .band: "a band of 5 to 90 %"
            case .oncePerProcess: "jitter drawn once in each process"
            case .oncePerSeries: "jitter drawn once in each series"
            case .shared: "the same random waits in every process"
            case .beforeCap: "jitter that is applied before the cap"
            case .notUniform: "jitter that is not uniform"
            }
        }
    }

    let kind: Kind
    private let initial: Double
    private let factor: Double
    private let cap: Double
    /// To either side, of the ceiling.
    private let band: Double
    /// Lowest share of the ceiling, of classes that are to be caught.
    private let floor: Double
    private static let processes = 30
    private static let series = 2
    /// Waits in a series: 60 series of 8 make 480 waits, and the cap shows in half of them.
    private static let failures = 8

    init(_ kind: Kind, using random: inout Numbers) {
        self.kind = kind
        initial = Double(Int.random(in: 100...5000, using: &random)) / 1000
        factor = kind == .decorrelated ? 3 : Double(Int.random(in: 14...30, using: &random)) / 10
        var cap = initial
        // Reached after the third to fifth failure, at no whole number of steps.
        for _ in 0..<Int.random(in: 2...3, using: &random) { cap *= factor == 3 ? 2 : factor }
        self.cap = Double(Int(cap * Double.random(in: 1.1...1.4, using: &random) * 1000)) / 1000
        // A band of a third is equal jitter by another name.
        let share = Int.random(in: 50...290, using: &random)
        band = Double(Bool.random(using: &random) ? share : share * 2 + 320) / 1000
        floor = [0, 0.5][Int.random(in: 0...1, using: &random)]
    }

    func judge(using random: inout Numbers) throws -> Finding {
        let path = "bench.yaml"
        let loader = ScenarioLoader(catalog: .standard) { _ in Array(file.utf8) }
        let scenario = try loader.load(path: path)[0].scenario
        let judgement = Judge.judge(recording(using: &random), of: scenario, catalog: .standard)
        // Whatever keeps a run from being judged would make every figure here meaningless.
        guard judgement.verdict != .error, judgement.reasons.isEmpty || judgement.findings[0].verdict == .void else {
            throw SystemError("judge a synthetic run: \(judgement.reasons)", code: EINVAL)
        }
        return judgement.findings[0]
    }

    private var file: String {
        let promised =
            switch kind {
            case .none: "none"
            case .equal: "equal"
            case .decorrelated: "decorrelated"
            case .band: "band, band: \(Bench.text(band * 100, digits: 1))%"
            case .full, .oncePerProcess, .oncePerSeries, .shared, .beforeCap, .notUniform: "full"
            }
        return """
            format: 1
            name: bench
            lab: { hosts: { left: {}, right: {} }, links: [{ between: [left, right] }] }
            actors:
              feed: { role: server, on: right, run: [feed] }
              client: { role: client, on: left, run: [client], count: \(Self.processes) }
            timeline: [{ end: 24h }]
            expect:
              - backoff: client
                initial: \(Bench.text(initial * 1000, digits: 0))ms
                factor: \(Bench.text(factor, digits: 1))
                cap: \(Bench.text(cap * 1000, digits: 0))ms
                jitter: \(promised.split(separator: ",")[0])
            \(kind == .band ? "    band: \(Bench.text(band * 100, digits: 1))%" : "")
            """
    }

    private func recording(using random: inout Numbers) -> Recording {
        var events = [Phase.build, .start].map { Event(Timestamp(nanoseconds: 0), .phase($0)) }
        events.append(Event(Timestamp(nanoseconds: 1), .actor(ActorChange(Instance("feed"), .started(pid: 2)))))
        for index in 0..<Self.processes {
            let started = ActorChange(Instance("client", index), .started(pid: 3 + index))
            events.append(Event(Timestamp(nanoseconds: 1), .actor(started)))
        }
        events += [Phase.healthy, .play].map { Event(Timestamp(nanoseconds: 2_000_000_000), .phase($0)) }
        let shared = random.next()
        for index in 0..<Self.processes {
            let client = Instance("client", index)
            func say(_ kind: DriverReport.Kind, _ seconds: Double) {
                events.append(Event(Timestamp(nanoseconds: Int64(seconds * 1e9)), .driver(DriverReport(client, kind))))
            }
            var own = Numbers(state: kind == .shared ? shared : random.next())
            let drawn = own.share(from: 0.1)
            say(.attempt, 1)
            say(.connected, 1.1)
            for series in 0..<Self.series {
                var (now, previous) = (Double(100 + 10_000 * series), Double?.none)
                let drawnForSeries = own.share(from: 0.1)
                say(.error, now)
                for step in 1...Self.failures {
                    let wait = wait(step, previous, kind == .oncePerProcess ? drawn : drawnForSeries, &own)
                    // A timer is never early.
                    now += wait + Double.random(in: 0...0.0005, using: &random)
                    previous = wait
                    say(.attempt, now)
                    now += Double.random(in: 0.001...3, using: &random)
                    say(step < Self.failures ? .error : .connected, now)
                }
            }
        }
        events.append(Event(Timestamp(nanoseconds: 86_400_000_000_000), .phase(.settle)))
        events.append(Event(Timestamp(nanoseconds: 86_400_000_000_000), .phase(.stop)))
        let order = events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        events = order.map(\.element)
        let header = Header(scenario: "bench", seed: 1, lab: "virtual", kernel: "", uncertainty: 0, sources: [])
        events.append(Event(events.last!.time, .end(End(.finished, events: events.count))))
        return Recording(header: header, events: events)
    }

    private func wait(_ step: Int, _ previous: Double?, _ drawn: Double, _ random: inout Numbers) -> Double {
        var raw = initial
        for _ in 1..<step { raw *= factor }
        let ceiling = min(raw, cap)
        switch kind {
        case .none: return ceiling
        case .full, .shared: return ceiling * random.share(from: 0)
        case .equal: return ceiling * random.share(from: 0.5)
        case .band: return ceiling * (1 - band + 2 * band * random.share(from: 0))
        case .decorrelated: return min(cap, initial + ((previous ?? initial) * 3 - initial) * random.share(from: 0))
        case .oncePerProcess, .oncePerSeries: return ceiling * drawn
        case .beforeCap: return min(cap, raw * random.share(from: floor))
        case .notUniform:
            return ceiling * (random.share(from: 0) + random.share(from: 0) + random.share(from: 0)) / 3
        }
    }
}

extension Numbers {
    fileprivate mutating func share(from floor: Double) -> Double { .random(in: floor...1, using: &self) }
}
