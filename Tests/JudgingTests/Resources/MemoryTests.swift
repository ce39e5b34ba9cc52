import Judging
import Testing

@testable import Scenarios

@Suite struct MemoryTests {
    private func finding(during: String? = nil, _ levels: [(Double, Int)]) -> Finding {
        var parameters: [String: Value] = ["growth": .size(8 << 20)]
        parameters["during"] = during.map { .text($0) }
        var script = Script.recorded("memory", parameters, faults: [.blackhole(100, 200)])
        script.strike(0, "blackhole", from: 100, to: 200)
        for (second, memory) in levels { script.sample(second, memory: memory) }
        return script.finding
    }

    @Test(arguments: [(28, Verdict.pass), (29, .fail)])
    func `growth over play`(highest: Int, verdict: Verdict) {
        let found = finding([(0.001, 20), (60, highest), (900, 21)])
        #expect(found.verdict == verdict)
        #expect(found.measured == Double(highest - 20))
    }

    @Test func `only while the fault is on, and at the first sample after`() {
        #expect(finding(during: "blackhole", [(60, 20), (150, 22), (240, 23), (600, 90)]).verdict == .pass)
        let found = finding(during: "blackhole", [(60, 20), (240, 40)])
        #expect(found.verdict == .fail)
        #expect(found.measured == 20)
    }

    @Test func `nothing before, nothing after`() {
        #expect(finding([(60, 20), (120, 90)]).verdict == .void)
        #expect(finding([(0.001, 20)]).verdict == .void)
        #expect(finding(during: "blackhole", [(150, 22)]).verdict == .void)
    }
}
