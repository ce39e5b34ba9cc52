import JSONLines
import Recordings
import Scenarios

/// The recorded events that an assertion is about.
struct Occurrences {
    struct Occurrence {
        var moment: Moment
        /// Who it belongs to: gaps are between those of one.
        var name: RunView.SessionName
        var text: String
        var report: DriverReport?
    }

    /// In time order.
    let all: [Occurrence]
    /// Why their absence proves nothing; nil when the actor spoke.
    let silence: String?
    private let run: RunView

    init(_ run: RunView, _ events: Assertion.Events) {
        self.run = run
        let selection = Selection(run, events)
        var all: [Occurrence] = []
        var heard: Set<Instance> = []
        var anything = false
        for (index, event) in run.recording.events.enumerated() where event.time < run.stop {
            guard let found = selection.match(event) else { continue }
            heard.insert(found.0.instance)
            anything = true
            guard let text = found.text, selection.isIn(event.time) else { continue }
            let moment = Moment(time: event.time, line: index + 2)
            var report: DriverReport?
            if case .driver(let said) = event.body { report = said }
            all.append(Occurrence(moment: moment, name: found.0, text: text, report: report))
        }
        self.all = all
        silence = selection.silence(heard, anything: anything)
    }

    /// The first few and the last.
    var evidence: [Evidence] {
        let shown = all.count <= 8 ? all : Array(all.prefix(7)) + [all[all.count - 1]]
        return shown.map { run.evidence($0.moment, $0.text) }
    }

    /// Times between one and the next of the same session, with the later one.
    var gaps: [(seconds: Double, at: Occurrence)] {
        var last: [RunView.SessionName: Timestamp] = [:]
        return all.compactMap { occurrence in
            defer { last[occurrence.name] = occurrence.moment.time }
            return last[occurrence.name].map { ((occurrence.moment.time - $0).seconds, occurrence) }
        }
    }

    /// The most within any time so long, and where it ends.
    func peak(_ span: Duration) -> (count: Int, last: Occurrence)? {
        var start = 0
        var best: (count: Int, last: Occurrence)?
        for (place, occurrence) in all.enumerated() {
            while all[start].moment.time + span <= occurrence.moment.time { start += 1 }
            if place - start + 1 > best?.count ?? 0 { best = (place - start + 1, occurrence) }
        }
        return best
    }
}

/// Which events of a recording an assertion means.
private struct Selection {
    private let run: RunView
    private let events: Assertion.Events
    private let host: String?
    private let addresses: Set<IPAddress>
    private let window: @Sendable (Timestamp) -> Bool

    init(_ run: RunView, _ events: Assertion.Events) {
        self.run = run
        self.events = events
        let host = run.plan(of: events.actor.name.text)?.host
        self.host = host
        addresses = host.map(run.addresses(of:)) ?? []
        window = run.filter(events.window)
    }

    func isIn(_ time: Timestamp) -> Bool { window(time) }

    /// Whose event of this source it is; with a text, when it is of the kind that is meant.
    func match(_ event: Event) -> (RunView.SessionName, text: String?)? {
        switch (events.kind.source, event.body) {
        case (.driver, .driver(let report)):
            guard isActor(report.instance) else { return nil }
            let name = RunView.SessionName(instance: report.instance, session: report.session)
            let fits = report.kind.rawValue == events.kind.rawValue && holds(of: report)
            return (name, fits ? Selection.text(report, name) : nil)
        case (.process, .actor(let change)):
            guard isActor(change.instance) else { return nil }
            let name = RunView.SessionName(instance: change.instance, session: "")
            return (name, Selection.kind(of: change.change) == events.kind ? "\(name) \(events.kind.rawValue)" : nil)
        case (.wire, .wire(let change)):
            guard addresses.contains(change.from.address) || addresses.contains(change.to.address) else { return nil }
            let fits = addresses.contains(change.from.address) && isKind(change)
            return (own, fits ? "\(events.kind.rawValue) from \(change.from) to \(change.to) (\(change.link))" : nil)
        case (.names, .lookup(let lookup)):
            guard lookup.host == host else { return nil }
            return (own, "\(lookup.host) looked up \(lookup.name), \(lookup.type): \(lookup.answer.rawValue)")
        default: return nil
        }
    }

