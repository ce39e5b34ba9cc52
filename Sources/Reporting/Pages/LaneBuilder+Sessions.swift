import Judging
import Recordings
import Scenarios

// The lanes of one session.
extension LaneBuilder {
    mutating func take(_ name: RunView.SessionName, _ actor: ActorPlan) {
        let group = "\(name)"
        let session = view.sessions[name]
        let reports = session?.reports ?? []
        takeStates(reports, group)
        takeConnections(name, group)
        takeSigns(name, reports, group)
        takeBreaker(reports, group)
        takeMessages(session?.received ?? [], group, "received", promised: true)
        takeMessages(session?.sent ?? [], group, "sent", promised: false)
        takeHeartbeats(name, group)
    }

    private static let upStates: Set = ["connected", "subscribed", "ready", "online", "streaming"]
    private static let downStates: Set = [
        "disconnected", "failed", "closed", "lost", "fatal", "offline", "unavailable",
    ]

    private static func tone(ofState state: String) -> Lane.Tone {
        if upStates.contains(state) { return .good }
        return downStates.contains(state) ? .bad : .busy
    }

    private mutating func takeStates(_ reports: [RunView.Report], _ group: String) {
        let says = reports.contains { $0.report.kind == .state }
        let changes = reports.compactMap { said -> (Int64, Lane.Tone, String)? in
            let at = time(said.moment.time)
            switch said.report.kind {
            case .state:
                let state = said.report.text ?? ""
                return (at, LaneBuilder.tone(ofState: state), state)
            case .connected: return says ? nil : (at, .good, "connected")
            case .attempt: return says ? nil : (at, .busy, "connecting")
            case .error: return says ? nil : (at, .bad, "error")
            default: return nil
            }
        }
        takeStates(changes, group, "state")
    }

    private mutating func takeBreaker(_ reports: [RunView.Report], _ group: String) {
        let changes = reports.filter { $0.report.kind == .breaker }.map { said -> (Int64, Lane.Tone, String) in
            let state = said.report.text ?? ""
            return (time(said.moment.time), state == "closed" ? .good : state == "open" ? .bad : .busy, state)
        }
        takeStates(changes, group, "circuit breaker")
    }

    /// Each holds until the next; too many short ones become one that says so.
    private mutating func takeStates(_ changes: [(Int64, Lane.Tone, String)], _ group: String, _ name: String) {
        let end = max(time(view.stop), changes.last?.0 ?? .min)
        var spans: [Lane.Span] = []
        for (change, next) in zip(changes, changes.dropFirst().map(\.0) + [end]) {
            if let last = spans.last, last.text == change.2 {
                spans[spans.count - 1].end = next
            } else {
                spans.append(Lane.Span(start: change.0, end: next, tone: change.1, text: change.2))
            }
        }
        if spans.count > limit {
            note("\(group), \(name): of \(spans.count) changes the \(limit) longest are drawn.")
            spans = LaneBuilder.longest(spans, limit)
        }
        add(group, name, .spans(spans), told: LaneBuilder.told(spans))
    }

    private static func longest(_ spans: [Lane.Span], _ count: Int) -> [Lane.Span] {
        let kept = spans.enumerated().sorted { $0.element.end - $0.element.start > $1.element.end - $1.element.start }
        return kept.prefix(count).sorted { $0.offset < $1.offset }.map(\.element)
    }

    private mutating func takeConnections(_ name: RunView.SessionName, _ group: String) {
        var spans: [Lane.Span] = []
        for connection in view.connections(of: name) {
            let began = time(connection.began.time)
            let ending = connection.endings.first
            let last = time(view.recording.events.last?.time ?? view.stop)
            guard let established = connection.established else {
                // Its SYNs, and a little more: nothing says when it was given up.
                let end =
                    ending.map { time($0.moment.time) } ?? time(connection.attempts.last?.time ?? connection.began.time)
                spans.append(
                    Lane.Span(
                        start: began, end: max(end, began), tone: .bad,
                        text: "\(connection.text): no connection, \(connection.attempts.count) SYN"))
                continue
            }
            let how = ending.map { end in
                "\(end.isReset ? "reset" : "closed") by \(end.byInitiator ? "this side" : "the other side")"
            }
            let up = time(established.time)
            if up > began {
                let tries = connection.attempts.count
                spans.append(
                    Lane.Span(
                        start: began, end: up, tone: .busy, text: "\(connection.text): connecting, \(tries) SYN"))
            }
            spans.append(
                Lane.Span(
                    start: up, end: max(up, ending.map { time($0.moment.time) } ?? last), tone: .good,
                    text: "\(connection.text), up after "
                        + "\((established.time - connection.began.time).lengthText), \(how ?? "open to the end")"))
        }
        if spans.count > limit {
            note("\(group), connections: of \(spans.count) the \(limit) longest are drawn.")
            spans = LaneBuilder.longest(spans, limit)
        }
        let (failed, connected) = (spans.count { $0.tone == .bad }, spans.count { $0.tone == .good })
        add(
            group, "connections", .spans(spans.sorted { $0.start < $1.start }),
            told: "\(connected) connections, \(failed) attempts without one.")
    }

