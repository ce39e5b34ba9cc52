import JSONLines
import Judging
import Recordings

/// The spans of one run, the root first.
struct OTLPSpans {
    private(set) var all: [JSON] = []
    private let run: RunMaterial
    private let dates: RunDates
    private let trace: String

    private enum Status: Int64 { case unset, good, bad }
    private enum Kind: Int64 { case within = 1, client = 3 }

    init(_ run: RunMaterial) {
        self.run = run
        dates = RunDates(run.view)
        // Equal runs are one trace.
        let name = run.result.sha256 ?? "\(run.result.scenario) \(run.result.seed)"
        trace = OTLPSpans.hexadecimal(OTLPSpans.hash(name, 1)) + OTLPSpans.hexadecimal(OTLPSpans.hash(name, 2))
        takeRun()
        for actor in run.view.scenario.actors where actor.role != .server {
            for name in run.view.sessionNames(of: actor.name) { take(name) }
        }
    }

    /// When the run ended, as OTLP writes it.
    var end: String { date(run.view.recording.events.last?.time ?? run.view.stop) }

    private func date(_ time: Timestamp) -> String { String(dates.nanoseconds(time)) }

    private mutating func takeRun() {
        let view = run.view
        let first = view.recording.events.first?.time ?? Timestamp(nanoseconds: 0)
        let verdict = run.result.judgement.verdict
        var events: [(Timestamp, JSON)] = view.phases.map { phase, moment in
            (moment.time, event("phase \(phase.rawValue)", moment.time, []))
        }
        for strike in view.strikes {
            let about: [(String, JSON)] = [
                ("halfopen.fault", .string(strike.plan.kind)), ("halfopen.fault.name", .string(strike.name)),
            ]
            let hits = about + [("halfopen.fault.hits", .integer(strike.hits))]
            if let at = strike.applied?.time { events.append((at, event("fault applied", at, about))) }
            if let at = strike.firstHit?.time { events.append((at, event("fault hit", at, about))) }
            if let at = strike.healed?.time { events.append((at, event("fault healed", at, hits))) }
        }
        for finding in run.result.judgement.findings where finding.verdict != .pass {
            let last = finding.evidence.last?.line
            let at = last.flatMap { line in view.recording.events.indices.contains(line - 2) ? line - 2 : nil }
            let time = at.map { view.recording.events[$0].time } ?? view.stop
            events.append(
                (
                    time,
                    event(
                        "finding \(finding.verdict.rawValue)", time,
                        [
                            ("halfopen.expectation", .string(finding.expectation)),
                            ("halfopen.summary", .string(finding.summary)),
                        ])
                ))
        }
        events.sort { $0.0 < $1.0 }
        let status: Status = verdict == .pass ? .good : verdict == .fail || verdict == .error ? .bad : .unset
        let end = view.recording.events.last?.time ?? first
        add(run.result.scenario, id: 0, parent: nil, .within, first, end, status, [], events.map(\.1))
    }

    private mutating func take(_ name: RunView.SessionName) {
        let view = run.view
        let session = view.sessions[name]
        let lives = view.lives[name.instance] ?? []
        let start = lives.first?.moment.time ?? session?.reports.first?.moment.time
        guard let start else { return }
        let end = max(start, lives.last?.moment.time ?? view.stop)
        let id = all.count
        let events = (session?.reports ?? []).compactMap { said -> JSON? in
            switch said.report.kind {
            case .error, .refused, .breaker, .state, .resumed:
                let text = said.report.text.map { [("halfopen.text", JSON.string($0))] } ?? []
                return event(said.report.kind.rawValue, said.moment.time, text)
            case .hello, .attempt, .connected, .sent, .received, .acked, .request, .response, .queue, .note,
                .unsupported:
                return nil
            }
        }
        add(
            "session \(name)", id: id, parent: 0, .within, start, end, .unset,
            [
                ("halfopen.actor", .string(name.instance.actor)), ("halfopen.session", .string(name.session)),
                ("halfopen.received", .integer(Int64(session?.received.count ?? 0))),
                ("halfopen.sent", .integer(Int64(session?.sent.count ?? 0))),
            ], events)
        for connection in view.connections(of: name) { take(connection, parent: id, within: end) }
    }

    private mutating func take(
        _ connection: ConnectionInventory.Connection, parent: Int, within sessionEnd: Timestamp
    ) {
        let last =
            connection.released ?? connection.attempts.last.map { connection.established == nil ? $0 : nil } ?? nil
        let began = connection.began.time
        let end = max(began, last?.time ?? sessionEnd)
        let worked = connection.established != nil
        let attempts = connection.attempts.dropFirst().map { event("SYN again", $0.time, []) }
        add(
            worked ? "connection" : "attempt", id: all.count, parent: parent, .client, began, end,
            worked ? .unset : .bad,
            [
                ("network.local.address", .string("\(connection.from.address)")),
                ("network.local.port", .integer(Int64(connection.from.port))),
                ("network.peer.address", .string("\(connection.to.address)")),
                ("network.peer.port", .integer(Int64(connection.to.port))),
                ("network.transport", .string("tcp")),
                ("server.address", .string(connection.destination ?? "\(connection.to.address)")),
            ], attempts)
    }

    private func event(_ name: String, _ time: Timestamp, _ about: [(String, JSON)]) -> JSON {
        [
            "timeUnixNano": .string(date(time)), "name": .string(name), "attributes": OTLPReport.attributes(about),
        ]
    }

    private mutating func add(
        _ name: String, id: Int, parent: Int?, _ kind: Kind, _ start: Timestamp, _ end: Timestamp, _ status: Status,
        _ about: [(String, JSON)], _ events: [JSON]
    ) {
        all.append([
            "traceId": .string(trace), "spanId": .string(spanID(id)),
            "parentSpanId": .string(parent.map(spanID) ?? ""), "name": .string(Terminal.clean(name)),
            "kind": .integer(kind.rawValue), "startTimeUnixNano": .string(date(start)),
            "endTimeUnixNano": .string(date(end)), "attributes": OTLPReport.attributes(about),
            "events": .array(events), "status": ["code": .integer(status.rawValue)],
        ])
    }

    private func spanID(_ number: Int) -> String { OTLPSpans.hexadecimal(OTLPSpans.hash(trace, UInt64(number) + 3)) }

    /// FNV-1a; identifiers need only differ, and may not be zero.
    private static func hash(_ text: String, _ salt: UInt64) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(text.utf8) + (0..<8).map({ UInt8(truncatingIfNeeded: salt >> (8 * $0)) }) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return max(hash, 1)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