    private var own: RunView.SessionName {
        RunView.SessionName(
            instance: Instance(events.actor.name.text, events.actor.index ?? 0), session: "")
    }

    private func isActor(_ instance: Instance) -> Bool {
        instance.actor == events.actor.name.text && events.actor.index.map { $0 == instance.index } ?? true
    }

    private func isKind(_ change: WireChange) -> Bool {
        switch change.change {
        case .attempt: events.kind == .syn && !change.repeated
        case .established: events.kind == .established
        case .fin: events.kind == .fin
        case .reset: events.kind == .reset
        case .firstRequest, .firstResponse, .data, .keepAlive: false
        }
    }

    private static func kind(of change: ActorChange.Change) -> Assertion.Kind? {
        switch change {
        case .started: .started
        case .exited: .exited
        case .told: .told
        case .ready, .stopped, .unsupported, .failed, .runaway, .logTruncated: nil
        }
    }

    private static func text(_ report: DriverReport, _ name: RunView.SessionName) -> String {
        let detail = report.text ?? report.sequence.map { "\(report.stream ?? "") \($0)" } ?? ""
        return "\(name) said \(report.kind.rawValue)\(detail.isEmpty ? "" : " (\(detail))")"
    }

    private func holds(of report: DriverReport) -> Bool {
        events.conditions.allSatisfy { condition in
            let value = report.field(condition.field.text)
            switch condition.value {
            case .number(let number):
                guard let value = value?.number else { return condition.comparison == .unequal }
                return condition.comparison.holds(value, number)
            case .text(let text): return condition.comparison.holds(value?.asText ?? "", text)
            }
        }
    }

    /// Each instance must have been heard of by this source; hosts by any event of theirs.
    func silence(_ heard: Set<Instance>, anything: Bool) -> String? {
        switch events.kind.source {
        case .wire where !anything, .names where !anything:
            return "Nothing of \(events.actor.name.text)'s host was recorded: that there was no \(events.inWords) "
                + "proves nothing."
        case .wire, .names: return nil
        case .driver, .process:
            let all = run.instances(of: events.actor.name.text).filter(isActor)
            guard let silent = all.first(where: { !heard.contains($0) }) else { return nil }
            return "\(silent) said nothing at all: that there was no \(events.inWords) proves nothing."
        }
    }
}

extension DriverReport {
    /// By the name that the protocol gives it.
    func field(_ name: String) -> JSON? {
        switch name {
        case "text", "state": text.map { .string($0) } ?? extra(name)
        case "stream": stream.map { .string($0) }
        case "seq": sequence.map { .integer($0) }
        case "session": .string(session)
        default: extra(name)
        }
    }
}

extension JSON {
    /// For comparison with a word.
    fileprivate var asText: String {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        default: ""
        }
    }
}

extension RunView {
    /// Play, or a part of it.
    func filter(_ window: Assertion.Window?) -> @Sendable (Timestamp) -> Bool {
        let play = play ?? stop
        let stop = stop
        let isInPlay = { @Sendable (time: Timestamp) in time >= play && time < stop }
        switch window {
        case nil: return isInPlay
        case .between(let start, let end): return { isInPlay($0) && $0 >= play + start && $0 < play + end }
        case .before(let end): return { isInPlay($0) && $0 < play + end }
        case .after(let start): return { isInPlay($0) && $0 >= play + start }
        case .during(let fault):
            let windows = FaultWindows(self, kind: fault.text)
            return { isInPlay($0) && windows.contains($0) }
        case .outside(let fault):
            let windows = FaultWindows(self, kind: fault.text)
            return { isInPlay($0) && !windows.contains($0) }
        }
    }
}
