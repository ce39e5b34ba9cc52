import Faults
import JSONLines
import Judging
import Recordings
import Scenarios
import Testing

/// What every expectation owes, whichever it is: it never passes where there was nothing to judge, and no recording
/// crashes it. Each is judged as its own example has it, in a lab that has what examples name.
@Suite struct EveryExpectationTests {
    private static let names = Expectations.definitions.map(\.name)

    /// Only the end: nothing was played.
    @Test(arguments: names) func `an empty recording is void`(_ name: String) throws {
        let scenario = try ExpectationRig.scenario(name)
        for finding in ExpectationRig.judge([], scenario) {
            #expect(finding.verdict == .void, "\(finding.expectation): \(finding.summary)")
            #expect(!finding.summary.isEmpty)
        }
    }

    /// The whole run, its faults too, but nobody said or sent anything.
    @Test(arguments: names) func `a run without traffic never passes`(_ name: String) throws {
        let scenario = try ExpectationRig.scenario(name)
        for finding in ExpectationRig.judge(ExpectationRig.silentRun(of: scenario), scenario) {
            #expect(finding.verdict != .pass, "\(finding.expectation): \(finding.summary)")
        }
    }

    /// A run that was killed half-way is an error, and nothing in it is found either way.
    @Test(arguments: names) func `a recording that was cut off is not judged`(_ name: String) throws {
        let scenario = try ExpectationRig.scenario(name)
        let whole = ExpectationRig.silentRun(of: scenario)
        for count in [0, 1, whole.count / 2, whole.count] {
            let recording = Recording(header: Samples.header, events: Array(whole.prefix(count)))
            let judgement = Judge.judge(recording, of: scenario, catalog: ExpectationRig.catalog)
            #expect(judgement.verdict == .error)
            #expect(judgement.findings.map(\.verdict) == scenario.expectations.map { _ in .void })
        }
    }

    /// Events of every kind, at random times and in random order, about actors and addresses of the scenario or of
    /// nowhere.
    @Test(arguments: names) func `no recording crashes it`(_ name: String) throws {
        let scenario = try ExpectationRig.scenario(name)
        for seed in 0..<UInt64(60) {
            var noise = Noise(scenario, seed: seed)
            let events = noise.events(count: Int(seed) * 10)
            let isSorted = seed % 3 != 0
            let recording = Recording(
                header: Samples.header, events: isSorted ? events.sorted { $0.time < $1.time } : events)
            let judgement = Judge.judge(recording, of: scenario, catalog: ExpectationRig.catalog)
            let run = RunView(recording, scenario: scenario, catalog: ExpectationRig.catalog)
            let findings = scenario.expectations.compactMap { Expectations.make($0)?.judge(run) }
            #expect(findings.count == scenario.expectations.count)
            #expect((judgement.findings + findings).allSatisfy { !$0.summary.isEmpty }, "seed \(seed)")
        }
    }

    /// Bytes that were damaged on a disk: whatever can still be read is judged, or the file is refused.
    @Test func `no damaged file crashes the judges`() throws {
        let scenarios = try Self.names.map(ExpectationRig.scenario)
        for seed in 0..<UInt64(100) {
            let scenario = scenarios[Int(seed) % scenarios.count]
            var noise = Noise(scenario, seed: seed)
            var bytes = Samples.bytes(noise.events(count: 200).sorted { $0.time < $1.time })
            for _ in 0..<Int(seed % 7) { bytes[noise.below(bytes.count)] = UInt8(noise.below(256)) }
            if seed % 4 == 0 { bytes.removeLast(noise.below(bytes.count)) }
            guard let recording = try? RecordingDecoder.decode(bytes) else { continue }
            let judgement = Judge.judge(recording, of: scenario, catalog: ExpectationRig.catalog)
            #expect(judgement.verdict != .pass)
        }
    }
}

/// Scenarios that expect one thing each, and recordings of nothing.
enum ExpectationRig {
    static let catalog = Catalog(
        faults: FaultCatalog.definitions, expectations: Expectations.definitions, profiles: LinkProfile.shipped)

    private static let timeline = [
        "- { at: 10m, until: 15m, fault: blackhole, between: [phone, home] }",
        "- { at: 20m, fault: kill, of: broker }",
    ]

    static func scenario(_ name: String) throws -> Scenario {
        let definition = try #require(Expectations.definitions.first { $0.name == name })
        let publisher = "actors:\n  ticker: { role: publisher, on: cloud, run: [ticker] }\n"
        let text = ExampleScenario.text(timeline: timeline).replacing("actors:\n", with: publisher)
        let example = definition.example.split(separator: "\n").map { $0.hasPrefix("-") ? "  \($0)" : "  - \($0)" }
        let end = try #require(text.ranges(of: "expect:\n").first?.upperBound)
        let whole = text[..<end] + example.joined(separator: "\n") + "\n"
        let source = SourceFile(path: "example.yaml", text: String(whole))
        let loader = ScenarioLoader(catalog: catalog) { _ in Array(whole.utf8) }
        do throws(Problems) {
            return try loader.load(sources: [source], name: "example").scenario
        } catch {
            Issue.record("\(name): \(error.all.map(\.description).joined(separator: "\n"))")
            throw error
        }
    }

