import JSONLines
import Recordings

/// Small recordings that tests share.
enum Samples {
    static let header = Header(
        scenario: "nat \"forgets\"", seed: 7, lab: "virtual", kernel: "6.12.1-um", uncertainty: 1000,
        records: [.connections, .payload],
        sources: [Header.Source(path: "nat.yaml", text: "format: 1\nname: é\n"), Header.Source(path: "a/b", text: "")])

    private static let client = Instance("subscriber", 2)
    private static let inside = Endpoint(address: "10.77.1.2", port: 40001)
    private static let server = Endpoint(address: "fd00::1", port: 1883)

    /// Every case of every enum of the events, at least once.
    static let bodies: [Event.Body] =
        NameLookup.Answer.allCases.filter { $0 != .addresses }.map {
            .lookup(NameLookup(host: "phone", name: "broker", type: "AAAA", $0, delay: 5))
        } + Phase.allCases.map { .phase($0) } + actors + drivers + faults + connections
        + WireChange.Change.allCases.map { .wire(WireChange(link: "phone-home", $0, from: inside, to: server)) } + [
            .wire(WireChange(link: "phone-home", .attempt, from: inside, to: server, repeated: true)),
            .wire(WireChange(link: "phone-home", .data, from: inside, to: server, bytes: 12, quiet: 100_000_000)),
            .owner(ConnectionOwner(client, from: inside, to: server)),
            .mapping(
                MappingChange(
                    router: "home", .forgotten, from: inside, to: server,
                    translated: Endpoint(address: "10.77.2.2", port: 1024))),
            .traffic(Traffic(link: "phone-home", from: "phone", packets: 12, bytes: 3400, dropped: 1)),
            .sockets(SocketTable(host: "phone", states: [.init("ESTABLISHED", 1), .init("CLOSE_WAIT", 20)])),
            .sockets(SocketTable(host: "cloud", states: [], overflows: 4, drops: 5)),
            .process(ProcessSample(client, cpu: 1, memory: 1 << 40, descriptors: 9, threads: 3, wakeups: 12)),
            .lookup(
                NameLookup(
                    host: "phone", name: "broker", type: "A", .addresses, addresses: ["10.77.2.6"], ttl: 60)),
            .lookup(
                NameLookup(
                    host: "phone", name: "broker", type: "A", .addresses, addresses: ["10.77.2.6", "10.77.3.6"],
                    delay: 5)),
            .lost(LostEvents(probe: "capture phone-home", count: 17)),
        ]

    private static let actors: [Event.Body] = [
        .actor(ActorChange(client, .started(pid: 12))), .actor(ActorChange(client, .ready)),
        .actor(ActorChange(client, .exited(status: 3, signal: nil))),
        .actor(ActorChange(client, .exited(status: nil, signal: 9))),
        .actor(ActorChange(client, .stopped(killed: true))), .actor(ActorChange(client, .stopped(killed: false))),
        .actor(ActorChange(client, .unsupported(reason: "no TLS"))),
        .actor(ActorChange(client, .failed(reason: "no such file\nor folder"))),
        .actor(ActorChange(client, .told(command: "drain"))),
        .actor(ActorChange(client, .told(command: "publish", refused: "it does not \"run\""))),
        .actor(ActorChange(client, .runaway(reason: "it never slept"))),
        .actor(ActorChange(client, .logTruncated(after: 1 << 20))),
    ]

    private static let drivers: [Event.Body] =
        DriverReport.Kind.allCases.map { .driver(DriverReport(client, $0, stamp: .reader)) } + [
            .driver(
                DriverReport(
                    client, .received, session: "s\u{1}", stream: "ticks", sequence: -4, text: "\u{7f}ü",
                    extra: [JSON.Member("qos", 1), JSON.Member("deep", ["a": [.null, 0.5, true]])]))
        ]

    private static let connections: [Event.Body] =
        ([
            .clientHello(version: "1.3", name: "broker"), .clientHello(version: nil, name: nil),
            .serverHello(version: "1.2", cipher: "TLS_AES_256_GCM_SHA384"), .alert(name: "bad_certificate"),
            .alert(name: nil), .finished, .data, .plain(protocol: "mqtt"), .plain(protocol: nil),
        ] as [TLSChange.Change]).map { .tls(TLSChange(link: "phone-home", $0, from: inside, to: server)) }
        + ConnectionTotals.Ending.allCases.map {
            .connection(
                ConnectionTotals(
                    link: "phone-home", $0, from: inside, to: server,
                    sent: .init(packets: 9, bytes: 700, retransmitted: 2), received: .init(packets: 8, bytes: 1 << 40),
                    quiet: 60))
        }

    private static let faults: [Event.Body] = [
        .fault(FaultChange(0, "blackhole", .applied(late: 90_000))),
        .fault(FaultChange(0, "blackhole", .hit(total: 1))),
        .fault(FaultChange(0, "blackhole", .healed(late: -5, total: 12))),
        .fault(FaultChange(1, "nat-forget", .failed(reason: "no conntrack"))),
    ]

    static let events: [Event] =
        bodies.enumerated().map { Event(Timestamp(nanoseconds: Int64($0.offset) * 1_000_000_007), $0.element) }
        + [Event(Timestamp(nanoseconds: 1 << 60), .end(End(.finished, events: bodies.count)))]

    static func bytes(_ events: [Event] = events) -> [UInt8] {
        var encoder = RecordingEncoder()
        return events.reduce(into: encoder.encode(header: header)) { $0 += encoder.encode($1) }
    }
}

/// Repeats: a failing test can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
