import Judging
import Testing

@testable import Scenarios

@Suite struct NoZombiesTests {
    private func finding(_ tell: (inout Script) -> Void) -> Finding {
        var script = Script.recorded("no-zombies", ["within": .duration(.seconds(30))])
        tell(&script)
        return script.finding
    }

    @Test(arguments: [(130.1, Verdict.pass), (130.2, .fail)])
    func `the old one is let go of in time`(end: Double, verdict: Verdict) throws {
        let found = finding {
            $0.connection(40001, from: 10, to: end)
            $0.connection(40002, from: 100, to: 1700)
        }
        #expect(found.verdict == verdict)
        #expect(abs(try #require(found.measured) - (end - 100.1)) < 0.001)
    }

    @Test func `one that is never closed`() {
        let found = finding {
            $0.connection(40001, from: 10)
            $0.connection(40002, from: 100, to: 1700)
            // What the client sends into it proves nothing.
            $0.data(120, 40001)
        }
        #expect(found.verdict == .fail)
        #expect(found.summary.contains("still open at the end"))
    }

    @Test func `one on which the server still speaks`() {
        let found = finding {
            $0.connection(40001, from: 10)
            $0.connection(40002, from: 100, to: 1700)
            $0.data(120, 40001, fromServer: true)
        }
        #expect(found.verdict == .void)
    }

    @Test func `closed before it came back`() {
        let found = finding {
            $0.connection(40001, from: 10, to: 90)
            $0.connection(40002, from: 100, to: 1700)
        }
        #expect(found.verdict == .pass)
        #expect(found.measured == 0)
    }

    @Test func `nothing to judge`() {
        #expect(finding { $0.connection(40001, from: 10) }.verdict == .void)
        #expect(
            finding {
                $0.connection(40001, from: 10)
                $0.connection(40002, from: 1799)
            }.verdict == .void)
        #expect(finding { $0.records = [.connections] }.verdict == .void)
    }
}