    static func judge(_ events: [Event], _ scenario: Scenario) -> [Finding] {
        let end = Event(events.last?.time ?? Timestamp(nanoseconds: 0), .end(End(.finished, events: events.count)))
        let recording = Recording(header: Samples.header, events: events + [end])
        let run = RunView(recording, scenario: scenario, catalog: catalog)
        return scenario.expectations.compactMap { Expectations.make($0)?.judge(run) }
    }

    /// Stages, processes, hellos, and every fault with hits; from nobody a word about connections or messages.
    static func silentRun(of scenario: Scenario) -> [Event] {
        let play = 100.0
        let end = play + scenario.end.seconds
        var told: [(Double, Event.Body)] = [
            (0, .phase(.build)), (1, .phase(.start)), (play - 1, .phase(.healthy)), (play, .phase(.play)),
            (end, .phase(.settle)), (end + 10, .phase(.stop)),
        ]
        for (number, actor) in scenario.actors.enumerated() {
            for index in 0..<actor.count {
                let instance = Instance(actor.name, index)
                told += [
                    (2, .actor(ActorChange(instance, .started(pid: 10 + number)))),
                    (3, .actor(ActorChange(instance, .ready))), (3, .driver(DriverReport(instance, .hello))),
                    (end + 11, .actor(ActorChange(instance, .stopped(killed: false)))),
                ]
            }
        }
        for fault in scenario.faults {
            let until = (fault.until ?? fault.at).seconds
            told += [
                (play + fault.at.seconds, .fault(FaultChange(fault.index, fault.kind, .applied(late: 0)))),
                (play + fault.at.seconds, .fault(FaultChange(fault.index, fault.kind, .hit(total: 3)))),
                (play + until, .fault(FaultChange(fault.index, fault.kind, .healed(late: 0, total: 3)))),
            ]
        }
        let sorted = told.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
        return sorted.map { Event(Timestamp(nanoseconds: Int64($0.element.0 * 1e9)), $0.element.1) }
    }
}

/// Random events of every kind.
struct Noise {
    private var random: SeededGenerator
    private let scenario: Scenario
    private let instances: [Instance]
    private let endpoints: [Endpoint]

    init(_ scenario: Scenario, seed: UInt64) {
        random = SeededGenerator(state: seed)
        self.scenario = scenario
        instances = scenario.actors.flatMap { [Instance($0.name), Instance($0.name, 1)] } + [Instance("nobody", 7)]
        let addresses = scenario.lab.hosts.flatMap(\.addresses) + ["192.0.2.1", "fd00::1"]
        endpoints = addresses.flatMap { address in
            [1883, 40001, 40002].map { Endpoint(address: address, port: $0) }
        }
    }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<max(count, 1), using: &random) }

    /// Stages first, so that there is something to judge; then anything.
    mutating func events(count: Int) -> [Event] {
        var events = ExpectationRig.silentRun(of: scenario)
        let span = events.last?.time.nanoseconds ?? 1
        for _ in 0..<count {
            events.append(Event(Timestamp(nanoseconds: Int64.random(in: 0...span, using: &random)), body()))
        }
        if below(4) > 0 { events.append(Event(Timestamp(nanoseconds: span), .end(End(.finished, events: count)))) }
        return events
    }

    private mutating func body() -> Event.Body {
        switch below(4) {
        case 0: return Samples.bodies[below(Samples.bodies.count)]
        case 1: return .wire(wire())
        default: return .driver(report())
        }
    }

    private mutating func wire() -> WireChange {
        let (from, to) = (endpoints[below(endpoints.count)], endpoints[below(endpoints.count)])
        let link = scenario.lab.links[below(scenario.lab.links.count)].name
        let change = WireChange.Change.allCases[below(WireChange.Change.allCases.count)]
        return WireChange(link: link, change, from: from, to: to, repeated: below(5) == 0)
    }

    private mutating func report() -> DriverReport {
        let texts = [nil, "connected", "connecting", "open", "closed", "half-open", "fatal", "\u{202E}odd\n"]
        let extras: [JSON.Member] = [
            .init("class", "critical"), .init("id", .string(String(below(9)))), .init("ok", .bool(below(2) == 0)),
            .init("retry_after", .integer(Int64.max - Int64(below(2)))), .init("fatal", .bool(below(2) == 0)),
            .init("depth", .integer(Int64(below(100)) - 5)), .init("delay_ns", .integer(Int64(below(1 << 30)))),
            .init("local", .string(endpoints[below(endpoints.count)].description)), .init("ok", .null),
        ]
        let sequences: [Int64?] = [nil, 1, 2, Int64(below(50)), Int64.max, Int64.min]
        return DriverReport(
            instances[below(instances.count)], DriverReport.Kind.allCases[below(DriverReport.Kind.allCases.count)],
            session: ["", "a", "b"][below(3)], stream: [nil, "ticks", "x"][below(3)],
            sequence: sequences[below(sequences.count)], text: texts[below(texts.count)],
            extra: below(2) == 0 ? [] : [extras[below(extras.count)]])
    }
}
