import JSONLines
import Judging
import Recordings

@testable import Scenarios

/// A synthetic run, told in seconds on the timeline: subscriber on a phone behind a home router, broker and ticker in
/// the cloud. The ticker sends one message a second.
struct Script {
    /// `play` on the recording's clock.
    static let play = 100.0

    var scenario: Scenario
    private(set) var told: [(at: Double, body: Event.Body)] = []
    var end = End.Reason.finished
    var message = ""
    /// What the recording says that it holds.
    var records: [Header.Record] = []

    init(faults: [FaultPlan] = [], expect: [ExpectationPlan], end: Double = 1800, count: Int = 1) {
        scenario = .sample(faults: faults, expect: expect, end: end, count: count)
    }

    mutating func at(_ seconds: Double, _ bodies: Event.Body...) {
        for body in bodies { told.append((seconds, body)) }
    }

    mutating func drop(where isOut: (Double, Event.Body) -> Bool) {
        told.removeAll { isOut($0.at, $0.body) }
    }

    var recording: Recording {
        var events = told.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map {
            Event(Script.time($0.element.at), $0.element.body)
        }
        events.append(
            Event(events.last?.time ?? Script.time(0), .end(End(end, message: message, events: events.count))))
        var header = Script.header
        header.records = records
        return Recording(header: header, events: events)
    }

    func judgement(_ recording: Recording? = nil) -> Judgement {
        Judge.judge(recording ?? self.recording, of: scenario, catalog: Script.catalog)
    }

    var finding: Finding { judgement().findings[0] }

    static func time(_ seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: Int64(((play + seconds) * 1e9).rounded()))
    }

    static let header = Header(
        scenario: "sample", seed: 1, lab: "virtual", kernel: "6.12", uncertainty: 0,
        sources: [Header.Source(path: "sample.yaml", text: "format: 1\n")])

    static let catalog = Catalog(
        faults: [
            fault("blackhole", .link, .interval), fault("nat-forget", .router, .moment),
            fault("nat-expiry", .router, .interval, .firstHit), fault("hang-up", .actor, .moment),
            fault("freeze", .actor, .interval), fault("kill", .actor, .moment),
            fault("drain", .actor, .interval), fault("address-change", .host, .interval),
        ], expectations: Expectations.definitions, profiles: [])

    private static func fault(
        _ name: String, _ target: FaultDefinition.TargetKind, _ extent: FaultDefinition.Extent,
        _ strike: FaultDefinition.Strike = .applied
    ) -> FaultDefinition {
        FaultDefinition(
            name: name, summary: "", wire: "", heals: "", hit: "something struck.", mechanism: "", target: target,
            extent: extent, strike: strike, example: "")
    }
}

// The parts of a usual run.
extension Script {
    static let client = Instance("subscriber")

    /// Stages, processes, and a client that is connected before play.
    static func healthy(
        faults: [FaultPlan] = [], expect: [ExpectationPlan], end: Double = 1800, settle: Double = 10, count: Int = 1
    ) -> Script {
        var script = Script(faults: faults, expect: expect, end: end, count: count)
        script.at(-20, .phase(.build))
        script.at(-10, .phase(.start))
        script.at(-9, .actor(ActorChange(Instance("broker"), .started(pid: 2))))
        script.at(-9, .actor(ActorChange(Instance("ticker"), .started(pid: 3))))
        for index in 0..<count {
            let client = Instance("subscriber", index)
            script.at(-8, .actor(ActorChange(client, .started(pid: 4))), says(.connected, client))
        }
        script.at(-1, .phase(.healthy))
        script.at(0, .phase(.play))
        script.at(end, .phase(.settle))
        script.at(end + settle, .phase(.stop))
        // A client that closes as it is stopped.
        script.at(end + settle + 1, state("disconnected"), .actor(ActorChange(client, .stopped(killed: false))))
        return script
    }

    /// One message a second, `from` to `to`, sent by the ticker; received 20 ms later but for the seconds in `lost`.
    mutating func messages(
        _ from: Int, _ to: Int, lost: Range<Int> = 0..<0, client: Instance = Script.client, sends: Bool = true
    ) {
        for second in from..<to {
            if sends { at(Double(second), Script.sent(Int64(second))) }
            if !lost.contains(second) { at(Double(second) + 0.02, Script.received(Int64(second), client)) }
        }
    }

    static func sent(_ sequence: Int64) -> Event.Body {
        .driver(DriverReport(Instance("ticker"), .sent, stream: "ticks", sequence: sequence))
    }

    static func received(_ sequence: Int64, _ client: Instance = client, session: String = "") -> Event.Body {
        .driver(DriverReport(client, .received, session: session, stream: "ticks", sequence: sequence))
    }

    static func state(_ name: String, _ client: Instance = client) -> Event.Body {
        .driver(DriverReport(client, .state, text: name))
    }

    static func says(_ kind: DriverReport.Kind, _ client: Instance = client, text: String? = nil) -> Event.Body {
        .driver(DriverReport(client, kind, text: text))
    }

    mutating func strike(_ index: Int, _ kind: String, from: Double, to: Double? = nil, hits: Int64 = 5) {
        at(from, .fault(FaultChange(index, kind, .applied(late: 0))))
        if hits > 0 { at(from + 0.5, .fault(FaultChange(index, kind, .hit(total: 1)))) }
        at(to ?? from + 0.5, .fault(FaultChange(index, kind, .healed(late: 0, total: hits))))
    }