    private mutating func takeSigns(_ name: RunView.SessionName, _ reports: [RunView.Report], _ group: String) {
        var marks: [Lane.Mark] = []
        for said in reports {
            let text = said.report.text.map { ": \($0)" } ?? ""
            let tone: Lane.Tone
            switch said.report.kind {
            case .attempt: tone = .busy
            case .error, .refused, .unsupported: tone = .bad
            case .resumed, .connected: tone = .good
            case .response: tone = said.report.extra.contains { $0.key == "ok" && $0.value == false } ? .bad : .idle
            case .request, .acked, .queue, .note, .hello: tone = .idle
            case .state, .breaker, .sent, .received: continue
            }
            marks.append(Lane.Mark(time: time(said.moment.time), tone: tone, text: said.report.kind.rawValue + text))
        }
        for life in view.lives[name.instance] ?? [] {
            guard let (tone, text) = LaneBuilder.sign(of: life.change) else { continue }
            marks.append(Lane.Mark(time: time(life.moment.time), tone: tone, text: text))
        }
        if marks.count > limit {
            // What is usual goes first.
            let quiet = marks.filter { $0.tone == .idle }.count
            note("\(group), signs: \(quiet) requests, answers and notes of \(marks.count) signs are not drawn.")
            marks.removeAll { $0.tone == .idle }
            marks = Array(marks.prefix(limit))
        }
        marks.sort { $0.time < $1.time }
        let attempts = marks.count { $0.text.hasPrefix("attempt") }
        let errors = marks.count { $0.tone == .bad }
        add(group, "attempts, errors", .marks(marks), told: "\(attempts) attempts, \(errors) errors.")
    }

    private static func sign(of change: ActorChange.Change) -> (Lane.Tone, String)? {
        switch change {
        case .started: (.note, "process started")
        case .exited(let status, let signal):
            (.bad, "process ended" + (status.map { ", status \($0)" } ?? "") + (signal.map { ", signal \($0)" } ?? ""))
        case .told(let command, let refused): (.note, "told: \(command)" + (refused.map { ", refused: \($0)" } ?? ""))
        case .runaway(let reason): (.bad, "ended for running away: \(reason)")
        case .failed(let reason), .unsupported(let reason): (.bad, reason)
        case .ready, .stopped, .logTruncated: nil
        }
    }

    private mutating func takeHeartbeats(_ name: RunView.SessionName, _ group: String) {
        guard view.recording.header.records.contains(.payload) else { return }
        var marks = (view.wire(of: name) ?? []).compactMap { wire -> Lane.Mark? in
            switch wire.change.change {
            case .keepAlive:
                Lane.Mark(time: time(wire.moment.time), tone: .note, text: "TCP keep-alive from \(wire.change.from)")
            case .data where !wire.change.repeated:
                Lane.Mark(
                    time: time(wire.moment.time), tone: .idle,
                    text: "data after a pause from \(wire.change.from), \(wire.change.bytes ?? 0) bytes")
            case .data:
                Lane.Mark(time: time(wire.moment.time), tone: .busy, text: "data again from \(wire.change.from)")
            default: nil
            }
        }
        if marks.count > limit {
            note("\(group), heartbeats: the first \(limit) of \(marks.count) are drawn.")
            marks = Array(marks.prefix(limit))
        }
        add(group, "heartbeats and bursts", .marks(marks), told: "\(marks.count) bursts and keep-alives on the wire.")
    }
}
