import Judging
import Recordings

@testable import Scenarios

/// A generator whose numbers depend on nothing but the seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// How a synthetic client waits: seconds before the attempt after `step` failures in a row.
typealias WaitMaker = (_ step: Int, _ previous: Double?, _ random: inout SeededRandom) -> Double

/// Runs in which clients lose their connection and try in vain, again and again.
struct BackoffScript {
    var clients = 30
    var outages = 2
    /// Failures in each outage.
    var failures = 10
    /// How long each try takes to fail, seconds.
    var attemptTakes = 0.25
    var seed: UInt64 = 1
    /// All processes draw the same numbers.
    var isSeededAlike = false

    static func ceiling(_ step: Int, initial: Double = 1, factor: Double = 2, cap: Double = 20) -> Double {
        var ceiling = initial
        for _ in 1..<max(step, 1) where ceiling < cap { ceiling *= factor }
        return min(ceiling, cap)
    }

    /// Ceilings 1 s, 2 s ... 20 s, spread uniformly from `floor` to `top` of them.
    static func uniform(_ floor: Double, _ top: Double = 1) -> WaitMaker {
        { step, _, random in
            let ceiling = ceiling(step)
            return floor == top ? ceiling * top : Double.random(in: floor * ceiling...top * ceiling, using: &random)
        }
    }

    static var full: WaitMaker { uniform(0) }

    func play(_ plan: ExpectationPlan, _ wait: WaitMaker) -> Script {
        var script = Script.healthy(expect: [plan], end: 100_000, count: clients)
        for index in 0..<clients {
            let client = Instance("subscriber", index)
            var random = SeededRandom(state: isSeededAlike ? seed : seed &* 1000 &+ UInt64(index))
            // The connection that stands at first.
            script.at(-7.9, Script.says(.attempt, client))
            script.at(-7.8, Script.says(.connected, client))
            for outage in 0..<outages {
                var now = 100 + 10_000 * Double(outage) + Double(index)
                script.at(now, Script.says(.error, client, text: "lost"))
                var previous: Double?
                for step in 1...failures {
                    let length = wait(step, previous, &random)
                    now += length
                    previous = length
                    script.at(now, Script.says(.attempt, client))
                    if step == failures { break }
                    now += attemptTakes
                    script.at(now, Script.says(.error, client, text: "refused"))
                }
                script.at(now + 0.1, Script.says(.connected, client))
            }
        }
        return script
    }
}

extension ExpectationPlan {
    /// An expectation of the subscriber with parameters as the checker gives them.
    static func owed(_ kind: String, _ parameters: [String: Value]) -> ExpectationPlan {
        ExpectationPlan(
            index: 0, kind: kind, subject: .actor("subscriber"), parameters: parameters, position: "sample.yaml:1:1",
            text: "\(kind): subscriber")
    }

    static func backoff(_ jitter: String, _ more: [String: Value] = [:]) -> ExpectationPlan {
        let usual: [String: Value] = [
            "initial": .duration(.seconds(1)), "cap": .duration(.seconds(20)), "jitter": .text(jitter),
        ]
        return owed("backoff", usual.merging(more) { $1 })
    }
}
