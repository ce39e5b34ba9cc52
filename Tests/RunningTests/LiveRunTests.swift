import Recordings
import Reporting
import Running
import Scenarios
import Testing

/// Where a run is, from its recording while it is written.
@Suite struct LiveRunTests {
    private static let text = """
        format: 1
        name: outage
        summary: A test.
        lab: { hosts: { a: {}, b: {} }, links: [{ between: [a, b], delay: 1ms }] }
        actors:
          server: { role: server, on: b, run: [server] }
          client: { role: client, on: a, run: [client], count: 3 }
        timeline:
          - { at: 10m, until: 15m, fault: blackhole, between: [a, b] }
          - { at: 12m, fault: restart, of: server, down-for: 10s }
          - { end: 30m }
        expect: [{ connects: client, within: 5s }]
        """

    private static func scenario() throws -> Scenario {
        try ScenarioLoader.standard.load(sources: [SourceFile(path: "x.yaml", text: text)], name: "outage").scenario
    }

    private static let second: Int64 = 1_000_000_000
    private static func at(_ seconds: Int64, _ body: Event.Body) -> Event {
        Event(Timestamp(nanoseconds: seconds * second), body)
    }
    private static func said(_ index: Int, _ kind: DriverReport.Kind, _ text: String? = nil) -> Event.Body {
        .driver(DriverReport(Instance("client", index), kind, text: text))
    }

    @Test func `a run is followed by its recording`() throws {
        var run = LiveRun(try Self.scenario(), seed: 7)
        #expect(run.sight(at: nil, speed: nil).phase == nil)
        run.saw(Self.at(1, .phase(.start)))
        var sight = run.sight(at: nil, speed: nil)
        #expect(sight.phase == .start && sight.played == nil && sight.sessionsUp == nil)
        for index in 0..<3 { run.saw(Self.at(2, Self.said(index, .connected))) }
        run.saw(Self.at(5, .phase(.play)))
        run.saw(Self.at(605, .fault(FaultChange(0, "blackhole", .applied(late: 0)))))
        run.saw(Self.at(650, Self.said(1, .state, "reconnecting")))
        sight = run.sight(at: Timestamp(nanoseconds: 665 * Self.second), speed: 2000)
        #expect(sight.name == "outage seed 7" && sight.speed == 2000 && sight.length == .seconds(1800))
        #expect(sight.played == .seconds(660) && sight.sessionsUp == 2)
        #expect(sight.faults == ["blackhole on a-b"])
        run.saw(Self.at(725, .fault(FaultChange(1, "restart", .applied(late: 0)))))
        run.saw(Self.at(726, .actor(ActorChange(Instance("client", 2), .exited(status: 1, signal: nil)))))
        run.saw(Self.at(727, Self.said(1, .state, "connected")))
        run.saw(Self.at(728, Self.said(0, .attempt)))
        sight = run.sight(at: nil, speed: nil)
        #expect(sight.faults == ["blackhole on a-b", "restart of server"] && sight.sessionsUp == 1)
        run.saw(Self.at(905, .fault(FaultChange(0, "blackhole", .healed(late: 0, total: 4)))))
        // A fault that the plan has not: of a damaged recording.
        run.saw(Self.at(906, .fault(FaultChange(9, "restart", .applied(late: 0)))))
        #expect(run.sight(at: nil, speed: nil).faults == ["restart of server"])
        // Never more than all of it.
        run.saw(Self.at(5000, .phase(.settle)))
        #expect(run.sight(at: nil, speed: nil).played == .seconds(1800))
    }
}
