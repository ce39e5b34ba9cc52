import JSONLines
import Recordings
import Running
import Scenarios

/// A recording such as a storm leaves behind, made and not played: one process with many sessions, all of which are cut
/// off three times, fail once each time and come back. What their driver says, and what the wire shows.
struct StormRecording {
    /// Times on the recording's clock, nanoseconds.
    private static let second: Int64 = 1_000_000_000
    private static let play = 10 * second
    private static let strikes: [Int64] = [30, 65, 100].map { $0 * second }
    /// Between two messages of the feed: each session gets two before it is cut off again.
    private static let period = 17_500_000_000 as Int64

    private let sessions: Int
    private let feed: Endpoint
    private let office: String
    private var events: [Event] = []

    /// The lines of the file, and how many events they hold.
    static func make(sessions: Int) throws -> (bytes: [UInt8], events: Int) {
        let source = SourceFile(path: "storm.yaml", text: scenario)
        let lab = try ScenarioLoader.standard.load(sources: [source], name: "storm").scenario.lab
        let addresses = Dictionary(uniqueKeysWithValues: lab.hosts.map { ($0.name, $0.addresses[0]) })
        var storm = StormRecording(sessions, feed: addresses["cloud"]!, office: addresses["office"]!)
        storm.stage()
        for number in 0..<sessions { storm.live(number) }
        // In the order of their times; those of one moment as they were made.
        let order = storm.events.indices.sorted { (storm.events[$0].time, $0) < (storm.events[$1].time, $1) }
        var encoder = RecordingEncoder()
        var bytes = encoder.encode(
            header: Header(
                scenario: "storm", seed: 1, lab: "virtual", kernel: "none", uncertainty: 0,
                sources: [Header.Source(path: source.path, text: source.text)]))
        for place in order { bytes += encoder.encode(storm.events[place]) }
        let end = End(.finished, events: encoder.events)
        bytes += encoder.encode(Event(Timestamp(nanoseconds: 140 * second), .end(end)))
        return (bytes, encoder.events)
    }

    private init(_ sessions: Int, feed: String, office: String) {
        self.sessions = sessions
        self.feed = Endpoint(address: feed, port: 7000)
        self.office = office
    }

    private static let scenario = """
        format: 1
        name: storm
        summary: Twenty thousand dashboards lose their server three times.
        lab: { hosts: { office: {}, cloud: {} }, links: [{ between: [office, cloud], delay: 1ms }] }
        actors:
          feed: { role: server, on: cloud, run: ["true"], ready: { port: 7000 } }
          dashboards: { role: client, on: office, run: ["true"] }
        timeline:
          - { at: 20s, until: 21s, fault: storm, of: feed, with: dashboards, port: 7000 }
          - { at: 55s, until: 56s, fault: storm, of: feed, with: dashboards, port: 7000 }
          - { at: 90s, until: 91s, fault: storm, of: feed, with: dashboards, port: 7000 }
          - { end: 2m }
        expect:
          - { connects: dashboards, within: 5s }
          - { recovery: dashboards, after: storm, within: 30s, stages: { detect: 1s, connect: 20s } }
          - { no-gaps: feed -> dashboards }
          - { no-duplicates: feed -> dashboards }
        """

    private mutating func add(_ time: Int64, _ body: Event.Body) {
        events.append(Event(Timestamp(nanoseconds: time), body))
    }

    /// What is not a session's: stages, processes, faults, what the server sends.
    private mutating func stage() {
        let phases: [(Int64, Phase)] = [(0, .build), (1, .start), (9, .healthy), (10, .play), (130, .settle)]
        for (time, phase) in phases { add(time * Self.second, .phase(phase)) }
        add(135 * Self.second, .phase(.stop))
        for name in ["feed", "dashboards"] {
            add(2 * Self.second, .actor(ActorChange(Instance(name), .started(pid: 7))))
        }
        for sequence in 0..<8 {
            let report = DriverReport(Instance("feed"), .sent, stream: "ticks", sequence: Int64(sequence))
            add(Self.sending(sequence), .driver(report))
        }
        for (index, time) in Self.strikes.enumerated() {
            add(time, .fault(FaultChange(index, "storm", .applied(late: 0))))
            add(time + 1, .fault(FaultChange(index, "storm", .hit(total: Int64(sessions)))))
            add(time + Self.second, .fault(FaultChange(index, "storm", .healed(late: 0, total: Int64(sessions)))))
        }
    }

    private static func sending(_ sequence: Int) -> Int64 { play + 500_000_000 + Int64(sequence) * period }
}

// One session's life.
extension StormRecording {
    private mutating func live(_ number: Int) {
        // Spread without a pattern, as by full jitter: thousandths.
        let spread = Int64(number) &* 2_654_435_761 % 1000
        connect(number, at: 3 * Self.second + spread * 1_000_000, round: 0)
        for (round, struck) in Self.strikes.enumerated() {
            wire(struck + 10, .reset, from: feed, to: local(number, 2 * round))
            say(struck + 20_000, .error, number, text: "the connection was reset by the server")
            say(struck + 20_000, .state, number, text: "reconnecting", [.init("delay_ns", .integer(spread * 900_000))])
            let (first, tried) = (struck + 30_000 + spread * 900_000, local(number, 2 * round + 1))
            say(first, .attempt, number, [.init("local", .string("\(tried)"))])
            wire(first, .attempt, from: tried, to: feed)
            wire(first + 400_000, .reset, from: feed, to: tried)
            connect(number, at: struck + Self.second + spread * 9_000_000, round: round + 1)
        }
    }

    private mutating func connect(_ number: Int, at time: Int64, round: Int) {
        let local = local(number, 2 * round)
        let place: [JSON.Member] = [.init("local", .string("\(local)")), .init("address", .string("\(feed)"))]
        say(time, .attempt, number, place)
        wire(time, .attempt, from: local, to: feed)
        wire(time + 2_000_000, .established, from: local, to: feed)
        wire(time + 2_010_000, .firstRequest, from: local, to: feed)
        wire(time + 4_000_000, .firstResponse, from: feed, to: local)
        say(time + 4_010_000, .connected, number, place)
        if round > 0 { say(time + 4_010_000, .resumed, number) }
        for sequence in [2 * round, 2 * round + 1] {
            let report = DriverReport(
                Instance("dashboards"), .received, session: "s\(number)", stream: "ticks", sequence: Int64(sequence))
            add(Self.sending(sequence) + 1_000_000, .driver(report))
        }
    }

    /// A port for each connection: sessions share the host's addresses.
    private func local(_ number: Int, _ connection: Int) -> Endpoint {
        Endpoint(address: office, port: 1024 + (number * 8 + connection) % 64512)
    }

    private mutating func say(
        _ time: Int64, _ kind: DriverReport.Kind, _ number: Int, text: String? = nil, _ extra: [JSON.Member] = []
    ) {
        let report = DriverReport(Instance("dashboards"), kind, session: "s\(number)", text: text, extra: extra)
        add(time, .driver(report))
    }

    private mutating func wire(_ time: Int64, _ change: WireChange.Change, from: Endpoint, to: Endpoint) {
        add(time, .wire(WireChange(link: "office-cloud", change, from: from, to: to)))
    }
}
