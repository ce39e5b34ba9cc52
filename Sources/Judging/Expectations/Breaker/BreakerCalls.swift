import JSONLines
import Recordings
import Scenarios

/// What a circuit breaker guards: a try to connect as the wire shows it, or a request as its server saw it.
struct BreakerCall {
    enum Outcome {
        case succeeded(Moment)
        /// The client knew of it at some moment between these.
        case failed(earliest: Timestamp, latest: Timestamp)
        /// The run ended first.
        case pending
    }

    let began: Moment
    let outcome: Outcome
    /// As evidence words it.
    let text: String
}

extension BreakerCall {
    /// Tries to connect, one after the other. The server's first answer is what success is: a server that accepts and
    /// says nothing is as little use as one that does not accept.
    /// - Parameter timeout: after so long without an answer the client counts as having given up.
    static func attempts(_ signs: ClientSigns, timeout: Duration, stop: Timestamp) -> [BreakerCall] {
        let dials = signs.dials.filter { $0.attempted.map { $0.time < stop } ?? false }
        let complaints = signs.signs.filter { sign in
            sign.fromDriver && (sign.kind == .down || sign.kind == .complaint)
        }.map(\.moment.time)
        return dials.enumerated().compactMap { place, dial in
            guard let began = dial.attempted else { return nil }
            let next = dials[(place + 1)...].first?.attempted?.time
            let text = "SYN to \(dial.server)"
            // What its driver says at the very moment of the SYN belongs to the try before.
            let complaint = complaints.first { $0 > began.time }
            if let refused = refusal(signs, after: began.time, before: next ?? stop) {
                return BreakerCall(began: began, outcome: .failed(earliest: refused, latest: refused), text: text)
            }
            if let answer = dial.firstResponse, answer.time < stop {
                return BreakerCall(began: began, outcome: .succeeded(answer), text: text)
            }
            let known = [dial.ended?.moment.time, complaint].compactMap { $0 }.min()
            if let known, known <= next ?? stop {
                return BreakerCall(began: began, outcome: .failed(earliest: known, latest: known), text: text)
            }
            let latest = min(began.time + timeout, next ?? stop)
            let outcome: Outcome = latest >= stop ? .pending : .failed(earliest: began.time, latest: latest)
            return BreakerCall(began: began, outcome: outcome, text: text)
        }
    }

    /// The server answered, and what it answered was no.
    private static func refusal(_ signs: ClientSigns, after began: Timestamp, before end: Timestamp) -> Timestamp? {
        signs.reports.first {
            $0.kind == .refused && $0.moment.time > began && $0.moment.time <= end
        }?.moment.time
    }

    /// Requests that arrived at servers whose drivers say so, with their answers as the client got them or, where its
    /// driver does not say, as the server gave them. Nil when no server's driver speaks of requests.
    static func requests(_ run: RunView, _ signs: ClientSigns, at server: String?, timeout: Duration) -> [BreakerCall]?
    {
        let servers = run.scenario.actors.filter { $0.role == .server && (server == nil || $0.name == server) }
        let reports = servers.flatMap { run.sessionNames(of: $0.name) }.flatMap { run.sessions[$0]?.reports ?? [] }
            .sorted { ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line) }
        let arrivals = reports.filter { $0.kind == .request && $0.moment.time < run.stop }
        guard !arrivals.isEmpty else { return nil }
        let asked = Set(signs.reports.filter { $0.kind == .request }.compactMap(\.id))
        let answers = Answers(signs.reports), given = Answers(reports)
        return arrivals.compactMap { arrival in
            if let id = arrival.id, !asked.isEmpty, !asked.contains(id) { return nil }
            let text = arrival.id.map { "request \($0)" } ?? "a request"
            let answer = answers.first(arrival) ?? given.first(arrival)
            let limit = arrival.moment.time + timeout
            if let answer, answer.moment.time <= limit, answer.moment.time < run.stop {
                let time = answer.moment.time
                let outcome: Outcome =
                    answer.isGood ? .succeeded(answer.moment) : .failed(earliest: time, latest: time)
                return BreakerCall(began: arrival.moment, outcome: outcome, text: text)
            }
            let outcome: Outcome =
                limit >= run.stop ? .pending : .failed(earliest: arrival.moment.time, latest: limit)
            return BreakerCall(began: arrival.moment, outcome: outcome, text: text)
        }
    }

    /// Responses by the id of their request.
    private struct Answers {
        private var byID: [String: [RunView.Report]] = [:]

        init(_ reports: [RunView.Report]) {
            for said in reports where said.kind == .response {
                if let id = said.id { byID[id, default: []].append(said) }
            }
        }

        func first(_ request: RunView.Report) -> (moment: Moment, isGood: Bool)? {
            guard let id = request.id else { return nil }
            return byID[id]?.first { $0.moment.time >= request.moment.time }.map { said in
                (said.moment, said.report.extra.first { $0.key == "ok" }?.value != .bool(false))
            }
        }
    }
}

extension RunView.Report {
    /// The request that it is about, as its driver names it.
    var id: String? {
        switch report.extra.first(where: { $0.key == "id" })?.value {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }
}
