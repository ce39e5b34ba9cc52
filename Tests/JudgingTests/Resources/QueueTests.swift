import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct QueueTests {
    private func finding(_ parameters: [String: Value] = [:], _ tell: (inout Script) -> Void) -> Finding {
        var script = Script.recorded("queue", ["most": .count(10)].merging(parameters) { $1 })
        tell(&script)
        return script.finding
    }

    private func queue(_ depth: Int64, _ kind: String? = nil) -> Event.Body {
        let named = kind.map { [JSON.Member("class", .string($0))] } ?? []
        return .driver(DriverReport(Script.client, .queue, extra: [JSON.Member("depth", .integer(depth))] + named))
    }

    private func message(_ kind: DriverReport.Kind, _ number: Int64) -> Event.Body {
        .driver(DriverReport(Script.client, kind, stream: "orders", sequence: number))
    }

    @Test(arguments: [(Int64(10), Verdict.pass), (11, .fail)])
    func `the bound itself passes`(depth: Int64, verdict: Verdict) {
        let found = finding { $0.at(10, queue(3), queue(depth), queue(0)) }
        #expect(found.verdict == verdict)
        #expect(found.measured == Double(depth))
    }

    @Test func `of one class`() {
        let found = finding(["class": .text("critical")]) { $0.at(10, queue(90, "bulk"), queue(2, "critical")) }
        #expect(found.verdict == .pass)
        #expect(found.measured == 2)
    }

    @Test func `sent and not acknowledged`() {
        let found = finding { script in
            for number in 1...20 as ClosedRange<Int64> {
                script.at(Double(number), message(.sent, number))
                if number <= 9 { script.at(Double(number) + 0.5, message(.acked, number)) }
            }
        }
        #expect(found.verdict == .fail)
        #expect(found.measured == 11)
    }

    @Test func `nothing is reported, or before play only`() {
        #expect(finding { _ in }.verdict == .void)
        #expect(finding { $0.at(-2, queue(90)) }.verdict == .void)
        #expect(finding { $0.at(10, message(.sent, 1)) }.verdict == .void)
    }
}
