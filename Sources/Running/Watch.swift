import Actors
import Kernel
import Labs
import Netlink
import Probes
import Recordings
import Scenarios

/// Drives the probes: drains them in batches, samples what has no events, and keeps the recording in order.
final class Watch {
    private unowned let engine: Engine
    private let links: [LinkProbe]
    private let routers: [RouterProbe]
    private let sockets: [(host: String, diagnosis: SocketDiagnosis)]
    private let listening: [ListenStatistics]
    private var dials: [Dials] = []
    private var realtimeOffset = Clock.realtimeOffset
    /// Between two drains: short while much is going on, long in silence.
    private var interval: Duration = .milliseconds(500)
    private static let shortest: Duration = .milliseconds(100)
    private static let longest: Duration = .seconds(60)
    private var lastDrain: Int64 = 0
    /// Between two samples: longer as long as they find nothing new, so that an idle day costs next to nothing.
    private var sampleInterval = Watch.shortestSample
    private static let shortestSample: Duration = .seconds(60)
    private static let longestSample: Duration = .seconds(480)
    private var lastSample: [Event.Body] = []
    /// Why nothing more can be seen: what follows could not be judged.
    private(set) var failure: (any Error)?

    init(engine: Engine) throws {
        self.engine = engine
        let captures = engine.request.wantsPcap ? engine.folders.run + "/captures" : nil
        if let captures { try Files.makeFolder(captures) }
        let tellsPayload = engine.records.contains(.payload)
        links = try engine.lab.wires.map { wire in
            try LinkProbe(
                link: wire.name, namespace: wire.namespace.raw,
                sides: [wire.first, wire.second].map { LinkProbe.Side(interface: $0.index, host: $0.host) },
                own: Watch.own([wire.first.host, wire.second.host], engine.scenario), tellsPayload: tellsPayload,
                pcap: captures.map { "\($0)/\(wire.name).pcap" })
        }
        routers = try engine.lab.routers.map { try RouterProbe(router: $0.name, namespace: $0.namespace.raw) }
        sockets = try engine.scenario.lab.hosts.map { host in
            (host.name, try SocketDiagnosis(namespace: engine.lab.host(host.name).namespace.raw, host: host.name))
        }
        listening = try engine.scenario.lab.hosts.map { host in
            try ListenStatistics(namespace: engine.lab.host(host.name).namespace.raw, host: host.name)
        }
        try watchDials()
        for router in routers {
            _ = try engine.loop.watch(router.descriptor) { [unowned self] in noticing { _ = try drain(router) } }
        }
    }

    /// Addresses of those of these hosts whose programs open connections.
    private static func own(_ hosts: [String], _ scenario: Scenario) -> Set<String> {
        let busy = Set(scenario.actors.map(\.host)).intersection(hosts)
        return Set(scenario.lab.hosts.filter { busy.contains($0.name) }.flatMap(\.addresses))
    }

    private func watchDials() throws {
        let dialing = engine.scenario.actors.filter { $0.role != .server }
        let wantsResources = engine.records.contains(.resources)
        for (place, (host, diagnosis)) in sockets.enumerated() {
            let here = dialing.filter { $0.host == host }
            let isShared = here.reduce(0) { $0 + $1.count } > 1
            let isSampled = wantsResources && here.contains { $0.role == .client }
            guard isShared || isSampled else { continue }
            let watched = try Dials(
                host: host, engine: engine, diagnosis: diagnosis, asksOwner: isShared,
                calm: isSampled ? { [unowned self] in noticing { try sampleHost(place) } } : nil,
                report: { [unowned self] in engine.recorder.add($0, $1, source: "owners") })
            dials.append(watched)
            _ = try engine.loop.watch(watched.descriptor) { [unowned self] in
                noticing { try watched.drain(realtimeOffset: realtimeOffset) }
            }
        }
    }

    func isListening(host: String, port: Int) -> Bool {
        guard let diagnosis = sockets.first(where: { $0.host == host })?.diagnosis else { return false }
        let listeners = (try? diagnosis.sockets(in: [.listen])) ?? []
        return listeners.contains { $0.local.port == port }
    }

    /// What came before the wall clock's step was stamped by the clock as it was.
    func moveClock(by step: Duration, _ change: () throws -> Void) throws {
        try drain()
        try change()
        realtimeOffset += step.wholeNanoseconds
    }

