import JSONLines
import Judging
import Recordings
import Reporting

@testable import Scenarios

/// A run as reports may meet it, small enough to read: a subscriber behind a router whose path goes silent from 20 s to
/// 30 s; it notices, tries thrice, comes back with a gap of one message and one twice.
enum SampleRun {
    static let client = Instance("subscriber")
    static let phone = Endpoint(address: "10.77.1.1", port: 40001)
    static let phoneAgain = Endpoint(address: "10.77.1.1", port: 40002)
    static let broker = Endpoint(address: "10.77.2.1", port: 1883)
    static let play = 100.0

    static let material = material(text: "connection <lost>")

    /// - Parameter text: what its driver said when the connection was gone.
    static func material(text: String, extra: [(Double, Event.Body)] = []) -> RunMaterial {
        let recording = recording(told(text: text) + extra)
        let view = RunView(recording, scenario: scenario, catalog: Catalog(faults: [], expectations: [], profiles: []))
        let finding = Finding(
            expectation: "no-gaps: ticker -> subscriber", verdict: .fail, measured: 1, bound: 0, unit: "messages",
            summary: "subscriber lost ticks 21. \(text)",
            evidence: [
                Evidence(at: 21, text: "ticker sent ticks 21", line: 40),
                Evidence(at: 31.5, text: "received ticks 22 \(text)", line: 60),
            ])
        var result = SampleResults.result(
            "sample", tags: [], verdict: .fail, findings: [finding], recording: "reports/sample/recording.jsonl",
            seed: 7)
        result.clients = ["subscriber"]
        result.virtualSeconds = 71
        return RunMaterial(result: result, view: view)
    }

    static func recording(_ told: [(Double, Event.Body)]) -> Recording {
        var events = told.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map {
            Event(Timestamp(nanoseconds: Int64((play + $0.element.0) * 1e9)), $0.element.1)
        }
        let last = events.last?.time ?? Timestamp(nanoseconds: 0)
        events.append(Event(last, .end(End(.finished, events: events.count))))
        let header = Header(
            scenario: "sample", seed: 7, lab: "virtual", kernel: "6.12", uncertainty: 0,
            sources: [Header.Source(path: "sample.yaml", text: "format: 1\n")])
        return Recording(header: header, events: events)
    }

    private static func told(text: String) -> [(Double, Event.Body)] {
        var told: [(Double, Event.Body)] = [
            (-2, .phase(.build)), (-1.5, .phase(.start)), (-1.4, started("broker")), (-1.3, started("ticker")),
            (-1, started("subscriber")), (-0.9, says(.attempt)), (-0.8, wire(.attempt, phone, broker)),
            (-0.75, wire(.established, phone, broker)), (-0.7, says(.state, "connecting")),
            (-0.6, says(.connected)), (-0.5, says(.state, "connected")), (-0.4, says(.breaker, "closed")),
            (-0.1, .phase(.healthy)), (0, .phase(.play)),
            (20, .fault(FaultChange(0, "blackhole", .applied(late: 0)))),
            (20.5, .fault(FaultChange(0, "blackhole", .hit(total: 1)))),
            (25, says(.error, text)), (25, says(.state, "disconnected")), (25, says(.breaker, "open")),
            (25, wire(.fin, phone, broker)), (26, says(.attempt)), (26, wire(.attempt, phoneAgain, broker)),
            (27, wire(.attempt, phoneAgain, broker, repeated: true)), (28, says(.attempt)),
            (30, .fault(FaultChange(0, "blackhole", .healed(late: 0, total: 9)))),
            (31, says(.attempt)), (31, wire(.attempt, phoneAgain, broker, repeated: true)),
            (31.1, wire(.established, phoneAgain, broker)), (31.2, says(.state, "connected")),
            (31.2, says(.connected)), (31.3, says(.breaker, "closed")), (60, .phase(.settle)),
            (61, .phase(.stop)), (61.5, .actor(ActorChange(client, .stopped(killed: false)))),
        ]
        for second in 0..<60 {
            told.append((Double(second), message(.sent, Instance("ticker"), second)))
            if second != 21, !(20..<31).contains(second) {
                told.append((Double(second) + 0.02, message(.received, client, second)))
            }
        }
        for second in (20..<31) where second != 21 { told.append((31.5, message(.received, client, second))) }
        told.append((31.6, message(.received, client, 30)))
        return told
    }

    static func message(_ kind: DriverReport.Kind, _ who: Instance, _ number: Int) -> Event.Body {
        .driver(DriverReport(who, kind, stream: "ticks", sequence: Int64(number)))
    }

    static func says(_ kind: DriverReport.Kind, _ text: String? = nil) -> Event.Body {
        .driver(DriverReport(client, kind, text: text))
    }

    private static func started(_ actor: String) -> Event.Body {
        .actor(ActorChange(Instance(actor), .started(pid: 2)))
    }

    static func wire(
        _ change: WireChange.Change, _ from: Endpoint, _ to: Endpoint, repeated: Bool = false
    ) -> Event.Body {
        .wire(WireChange(link: "phone-home", change, from: from, to: to, repeated: repeated))
    }

    static let scenario: Scenario = {
        func side(_ host: String, _ address: String) -> LinkEnd {
            LinkEnd(host: host, hostAddress: address, wireAddress: "", reaches: [])
        }
        func actor(_ name: String, _ role: ActorPlan.Role, _ host: String) -> ActorPlan {
            ActorPlan(
                name: name, role: role, host: host, run: ["true"], environment: [], folder: nil, ready: .started,
                count: 1, stopWithin: .seconds(5), logLimit: 1 << 20)
        }
        return Scenario(
            name: "sample", summary: "A path goes silent.", tags: [],
            lab: LabPlan(
                hosts: [
                    HostPlan(name: "phone", nat: nil, addresses: ["10.77.1.1"]),
                    HostPlan(name: "cloud", nat: nil, addresses: ["10.77.2.1"]),
                ],
                links: [
                    LinkPlan(
                        name: "phone-home", first: side("phone", "10.77.1.1"), second: side("cloud", "10.77.2.1"),
                        impairment: Impairment())
                ], start: 1_767_225_600, memory: 1 << 29),
            actors: [
                actor("broker", .server, "cloud"), actor("ticker", .publisher, "cloud"),
                actor("subscriber", .client, "phone"),
            ],
            faults: [
                FaultPlan(
                    index: 0, kind: "blackhole", at: .seconds(20), until: .seconds(30),
                    target: .link("phone-home", from: nil), parameters: [:], position: "sample.yaml:1:1")
            ], end: .seconds(60), settle: .seconds(1), healthyWithin: .seconds(60), expectations: [])
    }()

    /// A classic capture of three packets: before the fault, while it is on, after it.
    static let capture: RunMaterial.Capture = {
        var bytes: [UInt8] = []
        func put(_ value: UInt32) { for shift in [0, 8, 16, 24] { bytes.append(UInt8(value >> UInt32(shift) & 255)) } }
        for word in [0xa1b2_3c4d, 0x0004_0002, 0, 0, 65535, 101] as [UInt32] { put(word) }
        for second in [10, 22, 40] as [UInt32] {
            for word in [1_767_225_600 + 100 + second, 5000, 20, 20] { put(word) }
            // An IPv4 header of a TCP packet without anything behind it.
            bytes += [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 77, 1, 1, 10, 77, 2, 1]
        }
        return RunMaterial.Capture(link: "phone-home", bytes: bytes)
    }()
}
