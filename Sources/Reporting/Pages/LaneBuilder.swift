import Judging
import Recordings
import Scenarios

/// The lanes of a run's timeline: what its faults, servers and sessions did, each session's own as long as they are
/// few. Of many the ones that findings rest on are shown, and the rest in sums; `notes` says what was summed up.
struct LaneBuilder {
    let view: RunView
    private(set) var lanes: [Lane] = []
    private(set) var notes: [String] = []

    /// Up to so many sessions all have lanes of their own.
    static let mostSessions = 16
    /// Of more, so many have.
    private static let fewSessions = 6
    /// Points in all lanes, and in one.
    private static let mostPoints = 60_000
    private let pointsEach: Int

    init(_ view: RunView, findings: [Finding]) {
        self.view = view
        let actors = view.scenario.actors
        let names = actors.filter { $0.role != .server }.map { view.sessionNames(of: $0.name) }
        let shown = LaneBuilder.chosen(names, findings, view)
        // About four lanes for each.
        pointsEach = max(500, LaneBuilder.mostPoints / max(1, 4 * shown.count))
        takeFaults()
        for actor in actors where actor.role == .server { takeServer(actor) }
        for (actor, names) in zip(actors.filter { $0.role != .server }, names) {
            let own = names.filter(shown.contains)
            if own.count < names.count { takeSums(actor, names, shown: own.count) }
            for name in own { take(name, actor) }
        }
        lanes.removeAll(where: \.isEmpty)
    }

    func time(_ time: Timestamp) -> Int64 { view.microseconds(time) }

    /// All when they are few; otherwise those that findings rest on, then the first of each actor.
    private static func chosen(
        _ names: [[RunView.SessionName]], _ findings: [Finding], _ view: RunView
    ) -> Set<RunView.SessionName> {
        if names.reduce(0, { $0 + $1.count }) <= mostSessions { return Set(names.joined()) }
        var chosen: [RunView.SessionName] = []
        for evidence in findings.filter({ $0.verdict != .pass }).flatMap(\.evidence) {
            guard view.recording.events.indices.contains(evidence.line - 2) else { continue }
            guard case .driver(let report) = view.recording.events[evidence.line - 2].body else { continue }
            let name = view.sessionName(of: report)
            if !chosen.contains(name) { chosen.append(name) }
        }
        for place in 0..<fewSessions { chosen += names.compactMap { $0.indices.contains(place) ? $0[place] : nil } }
        var set: Set<RunView.SessionName> = []
        for name in chosen where set.count < fewSessions { set.insert(name) }
        return set
    }

    mutating func add(_ group: String, _ name: String, _ shape: Lane.Shape, told: String) {
        lanes.append(Lane(group: group, name: name, shape: shape, told: told))
    }

    mutating func note(_ text: String) { notes.append(text) }

    private mutating func takeFaults() {
        let spans = view.strikes.compactMap { strike -> Lane.Span? in
            guard let from = strike.applied?.time ?? strike.firstHit?.time else { return nil }
            let to = strike.healed?.time ?? view.stop
            return Lane.Span(
                start: time(from), end: max(time(from), time(to)), tone: .fault,
                text: "\(strike.name): \(strike.hits) \(strike.hits == 1 ? "hit" : "hits")")
        }
        add(
            "faults", "\(spans.count) of the timeline", .spans(spans.sorted { $0.start < $1.start }),
            told: spans.prefix(20).map(\.text).joined(separator: "; "))
        let order: [Phase] = [.build, .start, .healthy, .play, .settle, .stop]
        let phases = order.compactMap { phase in view.phases[phase].map { (phase, $0.time) } }
        let ends = phases.dropFirst().map(\.1) + [view.recording.events.last?.time ?? view.stop]
        add(
            "run", "phases",
            .spans(
                zip(phases, ends).map { phase, end in
                    Lane.Span(start: time(phase.1), end: time(end), tone: .idle, text: phase.0.rawValue)
                }), told: "The stages of the run.")
    }

    private mutating func takeServer(_ actor: ActorPlan) {
        for instance in view.instances(of: actor.name) { takeLife(instance) }
        guard let samples = view.sockets[actor.host] else { return }
        let steps = samples.map { moment, table in
            (time(moment.time), table.states.first { $0.state == "ESTABLISHED" }?.count ?? 0)
        }
        add(
            actor.name, "sockets of \(actor.host)",
            .line(LaneBuilder.steps(steps), of: "established TCP sockets of \(actor.host)"),
            told: "Established TCP sockets of \(actor.host): at most \(steps.map(\.1).max() ?? 0).")
    }

    /// When a process lived, from its start over readiness to its end.
    private mutating func takeLife(_ instance: Instance) {
        var spans: [Lane.Span] = []
        for life in view.lives[instance] ?? [] {
            let at = time(life.moment.time)
            if let last = spans.indices.last, spans[last].end == .max { spans[last].end = at }
            switch life.change {
            case .started(let pid):
                spans.append(Lane.Span(start: at, end: .max, tone: .idle, text: "started, process \(pid)"))
            case .ready: spans.append(Lane.Span(start: at, end: .max, tone: .good, text: "ready"))
            case .told, .logTruncated:
                if let last = spans.last {
                    spans.append(Lane.Span(start: at, end: .max, tone: last.tone, text: last.text))
                }
            case .exited, .failed, .runaway, .unsupported:
                spans.append(Lane.Span(start: at, end: .max, tone: .bad, text: "gone"))
            case .stopped: break
            }
        }
        let end = time(view.recording.events.last?.time ?? view.stop)
        for place in spans.indices where spans[place].end == .max { spans[place].end = max(end, spans[place].start) }
        add("\(instance)", "process", .spans(spans), told: LaneBuilder.told(spans))
    }

    /// Where the value changed.
    private static func steps(_ all: [(Int64, Int)]) -> [(time: Int64, value: Int)] {
        var steps: [(time: Int64, value: Int)] = []
        for (time, value) in all where steps.last?.value != value { steps.append((time, value)) }
        return steps
    }

    static func told(_ spans: [Lane.Span]) -> String {
        let first = spans.prefix(20).map { span in
            "\(span.text) from \(Duration.microseconds(span.start).timelineText)"
        }
        return first.joined(separator: "; ") + (spans.count > 20 ? "; and \(spans.count - 20) more" : "")
    }

    /// So many points each lane may have.
    var limit: Int { pointsEach }
}
