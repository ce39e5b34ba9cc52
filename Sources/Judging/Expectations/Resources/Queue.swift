import JSONLines
import Recordings
import Scenarios

/// Not too many messages wait in the client.
struct Queue: Expectation {
    static let definition = ExpectationDefinition(
        name: "queue",
        summary: "At most so many messages wait in the client.",
        details: """
            The greatest `depth` that the driver reported in `queue` events, of one class with `class`. Of a driver \
            that reports none, but `sent` and `acked` with numbers: the most that were sent and not acknowledged at \
            once; messages that the client gave up count until the end then. Judged for each session, from the \
            beginning of play to its end; the worst decides.

            It is void when the driver reports neither.
            """,
        subject: .client,
        parameters: [
            Parameter("most", .count(0...1_000_000_000), required: true, "How many messages may wait."),
            Parameter("class", .text, "Only messages of this class, as the driver calls it."),
        ],
        example: "{ queue: subscriber, most: 1000 }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    private struct Depth {
        var moment: Moment
        var count: Int64
    }

    func judge(_ run: RunView) -> Finding {
        let findings = run.sessionNames(of: plan.actor).map { judge(run, $0) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ name: RunView.SessionName) -> Finding {
        guard let play = run.play, let session = run.sessions[name] else {
            return plan.void("\(name) said nothing in play.")
        }
        let told = reported(session).filter { $0.moment.time >= play && $0.moment.time < run.playEnd }
        let depths = told.isEmpty ? unacknowledged(run, session, from: play) : told
        guard let worst = depths.max(by: { $0.count < $1.count }), let most = plan.count("most") else {
            return plan.void("\(name) reported neither a `queue` nor messages with their acknowledgements in play.")
        }
        let what = told.isEmpty ? "were sent and not acknowledged" : "waited"
        let words = "\(worst.count) messages of \(name) \(what) at \(run.at(worst.moment.time))"
        let evidence = [run.evidence(worst.moment, "\(worst.count) messages \(what)")]
        guard worst.count > Int64(most) else {
            return plan.pass(
                words + ", the most.", measured: Double(worst.count), bound: Double(most), unit: "messages", evidence)
        }
        return plan.fail(
            "\(words), \(run.context(at: worst.moment.time)); \(most) were allowed. What usually causes it: a queue "
                + "without a bound, which on a long outage ends in no memory or in a flood of old messages.",
            measured: Double(worst.count), bound: Double(most), unit: "messages", evidence)
    }

    private func reported(_ session: RunView.Session) -> [Depth] {
        session.reports.compactMap { said in
            guard said.kind == .queue, case .integer(let depth)? = said.report.extra.value("depth") else {
                return nil
            }
            if let only = plan.text("class"), said.report.extra.value("class")?.string != only { return nil }
            return Depth(moment: said.moment, count: depth)
        }
    }

    private func unacknowledged(_ run: RunView, _ session: RunView.Session, from play: Timestamp) -> [Depth] {
        struct Numbered: Hashable {
            var stream: String
            var number: Int64
        }
        let acked = session.reports.filter { $0.kind == .acked && $0.report.sequence != nil }
        guard plan.text("class") == nil, !acked.isEmpty else { return [] }
        let sent = session.sent.compactMap { message in
            message.sequence.map { (message.moment, Numbered(stream: run.streams[message.stream], number: $0), true) }
        }
        let answered = acked.compactMap { said in
            said.report.sequence.map { (said.moment, Numbered(stream: said.report.stream ?? "", number: $0), false) }
        }
        var waiting: Set<Numbered> = []
        var depths: [Depth] = []
        for (moment, message, isSent) in (sent + answered).sorted(by: {
            ($0.0.time, $0.0.line) < ($1.0.time, $1.0.line)
        }) {
            if isSent { waiting.insert(message) } else { waiting.remove(message) }
            if moment.time >= play && moment.time < run.playEnd {
                depths.append(Depth(moment: moment, count: Int64(waiting.count)))
            }
        }
        return depths
    }
}

extension [JSON.Member] {
    fileprivate func value(_ key: String) -> JSON? { first { $0.key == key }?.value }
}
