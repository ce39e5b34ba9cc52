import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct BackoffExpectation {
    private func judged(
        _ jitter: String, _ more: [String: Value] = [:], by script: BackoffScript = BackoffScript(), waits: WaitMaker
    ) -> Finding {
        script.play(.backoff(jitter, more), waits).finding
    }

    private static var decorrelated: WaitMaker {
        { _, previous, random in min(20, Double.random(in: 1...3 * (previous ?? 1), using: &random)) }
    }

    @Test func `each class passes for itself`() {
        let kept: [(String, WaitMaker)] = [
            ("none", BackoffScript.uniform(1)), ("full", BackoffScript.full), ("equal", BackoffScript.uniform(0.5)),
            ("band", BackoffScript.uniform(0.8, 1.2)), ("decorrelated", Self.decorrelated),
        ]
        for (jitter, wait) in kept {
            let finding = judged(jitter, waits: wait)
            #expect(finding.verdict == .pass, "\(jitter): \(finding.summary)")
            #expect((finding.measured ?? 100) < 5, "\(jitter): \(finding.summary)")
            #expect(finding.bound == 10)
            #expect(finding.unit == "%")
            #expect(finding.evidence.count == 4)
        }
    }

    @Test func `no class passes for another, and each is named`() {
        let seen: [(String, WaitMaker)] = [
            ("no jitter", BackoffScript.uniform(1)), ("full jitter", BackoffScript.full),
            ("equal jitter", BackoffScript.uniform(0.5)), ("a band of 50 %", BackoffScript.uniform(0.5, 1.5)),
            ("decorrelated jitter", Self.decorrelated),
        ]
        for (words, wait) in seen {
            for promised in ["none", "full", "equal", "band", "decorrelated"] where !words.contains(promised) {
                if promised == "none" && words == "no jitter" { continue }
                let finding = judged(promised, waits: wait)
                #expect(finding.verdict == .fail, "\(words) for \(promised)")
                let named = words == "a band of 50 %" ? "a band of" : words
                #expect(finding.summary.contains("showed \(named)"), "\(promised): \(finding.summary)")
            }
        }
    }

    @Test func `a band that is wider`() {
        let wide = BackoffScript.uniform(0.5, 1.5)
        #expect(judged("band", ["band": .fraction(0.5)], waits: wide).verdict == .pass)
        let narrow = judged("band", ["band": .fraction(0.4)], waits: wide)
        #expect(narrow.verdict == .fail)
        #expect(narrow.summary.contains("owed a band of 40 %"), "\(narrow.summary)")
    }

    @Test func `parameters that differ are named`() {
        func growing(_ initial: Double, _ factor: Double, _ cap: Double) -> WaitMaker {
            { step, _, random in
                let ceiling = BackoffScript.ceiling(step, initial: initial, factor: factor, cap: cap)
                return Double.random(in: 0...ceiling, using: &random)
            }
        }
        let kept = judged("full", waits: growing(1, 2, 20))
        #expect(kept.verdict == .pass, "\(kept.summary)")
        for (name, wait) in [
            ("initial wait", growing(2.4, 2, 20)), ("factor", growing(1, 1.5, 20)), ("cap", growing(1, 2, 30)),
        ] {
            let finding = judged("full", waits: wait)
            #expect(finding.verdict == .fail)
            #expect(finding.summary.contains("its \(name) is"), "\(finding.summary)")
            #expect((finding.measured ?? 0) > 20)
        }
        let constant = judged("full", waits: growing(1, 1, 20))
        #expect(constant.verdict == .fail)
        #expect(constant.summary.contains("do not grow at all"), "\(constant.summary)")
    }

    /// A few of what `make bench` does by the thousand.
    @Test func `random backoffs at the sample size that is demanded`() {
        var numbers = SeededRandom(state: 4)
        for _ in 0..<12 {
            let initial = Double(Int.random(in: 100...3000, using: &numbers)) / 1000
            let factor = Double(Int.random(in: 14...30, using: &numbers)) / 10
            let cap = Double(Int(initial * factor * factor * factor * 1200)) / 1000
            let floor = [0, 0.5][Int.random(in: 0...1, using: &numbers)]
            let parameters: [String: Value] = [
                "initial": .duration(.milliseconds(Int64(initial * 1000))), "factor": .number(factor),
                "cap": .duration(.milliseconds(Int64(cap * 1000))),
            ]
            let script = BackoffScript(failures: 8, seed: numbers.next() >> 20)
            let finding = judged(floor == 0 ? "full" : "equal", parameters, by: script) { step, _, random in
                let ceiling = BackoffScript.ceiling(step, initial: initial, factor: factor, cap: cap)
                return Double.random(in: floor * ceiling...ceiling, using: &random)
            }
            #expect(finding.verdict == .pass, "\(finding.summary)")
            #expect((finding.measured ?? 100) < 5, "\(finding.summary)")
        }
    }

    @Test func `jitter that is drawn once`() {
        var numbers = SeededRandom(state: 99)
        let perProcess = (0..<20).map { _ in Double.random(in: 0.1...1, using: &numbers) }
        // Each process has a generator of its own: its first number tells which.
        var known: [UInt64: Int] = [:]
        for index in 0..<20 { known[1000 + UInt64(index)] = index }
        var current = 0
        let once: WaitMaker = { step, _, random in
            if let index = known[random.state] { current = index }
            return BackoffScript.ceiling(step) * perProcess[current]
        }
        let finding = judged("full", waits: once)
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("showed jitter drawn once in each process"), "\(finding.summary)")

        var factor = 1.0
        let perSeries: WaitMaker = { step, _, random in
            if step == 1 { factor = Double.random(in: 0.1...1, using: &random) }
            return BackoffScript.ceiling(step) * factor
        }
        let series = judged("full", waits: perSeries)
        #expect(series.verdict == .fail)
        #expect(series.summary.contains("drawn once in each series"), "\(series.summary)")
    }

    @Test func `generators that are seeded alike`() {
        let finding = judged("full", by: BackoffScript(isSeededAlike: true), waits: BackoffScript.full)
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("the same random waits in every process"), "\(finding.summary)")
    }

    @Test func `jitter before the cap`() {
        let finding = judged("full") { step, _, random in
            min(20, Double.random(in: 0...BackoffScript.ceiling(step, cap: 1e9), using: &random))
        }
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("applied before the cap"), "\(finding.summary)")
    }

    @Test func `jitter that is not uniform`() {
        let finding = judged("full") { step, _, random in
            let sum = (0..<4).reduce(0.0) { sum, _ in sum + Double.random(in: 0...1, using: &random) }
            return BackoffScript.ceiling(step) * sum / 4
        }
        #expect(finding.verdict == .fail)
        #expect(finding.summary.contains("not uniform"), "\(finding.summary)")
    }

    @Test func `too few waits are void, and say how many are missing`() {
        let few = judged("full", by: BackoffScript(clients: 10), waits: BackoffScript.full)
        #expect(few.verdict == .void)
        #expect(few.measured == nil)
        #expect(few.summary.contains("280 more waits and 40 more series"), "\(few.summary)")
        let steady = BackoffScript(clients: 1, outages: 1, failures: 11)
        let missing = judged("none", by: steady, waits: BackoffScript.uniform(1))
        #expect(missing.verdict == .void)
        #expect(missing.summary.contains("1 more waits"), "\(missing.summary)")
        let enough = BackoffScript(clients: 1, outages: 1, failures: 12)
        #expect(judged("none", by: enough, waits: BackoffScript.uniform(1)).verdict == .pass)
    }

    @Test func `a wait beyond its bound fails with any number of them`() {
        let few = BackoffScript(clients: 1, outages: 1)
        let late = judged("full", by: few, waits: BackoffScript.uniform(1.3, 1.3))
        #expect(late.verdict == .fail)
        #expect((late.measured ?? 0) > 1.29)
        #expect(late.bound == 1)
        #expect(late.summary.contains("too few to say"), "\(late.summary)")
        let early = judged("equal", by: few, waits: BackoffScript.uniform(0.2, 0.2))
        #expect(early.verdict == .fail)
        #expect(early.summary.contains("too soon"), "\(early.summary)")
        #expect(judged("equal", by: few, waits: BackoffScript.uniform(0.52, 0.9)).verdict == .void)
    }

    @Test func `a cap that no wait shows`() {
        let short = BackoffScript(clients: 60, outages: 2, failures: 4)
        let finding = judged("full", ["cap": .duration(.seconds(60))], by: short, waits: BackoffScript.full)
        #expect(finding.verdict == .void)
        #expect(finding.summary.contains("No wait shows the cap of 60 s"), "\(finding.summary)")
    }

    @Test func `attempts that last are no waits`() {
        var long = BackoffScript()
        long.attemptTakes = 30
        let finding = judged("full", by: long, waits: BackoffScript.full)
        #expect(finding.verdict == .pass, "\(finding.summary)")
        // Counted from the start of an attempt the waits are longer than anything promised.
        #expect(judged("full", ["from": .text("start")], by: long, waits: BackoffScript.full).verdict == .fail)
    }
}
