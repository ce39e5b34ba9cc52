import Faults
import Foundation
import Glibc
import Kernel
import Labs
import Scenarios
import Testing

@testable import Running

extension KernelTests {
    /// Faults combine and overlap freely, and each heals to exactly what stood before it.
    @Suite struct RandomSchedulesTests {
        /// Played by the engine with real actors, one after the other; the state of the lab is what the system's own
        /// tools print of every namespace.
        @Test func `after random schedules of overlapping faults a lab is as it was`() throws {
            // `make schedules` plays five hundred.
            let seeds = try getenv("HALFOPEN_SCHEDULES").map { try Self.range(String(cString: $0)) } ?? 1...40
            for seed in seeds {
                let schedule = try RandomSchedule(seed: UInt64(seed))
                let (differences, ending) = try schedule.play()
                guard differences.isEmpty, ending == "finished " else {
                    let comment = (schedule.timeline + differences + [ending]).joined(separator: "\n")
                    Issue.record("seed \(seed):\n\(comment)")
                    continue
                }
            }
        }

        /// `1..250`
        private static func range(_ text: String) throws -> ClosedRange<Int> {
            let numbers = text.components(separatedBy: "..").compactMap { Int($0) }
            try #require(numbers.count == 2 && numbers[0] <= numbers[1], "HALFOPEN_SCHEDULES=\(text)")
            return numbers[0]...numbers[1]
        }

        /// The generator draws every fault there is, and up to twelve at a time.
        @Test func `schedules reach every fault`() throws {
            var kinds: Set<String> = []
            var sizes: Set<Int> = []
            for seed in 1...500 {
                let schedule = try RandomSchedule(seed: UInt64(seed))
                kinds.formUnion(schedule.loaded.scenario.faults.map(\.kind))
                sizes.insert(schedule.timeline.count)
            }
            #expect(kinds == Set(FaultCatalog.definitions.map(\.name)))
            #expect(sizes == Set(1...12))
        }
    }
}

/// Between one and twelve faults of the catalogue at random times of ten minutes, drawn from a seed. Each is its
/// definition's example, at another time.
struct RandomSchedule {
    let seed: UInt64
    private(set) var timeline: [String] = []
    private(set) var loaded: LoadedScenario

    private static let end = "22m"

    init(seed: UInt64) throws {
        self.seed = seed
        var lots = Lots(seed)
        let wanted = lots.number(1...12)
        loaded = try ExampleScenario.load([], end: Self.end)
        while timeline.count < wanted {
            let line = Self.line(&lots)
            // One kind strikes one target once at a time; who draws that draws again.
            guard let more = try? ExampleScenario.load(timeline + [line], end: Self.end) else { continue }
            timeline.append(line)
            loaded = more
        }
    }

    private static func line(_ lots: inout Lots) -> String {
        let kinds = FaultCatalog.definitions
        let definition = kinds[lots.number(0...kinds.count - 1)]
        let at = lots.number(1...540)
        let until = lots.number((at + 1)...600)
        return definition.example
            .replacing(/\bat: [0-9a-z.]+/, with: "at: \(at)s")
            .replacing(/\buntil: [0-9a-z.]+/, with: "until: \(until)s")
    }

    /// How the lab, once the last fault has healed, differs from what it was before the first, and how the run ended.
    /// A minute after the last heal all is as it was but what hosts have learned of the paths; ten minutes later that
    /// too.
    func play() throws -> (differences: [String], ending: String) {
        var (before, healed, after): (KernelState?, KernelState?, KernelState?)
        let played = try loaded.play { engine, phase in
            if phase == "play" {
                before = try KernelState(of: engine.lab, learned: false)
                engine.loop.after(.seconds(660)) { healed = try? KernelState(of: engine.lab, learned: false) }
            }
            if phase == "settle" { after = try KernelState(of: engine.lab, learned: true) }
        }
        let early: Comment = "ended before its time: \(played.ending)\n\(timeline.joined(separator: "\n"))"
        let states = (try #require(before, early), try #require(healed, early), try #require(after, early))
        return (states.1.differences(from: states.0) + states.2.differences(from: states.0), played.ending)
    }
}

/// Random numbers that are the same in every build.
private struct Lots {
    private var state: UInt64
    init(_ seed: UInt64) { state = Seed.derived(from: seed, for: "schedule") }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        state = Seed.mixed(state)
        return range.lowerBound + Int(state >> 16) % range.count
    }
}
