import Judging
import Testing

@testable import Scenarios

@Suite struct ReuseTests {
    private func finding(_ parameters: [String: Value], connections: Int, requests: Int) -> Finding {
        var script = Script.recorded("reuse", parameters)
        for number in 0..<connections {
            script.connection(40001 + number, from: Double(10 + 10 * number), to: Double(15 + 10 * number))
        }
        for number in 0..<requests { script.at(100 + Double(number), Script.says(.request)) }
        return script.finding
    }

    @Test(arguments: [(2, Verdict.pass), (3, .fail)])
    func `requests for each connection`(connections: Int, verdict: Verdict) {
        let found = finding(["requests": .number(10)], connections: connections, requests: 20)
        #expect(found.verdict == verdict)
        #expect(found.measured == 20 / Double(connections))
    }

    @Test(arguments: [(6, Verdict.pass), (5, .fail)])
    func `new ones in a minute`(most: Int, verdict: Verdict) {
        let found = finding(["per-minute": .count(Int64(most))], connections: 9, requests: 0)
        #expect(found.verdict == verdict)
        #expect(found.measured == 6)
    }

    @Test func `nothing to judge`() {
        #expect(finding(["requests": .number(1)], connections: 1, requests: 0).verdict == .void)
        #expect(finding(["per-minute": .count(1)], connections: 0, requests: 5).verdict == .void)
        #expect(finding([:], connections: 1, requests: 5).verdict == .void)
    }
}
