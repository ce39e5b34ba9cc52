import Actors
import Kernel
import Netlink
import Probes
import Recordings
import Scenarios

/// What is asked at the moment at which a host's program opens a connection: whose it is, where several programs dial
/// from there, and, where an expectation needs it, what the host's clients hold a little later.
final class Dials {
    private unowned let engine: Engine
    private let probe: DialProbe
    private let diagnosis: SocketDiagnosis
    private let asksOwner: Bool
    private let report: (Timestamp, Event.Body) -> Void
    /// Once nothing has been opened for a while.
    private let calm: (() -> Void)?
    private var timer: EventLoop.Token?
    /// Enough for a handshake, a login and for what the last connection leaves behind to go.
    private static let calmAfter: Duration = .seconds(2)

    /// - Parameter calm: called two seconds after the latest connection that was opened; nil when nobody needs that.
    init(
        host: String, engine: Engine, diagnosis: SocketDiagnosis, asksOwner: Bool, calm: (() -> Void)?,
        report: @escaping (Timestamp, Event.Body) -> Void
    ) throws {
        self.engine = engine
        self.diagnosis = diagnosis
        self.asksOwner = asksOwner
        self.calm = calm
        self.report = report
        probe = try DialProbe(host: host, namespace: engine.lab.host(host).namespace.raw)
    }

    var host: String { probe.host }
    var descriptor: Int32 { probe.descriptor }

    /// Reads what has been opened since the last time.
    func drain(realtimeOffset: Int64) throws {
        let dials = try probe.drain(realtimeOffset: realtimeOffset).filter { !$0.isRepeated }
        if dials.isEmpty { return }
        if asksOwner { try tellOwners(of: dials) }
        guard let calm else { return }
        if let timer { engine.loop.cancel(timer) }
        timer = engine.loop.after(Dials.calmAfter) { calm() }
    }

    private func tellOwners(of dials: [DialProbe.Dial]) throws {
        let waiting = TCPState.allCases.filter { $0 != .listen && $0 != .timeWait }
        let sockets = try diagnosis.sockets(in: waiting).filter { $0.inode != 0 }
        let inodes = Dictionary(sockets.map { ([Endpoint($0.local), Endpoint($0.remote)], $0.inode) }) { $1 }
        let found = dials.map { inodes[[$0.from, $0.to]] }
        let here = engine.cast.instances.filter { $0.plan.host == host }
        let holders = ProcessSampler.holders(of: Set(found.compactMap { $0 }), among: here)
        for (dial, inode) in zip(dials, found) {
            // One that is closed again already has no owner to be found.
            guard let owner = inode.flatMap({ holders[$0] }) else { continue }
            report(dial.time, .owner(ConnectionOwner(owner, from: dial.from, to: dial.to)))
        }
    }
}
