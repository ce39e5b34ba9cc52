import Judging
import Reporting
import Testing

/// What stands on a terminal while runs are played.
@Suite struct LiveDisplayTests {
    private static func sights(_ count: Int) -> [LiveRun.Sight] {
        (0..<count).map { place in
            var sight = LiveRun.Sight(name: "outage seed \(place)", phase: .play)
            sight.played = .milliseconds(660_500)
            sight.length = .seconds(1800)
            sight.faults = ["blackhole on \u{1B}[2J"]
            sight.sessionsUp = place
            sight.speed = 1912.4
            return sight
        }
    }

    @Test func `lines say what matters, first`() {
        var tally = LiveDisplay.Tally(total: 20)
        tally.verdicts = [.pass: 3, .fail: 1]
        let booting = [LiveRun.Sight(name: "late seed 1")]
        let lines = LiveDisplay.lines(tally, Self.sights(2) + booting, width: 200, height: 24, color: false)
        #expect(
            lines == [
                "[4/20]  3 pass  1 fail",
                "  outage seed 0  11m of 30m  blackhole on \\u{1b}[2J  0 sessions up  1912x",
                "  outage seed 1  11m of 30m  blackhole on \\u{1b}[2J  1 session up  1912x", "  late seed 1  boot",
            ])
    }

    /// A line that is broken by the terminal could not be taken back.
    @Test(arguments: [1, 2, 10, 24, 40, 80]) func `no line is as wide as the terminal`(_ width: Int) {
        let tally = LiveDisplay.Tally(total: 20)
        let plain = LiveDisplay.lines(tally, Self.sights(20), width: width, height: 24, color: false)
        #expect(plain.count == 9)
        #expect(plain.allSatisfy { $0.count <= max(1, width - 1) }, "\(plain)")
        let coloured = LiveDisplay.lines(tally, Self.sights(20), width: width, height: 24, color: true)
        #expect(coloured.map { $0.replacing(/\u{1B}\[\d+m/, with: "") } == plain)
        #expect(coloured.allSatisfy { !$0.contains("\u{1B}[2J") })
    }

    @Test func `no more lines than the terminal has`() {
        let tally = LiveDisplay.Tally(total: 20)
        let lines = LiveDisplay.lines(tally, Self.sights(20), width: 80, height: 5, color: false)
        #expect(lines.count == 4)
        #expect(lines[0] == "[0/20]  17 more are played")
        #expect(LiveDisplay.lines(tally, Self.sights(1), width: 80, height: 1, color: false).count == 1)
    }
}
