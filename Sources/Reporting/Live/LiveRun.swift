import Judging
import Recordings
import Scenarios

/// A run while it is played, as far as its recording has come: facts in, a line for who waits out.
package struct LiveRun: Sendable {
    /// `mqtt-paho-blackhole seed 3`.
    package let name: String
    private let scenario: Scenario
    private let clients: Set<String>
    private var phase: Phase?
    private var zero: Timestamp?
    private var latest = Timestamp(nanoseconds: 0)
    /// Faults of the plan that strike now.
    private var striking: Set<Int> = []
    private var up: Set<Session> = []
    /// Some driver has told of a session: without one nobody knows how many are up.
    private var tells = false

    private struct Session: Hashable {
        var instance: Instance
        var name: String
    }

    package init(_ scenario: Scenario, seed: UInt64) {
        name = "\(scenario.name) seed \(seed)"
        self.scenario = scenario
        clients = Set(scenario.actors.filter { $0.role == .client }.map(\.name))
    }

    package mutating func saw(_ event: Event) {
        latest = event.time
        switch event.body {
        case .phase(let phase):
            self.phase = phase
            if phase == .play { zero = event.time }
        case .fault(let change):
            switch change.change {
            case .applied: if scenario.faults.indices.contains(change.index) { striking.insert(change.index) }
            case .healed, .failed: striking.remove(change.index)
            case .hit: break
            }
        case .driver(let report) where clients.contains(report.instance.actor): saw(report)
        case .actor(let change):
            switch change.change {
            case .exited, .stopped, .failed: up = up.filter { $0.instance != change.instance }
            case .started, .ready, .unsupported, .told, .runaway, .logTruncated: break
            }
        case .driver, .wire, .tls, .connection, .owner, .mapping, .traffic, .sockets, .process, .lookup, .lost, .end:
            break
        }
    }

    private mutating func saw(_ report: DriverReport) {
        let session = Session(instance: report.instance, name: report.session)
        switch report.kind {
        case .connected: up.insert(session)
        case .state where report.text == "connected": up.insert(session)
        case .state, .attempt: up.remove(session)
        case .hello, .sent, .received, .acked, .request, .response, .resumed, .refused, .queue, .breaker, .error,
            .note, .unsupported:
            return
        }
        tells = true
    }

    /// What there is to say of it at a moment of the lab's clock; nil for that of its newest event.
    /// - Parameter speed: of the lab's clock against the wall's.
    package func sight(at moment: Timestamp?, speed: Double?) -> Sight {
        let now = moment ?? latest
        var sight = Sight(name: name, phase: phase)
        if let zero {
            sight.played = min(max(now - zero, .zero), scenario.end)
        }
        sight.length = scenario.end
        sight.speed = speed
        sight.faults = striking.sorted().map { index in
            let plan = scenario.faults[index]
            return plan.kind + FaultStrike.target(plan)
        }
        sight.sessionsUp = tells ? up.count : nil
        return sight
    }

    /// What a display shows of a run.
    package struct Sight: Equatable, Sendable {
        package var name: String
        package var phase: Phase?
        /// Of the timeline; nil before it begins.
        package var played: Duration?
        package var length: Duration = .zero
        package var speed: Double?
        package var faults: [String] = []
        package var sessionsUp: Int?

        package init(name: String, phase: Phase? = nil) {
            self.name = name
            self.phase = phase
        }
    }
}
