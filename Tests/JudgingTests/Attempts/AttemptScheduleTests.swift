import Judging
import Recordings
import Testing

@testable import Scenarios

/// The schedule of `attempt-spacing`, by the arithmetic of gRPC's interop test.
@Suite struct AttemptScheduleExpectation {
    private let promise: [String: Value] = [
        "initial": .duration(.seconds(1)), "factor": .number(1.6), "cap": .duration(.seconds(120)),
        "spread": .fraction(0.2), "slack": .duration(.milliseconds(100)),
    ]

    /// Attempts that are refused, so long after each other.
    private func script(_ waits: [Double], _ parameters: [String: Value], from start: Double = 101) -> Script {
        var script = Script.healthy(expect: [.owed("attempt-spacing", parameters)])
        script.connection(-5, 100, port: 40_000)
        var second = start
        for (place, wait) in ([0] + waits).enumerated() {
            second += wait
            script.refusedSYN(second, port: 40_001 + place)
        }
        return script
    }

    @Test func `what gRPC's own clients were seen to do passes`() {
        let finding = script([1.0, 1.52, 2.24, 4.18, 6.21, 11.79, 17.04, 28.37], promise).finding
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(finding.summary.contains("in 8 waits: 1 s, 1.52 s"), "\(finding.summary)")
    }

    @Test func `too soon, too long, and no growth are told with the attempt`() {
        let soon = script([1.0, 1.1, 2.56], promise).finding
        #expect(soon.verdict == .fail)
        #expect(soon.measured == 1.1)
        #expect((soon.bound ?? 0) > 1.17 && (soon.bound ?? 0) < 1.19)
        #expect(soon.summary.contains("between attempts 2 and 3"), "\(soon.summary)")
        #expect(soon.summary.contains("1 of 3 waits"), "\(soon.summary)")
        let long = script([1.0, 1.6, 3.3], promise).finding
        #expect(long.verdict == .fail)
        #expect(long.summary.contains("too long"), "\(long.summary)")
        #expect(script([1, 1, 1, 1], promise).finding.verdict == .fail)
    }

    @Test func `the edges of the band are kept`() {
        #expect(script([1.3, 2.02, 3.17], promise).finding.verdict == .pass)
        #expect(script([1.31, 1.6, 2.56], promise).finding.verdict == .fail)
        #expect(script([0.7, 1.18, 1.95], promise).finding.verdict == .pass)
        #expect(script([0.69, 1.6, 2.56], promise).finding.verdict == .fail)
    }

    @Test func `the cap ends the growth`() {
        var capped = promise
        capped["cap"] = .duration(.seconds(2))
        #expect(script([1, 1.6, 2, 2, 2], capped).finding.verdict == .pass)
        #expect(script([1, 1.6, 2.56, 4.1], capped).finding.verdict == .fail)
    }

    @Test func `a connection that worked begins a new series`() {
        var script = script([1, 1.6, 2.56], promise)
        script.connection(110, 200, port: 41_000)
        for (place, second) in [201.0, 202, 203.6, 206.16].enumerated() {
            script.refusedSYN(second, port: 42_000 + place)
        }
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `too few waits prove nothing`() {
        let finding = script([1, 1.6], promise).finding
        #expect(finding.verdict == .void)
        #expect(finding.summary.contains("3 are needed"), "\(finding.summary)")
        #expect(script([1, 1.1], promise.merging(["waits": .count(2)]) { $1 }).finding.verdict == .fail)
    }

    /// Attempts before the fault, and after its heal, belong to no series of it.
    @Test func `only what a fault made fail counts, when one is named`() {
        var named = promise
        named["during"] = .text("blackhole")
        let finding = script([0.1, 0.1, 0.1], named).finding
        #expect(finding.verdict == .void, "\(finding.summary)")
    }
}