    static let phone = Endpoint(address: "10.77.1.1", port: 40001)
    static let phoneAgain = Endpoint(address: "10.77.1.1", port: 40002)
    static let broker = Endpoint(address: "10.77.2.1", port: 1883)

    static func wire(
        _ change: WireChange.Change, _ from: Endpoint, _ to: Endpoint, link: String = "phone-home",
        repeated: Bool = false
    ) -> Event.Body {
        .wire(WireChange(link: link, change, from: from, to: to, repeated: repeated))
    }
}

extension FaultPlan {
    static func blackhole(_ at: Int, _ until: Int, index: Int = 0) -> FaultPlan {
        plan("blackhole", at, until, .link("phone-home", from: nil), index)
    }
    static func natForget(_ at: Int, index: Int = 0) -> FaultPlan {
        plan("nat-forget", at, nil, .host("home"), index)
    }
    static func natExpiry(_ at: Int, _ until: Int, index: Int = 0) -> FaultPlan {
        plan("nat-expiry", at, until, .host("home"), index)
    }
    static func hangUp(_ at: Int, index: Int = 0) -> FaultPlan { plan("hang-up", at, nil, .actor("broker"), index) }
    static func freeze(_ at: Int, _ until: Int, index: Int = 0) -> FaultPlan {
        plan("freeze", at, until, .actor("broker"), index)
    }
    static func addressChange(_ at: Int, _ until: Int, index: Int = 0) -> FaultPlan {
        plan("address-change", at, until, .host("phone"), index)
    }
    static func kill(_ at: Int, of actor: String, index: Int = 0) -> FaultPlan {
        plan("kill", at, nil, .actor(actor), index)
    }

    private static func plan(_ kind: String, _ at: Int, _ until: Int?, _ target: FaultTarget, _ index: Int) -> FaultPlan
    {
        FaultPlan(
            index: index, kind: kind, at: .seconds(at), until: until.map { .seconds($0) }, target: target,
            parameters: [:], position: "sample.yaml:1:1")
    }
}

extension ExpectationPlan {
    static func recovery(_ fault: String, within: Duration, stages: [Value.NamedDuration] = []) -> ExpectationPlan {
        var parameters: [String: Value] = ["after": .text(fault), "within": .duration(within)]
        if !stages.isEmpty { parameters["stages"] = .durations(stages) }
        return ExpectationPlan(
            index: 0, kind: "recovery", subject: .actor("subscriber"), parameters: parameters,
            position: "sample.yaml:1:1", text: "recovery: subscriber, after: \(fault)")
    }
    static let noGaps = flow("no-gaps")
    static let noDuplicates = flow("no-duplicates")
    static func connects(_ within: Duration) -> ExpectationPlan {
        ExpectationPlan(
            index: 0, kind: "connects", subject: .actor("subscriber"), parameters: ["within": .duration(within)],
            position: "sample.yaml:1:1", text: "connects: subscriber")
    }

    private static func flow(_ kind: String) -> ExpectationPlan {
        ExpectationPlan(
            index: 0, kind: kind, subject: .flow(from: "ticker", to: "subscriber"), parameters: [:],
            position: "sample.yaml:1:1", text: "\(kind): ticker -> subscriber")
    }
}

extension Scenario {
    static func sample(faults: [FaultPlan], expect: [ExpectationPlan], end: Double, count: Int) -> Scenario {
        let hosts = [
            HostPlan(name: "phone", nat: nil, addresses: ["10.77.1.1"]),
            HostPlan(
                name: "home", nat: NATPlan(idleTimeout: .seconds(300), onExpiry: .drop, outside: "home-cloud"),
                addresses: ["10.77.1.5", "10.77.2.5"]),
            HostPlan(name: "cloud", nat: nil, addresses: ["10.77.2.1"]),
        ]
        func side(_ host: String, _ address: String) -> LinkEnd {
            LinkEnd(host: host, hostAddress: address, wireAddress: "", reaches: [])
        }
        let links = [
            LinkPlan(
                name: "phone-home", first: side("phone", "10.77.1.1"), second: side("home", "10.77.1.5"),
                impairment: Impairment()),
            LinkPlan(
                name: "home-cloud", first: side("home", "10.77.2.5"), second: side("cloud", "10.77.2.1"),
                impairment: Impairment()),
        ]
        func actor(_ name: String, _ role: ActorPlan.Role, _ host: String, _ count: Int = 1) -> ActorPlan {
            ActorPlan(
                name: name, role: role, host: host, run: ["true"], environment: [], folder: nil, ready: .started,
                count: count, stopWithin: .seconds(5), logLimit: 1 << 20)
        }
        return Scenario(
            name: "sample", summary: "", tags: [],
            lab: LabPlan(hosts: hosts, links: links, start: 0, memory: 1 << 29),
            actors: [
                actor("broker", .server, "cloud"), actor("ticker", .publisher, "cloud"),
                actor("subscriber", .client, "phone", count),
            ], faults: faults, end: .seconds(end), settle: .seconds(10), healthyWithin: .seconds(60),
            expectations: expect)
    }
}
