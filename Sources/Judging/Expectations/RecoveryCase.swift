import Recordings
import Scenarios

/// One session and one strike: what became of it, or why nothing can be said.
struct RecoveryCase {
    enum State {
        case traced(RecoveryTrace)
        case void(String, evidence: () -> [Evidence])
    }

    let state: State

    init(
        _ run: RunView, _ strike: FaultStrike, _ signs: ClientSigns, _ within: Duration,
        _ steady: RecoveryRate.Measure?, wantsLogin: Bool
    ) {
        guard strike.hits > 0 else {
            state = .void("\(strike.name) did not strike: nobody had to recover from it.") { [] }
            return
        }
        guard let trace = RecoveryTrace(run, strike, signs, steady: steady, wantsLogin: wantsLogin) else {
            state = .void("What \(strike.name) took away was not there again: nobody could recover from it.") { [] }
            return
        }
        guard let loss = signs.lossBefore(trace.struck.time) else {
            state = .traced(trace)
            return
        }
        state = .void(
            "\(trace.name) was not connected when \(strike.name) struck: \(loss.text) at "
                + "\(run.at(loss.moment.time))."
        ) { [run.evidence(loss.moment, loss.text), run.evidence(trace.struck, "\(strike.name) struck")] }
    }
}

/// A verdict on one session, whose words are only made when it is the one that decides: there may be 20,000.
struct RecoveryResult {
    let verdict: Verdict
    /// Measured over bound.
    let excess: Double
    let finding: () -> Finding

    init(_ verdict: Verdict, excess: Double = 0, _ finding: @escaping () -> Finding) {
        self.verdict = verdict
        self.excess = excess
        self.finding = finding
    }

    /// The one at the quantile, passes first, then voids, then fails: what cannot be told may have been late, but not
    /// later than what was.
    static func decisive(_ results: [RecoveryResult], quantile: Double) -> Finding? {
        guard !results.isEmpty else { return nil }
        let ranks: [Verdict] = [.pass, .void, .fail]
        func rank(_ result: RecoveryResult) -> Int { ranks.firstIndex(of: result.verdict) ?? ranks.count }
        typealias Ranked = (rank: Int, excess: Double, place: Int)
        func isLess(_ a: Ranked, _ b: Ranked) -> Bool {
            (a.rank, a.excess, -a.place) < (b.rank, b.excess, -b.place)
        }
        let ranked = results.enumerated().map { (rank: rank($1), excess: $1.excess, place: $0) }
        // Up, so that 95 % of 20 are 19 and of 21 are 20; a hair less, as 0.95 has no exact binary form.
        let place = Int((Double(results.count) * quantile - 1e-9).rounded(.up))
        // The worst of all, as is mostly asked for, is found without sorting 60,000.
        let found =
            place >= results.count
            ? ranked.max(by: isLess) : ranked.sorted(by: isLess)[max(place, 1) - 1]
        guard let found else { return nil }
        let decisive = results[found.place]
        var finding = decisive.finding()
        let alike = results.count { $0.verdict == decisive.verdict }
        if quantile < 1 {
            finding.summary +=
                " (This is the \(Units.text(fraction: quantile)) quantile of \(results.count) sessions.)"
        } else if alike > 1, decisive.verdict != .pass {
            finding.summary += " (\(alike) of \(results.count) cases like this; this is the worst.)"
        }
        return finding
    }
}
