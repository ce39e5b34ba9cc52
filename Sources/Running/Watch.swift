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
    private let realtimeOffset = Clock.realtimeOffset
    /// Between two drains: short while much is going on, long in silence.
    private var interval: Duration = .milliseconds(500)
    private static let shortest: Duration = .milliseconds(100)
    private static let longest: Duration = .seconds(15)
    private var lastDrain: Int64 = 0
    private static let sampleInterval: Duration = .seconds(60)

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
            _ = try engine.loop.watch(router.descriptor) { [unowned self] in _ = try? drain(router) }
        }
    }

    func isListening(host: String, port: Int) -> Bool {
        guard let diagnosis = sockets.first(where: { $0.host == host })?.diagnosis else { return false }
        let listeners = (try? diagnosis.sockets(in: [.listen])) ?? []
        return listeners.contains { $0.local.port == port }
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
        scheduleDrain()
        scheduleSample(zero: zero, length: length, say: say)
    }

    private func scheduleDrain() {
        engine.loop.after(interval) { [unowned self] in
            let count = (try? drain()) ?? 0
            if count > 1000 { interval = max(Watch.shortest, interval / 2) }
            if count < 200 { interval = min(Watch.longest, interval * 2) }
            scheduleDrain()
        }
    }

    private func scheduleSample(zero: Int64, length: Duration, say: @escaping (String) -> Void) {
        say("@progress \(Clock.now - zero) \(length.wholeNanoseconds)")
        engine.loop.after(Watch.sampleInterval) { [unowned self] in
            sample()
            scheduleSample(zero: zero, length: length, say: say)
        }
    }

    /// Traffic, sockets and processes at this moment.
    func sample() {
        let now = Timestamp(nanoseconds: Clock.now)
        for (probe, wire) in zip(links, engine.lab.wires) {
            for var traffic in probe.traffic {
                traffic.dropped = (try? wire.crossed(from: traffic.from).dropped) ?? 0
                engine.recorder.add(now, .traffic(traffic), source: "traffic")
            }
        }
        for (host, diagnosis) in sockets {
            guard let states = try? diagnosis.count(), !states.isEmpty else { continue }
            let counts = states.map { SocketTable.StateCount($0.state.name, $0.count) }
            engine.recorder.add(now, .sockets(SocketTable(host: host, states: counts)), source: "sockets")
        }
        for event in ProcessSampler.sample(engine.cast.instances) {
            engine.recorder.add(now, .process(event), source: "processes")
        }
    }

    /// The last look at everything.
    func finish() throws(SystemError) {
        do {
            try drain()
            sample()
        } catch let error as SystemError {
            throw error
        } catch {
            throw SystemError("read the probes: \(error)")
        }
    }
}
