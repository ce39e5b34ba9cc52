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
        links = try engine.lab.wires.map { wire in
            try LinkProbe(
                link: wire.name, namespace: wire.namespace.raw,
                sides: [wire.first, wire.second].map { LinkProbe.Side(interface: $0.index, host: $0.host) },
                pcap: captures.map { "\($0)/\(wire.name).pcap" })
        }
        routers = try engine.lab.routers.map { try RouterProbe(router: $0.name, namespace: $0.namespace.raw) }
        sockets = try engine.scenario.lab.hosts.map { host in
            (host.name, try SocketDiagnosis(namespace: engine.lab.host(host.name).namespace.raw, host: host.name))
        }
        for router in routers {
            _ = try engine.loop.watch(router.descriptor) { [unowned self] in noticing { _ = try drain(router) } }
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
        for (host, diagnosis) in sockets {
            let counts = try diagnosis.count().map { SocketTable.StateCount($0.state.name, $0.count) }
            if !counts.isEmpty { bodies.append(.sockets(SocketTable(host: host, states: counts))) }
        }
        bodies += ProcessSampler.sample(engine.cast?.instances ?? []).map { .process($0) }
        guard bodies != lastSample else { return false }
        lastSample = bodies
        let now = Timestamp(nanoseconds: Clock.now)
        for body in bodies { engine.recorder.add(now, body, source: "samples") }
        return true
    }

    /// The last look at everything.
    func finish() throws(SystemError) {
        do {
            try drain()
            try sample()
        } catch let error as SystemError {
            throw error
        } catch {
            throw SystemError("read the probes: \(error)")
        }
    }
}
