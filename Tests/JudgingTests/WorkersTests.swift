import Recordings
import Testing

@testable import Judging

@Suite struct WorkersTests {
    /// What a second thread may do: all of its piece before ours is begun.
    private static let turned = Workers { one, other in
        other()
        one()
    }

    @Test func `a list is mapped in order whichever half is done first`() {
        let items = Array(0..<2001)
        #expect(Self.turned.map(items) { $0 * 2 } == items.map { $0 * 2 })
        #expect(Workers.none.map(items) { $0 * 2 } == items.map { $0 * 2 })
    }

    /// With 1,200 clients, so that their cases are halved.
    @Test func `a run is judged alike whichever piece is done first`() {
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.recovery("blackhole", within: .seconds(30))], end: 1000,
            count: 1200)
        script.strike(0, "blackhole", from: 600, to: 900)
        for number in 0..<1200 {
            let client = Instance("subscriber", number)
            script.at(620, Script.state("disconnected", client))
            script.at(905 + Double(number) / 100, Script.says(.connected, client), Script.received(700, client))
        }
        let alone = script.judgement()
        let helped = Judge.judge(
            script.recording, of: script.scenario, catalog: Script.catalog, workers: Self.turned)
        #expect(helped == alone)
        #expect(alone.findings[0].measured == 16.99)
    }
}