    /// Reads everything that has happened up to now and writes what can no longer be overtaken.
    @discardableResult
    func drain() throws -> Int {
        let now = Clock.now
        defer { lastDrain = now }
        for instance in engine.cast?.instances ?? [] { instance.drainOutput() }
        for watched in dials { try watched.drain(realtimeOffset: realtimeOffset) }
        var count = 0
        for link in links {
            count += try link.drain(realtimeOffset: realtimeOffset) { [unowned self] in
                engine.recorder.add($0, $1, source: "packets")
            }
        }
        for router in routers {
            try router.sweep()
            count += try drain(router)
        }
        engine.timeline?.sampleHits()
        // One drain late: a driver's stamp, made just before it was interrupted, still finds its place.
        engine.recorder.flush(upTo: lastDrain)
        return count
    }

    private func drain(_ router: RouterProbe) throws(SystemError) -> Int {
        try router.drain { [unowned self] in engine.recorder.add($0, $1, source: "mappings") }
    }

    /// Drains and samples until the run ends; tells the host half how far the timeline is.
    func startSampling(zero: Int64, length: Duration, say: @escaping (String) -> Void) {
        sampleNow()
        scheduleDrain { say("@progress \(Clock.now - zero) \(length.wholeNanoseconds)") }
        scheduleSample()
    }

    private func scheduleDrain(_ progress: @escaping () -> Void) {
        engine.loop.after(interval) { [unowned self] in
            noticing {
                let count = try drain()
                if count > 1000 { interval = max(Watch.shortest, interval / 2) }
                if count < 200 { interval = min(Watch.longest, interval * 2) }
            }
            progress()
            scheduleDrain(progress)
        }
    }

    private func scheduleSample() {
        engine.loop.after(sampleInterval) { [unowned self] in
            noticing {
                let isNews = try sample()
                sampleInterval = isNews ? Watch.shortestSample : min(Watch.longestSample, sampleInterval * 2)
            }
            scheduleSample()
        }
    }

    /// A sample out of turn: where a stage begins or ends.
    func sampleNow() { noticing { _ = try sample() } }

    /// Keeps the first error for the engine, which ends the run.
    private func noticing(_ body: () throws -> Void) {
        do { try body() } catch { failure = failure ?? error }
    }

    /// Traffic, sockets and processes at this moment; written when anything has changed since the last time.
    @discardableResult
    private func sample() throws -> Bool {
        var bodies: [Event.Body] = []
        for (probe, wire) in zip(links, engine.lab.wires) {
            for var traffic in probe.traffic {
                traffic.dropped = try wire.crossed(from: traffic.from).dropped
                bodies.append(.traffic(traffic))
            }
        }
        bodies += try sockets.indices.compactMap(socketTable).map { .sockets($0) }
        bodies += ProcessSampler.sample(engine.cast?.instances ?? []).map { .process($0) }
        guard bodies != lastSample else { return false }
        lastSample = bodies
        let now = Timestamp(nanoseconds: Clock.now)
        for body in bodies { engine.recorder.add(now, body, source: "samples") }
        return true
    }

    /// Nil for a host that has no sockets and had to turn nobody away.
    private func socketTable(_ place: Int) throws -> SocketTable? {
        let counts = try sockets[place].diagnosis.count().map { SocketTable.StateCount($0.state.name, $0.count) }
        let (overflows, drops) = try listening[place].read()
        if counts.isEmpty && overflows == 0 && drops == 0 { return nil }
        return SocketTable(host: sockets[place].host, states: counts, overflows: overflows, drops: drops)
    }

    /// What the clients of one host hold at this moment.
    private func sampleHost(_ place: Int) throws {
        let now = Timestamp(nanoseconds: Clock.now)
        let host = sockets[place].host
        let table = try socketTable(place) ?? SocketTable(host: host, states: [])
        engine.recorder.add(now, .sockets(table), source: "samples")
        let clients = engine.cast?.instances.filter { $0.plan.host == host && $0.plan.role == .client } ?? []
        for sample in ProcessSampler.sample(clients) { engine.recorder.add(now, .process(sample), source: "samples") }
    }

    /// The last look at everything.
    func finish() throws(SystemError) {
        do {
            try drain()
            try sample()
            for link in links { link.stop { [unowned self] in engine.recorder.add($0, $1, source: "packets") } }
        } catch let error as SystemError {
            throw error
        } catch {
            throw SystemError("read the probes: \(error)")
        }
    }
}
