import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct AcceptQueueExpectation {
    /// The count of the broker's host at these times.
    private func run(_ counts: [(Double, Int64)], most: Int64 = 0) -> Script {
        var script = Script.healthy(
            faults: [.hangUp(600)],
            expect: [.plan("accept-queue", .actor("broker"), ["most": .count(most)])])
        script.strike(0, "hang-up", from: 600)
        script.records = [.connections]
        for (at, count) in counts {
            script.at(at, .sockets(SocketTable(host: "cloud", states: [], overflows: count)))
        }
        return script
    }

    @Test func `nobody is turned away`() {
        #expect(run([(-5, 0), (100, 0), (1700, 0)]).judgement().verdict == .pass)
        // What was before play is not the scenario's.
        #expect(run([(-5, 7), (100, 7)]).finding.verdict == .pass)
        #expect(run([(-5, 7), (100, 7)]).finding.measured == 0)
    }

    @Test func `a storm that overflows it`() {
        let finding = run([(-5, 7), (100, 7), (601, 20), (602, 22), (603, 22)]).finding
        #expect(finding.verdict == .fail)
        #expect(finding.measured == 15)
        #expect(finding.evidence.map(\.text) == ["13 more were turned away", "2 more were turned away"])
        #expect(finding.summary.contains("from 10m01s on, 1 s after hang-up"), "\(finding.summary)")
        #expect(run([(601, 15)], most: 15).finding.verdict == .pass)
        #expect(run([(601, 16)], most: 15).finding.verdict == .fail)
    }

    @Test func `void when nobody counted`() {
        #expect(run([]).finding.verdict == .void)
        #expect(run([(-5, 3)]).finding.verdict == .void)
        var script = run([(100, 0)])
        let recording = script.recording
        var old = recording.header
        old.records = []
        let judgement = script.judgement(Recording(header: old, events: recording.events))
        #expect(judgement.findings[0].verdict == .void)
        script.drop { _, body in if case .sockets = body { true } else { false } }
        #expect(script.finding.verdict == .void)
    }
}
