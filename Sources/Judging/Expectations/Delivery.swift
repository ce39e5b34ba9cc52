import Recordings
import Scenarios

/// What was promised about each message is kept: at most once, at least once, exactly once.
struct Delivery: Expectation {
    private static let contracts = ["at-most-once", "at-least-once", "exactly-once"]

    static let definition = ExpectationDefinition(
        name: "delivery",
        summary: "Messages are delivered as the contract promises, whatever struck in between.",
        details: """
            Judged for each session of the receiver, from the drivers' words. `at-most-once`: no message is received \
            twice; what is lost is told and allowed. `at-least-once`: every message owed is received by the end; what \
            comes twice is told and allowed. `exactly-once`: both. Measured is how many messages broke it.

            Owed is what was sent after the receiver's first message and before the timeline's end, early enough to \
            arrive (twice all delays of the lab and a second). Where the sender's driver says `acked`, a message is \
            owed when it was acknowledged: nobody promised anything for the others. `owed: sent` owes them too, as \
            a client does that keeps and repeats what was not acknowledged.

            What the server never had is told apart from what the receiver missed, where a server between the two has \
            a driver that says `received` (and `sent`): a message that never came to the server is not owed, unless \
            its sender is a client, whose loss it then is.

            It is void when nothing was sent or received, when either driver reports no sequence numbers, and when \
            nothing was owed.
            """,
        subject: .flow,
        parameters: [
            Parameter("contract", .choice(contracts), required: true, "What is promised for each message."),
            Parameter(
                "owed", .choice(["acked", "sent"]), default: .text("acked"),
                "Whether what was acknowledged is owed (where the sender says so), or all that was sent."),
        ],
        example: "{ delivery: ticker -> subscriber, contract: exactly-once }")

    private let plan: ExpectationPlan
    private let contract: String
    private let owesAll: Bool

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        contract = plan.text("contract") ?? "exactly-once"
        owesAll = plan.text("owed") == "sent"
    }

    func judge(_ run: RunView) -> Finding {
        let flow = Flow(run, plan.subject)
        if let void = flow.void { return plan.void(void) }
        let sendings = Sendings(run, flow)
        let custody = Custody(run, flow, sendings)
        let findings = flow.sessions.map { judge(run, flow, sendings, custody, $0) }
        return Finding.worst(findings) ?? plan.void("\(flow.to) left no trace in the recording.")
    }

    private func judge(
        _ run: RunView, _ flow: Flow, _ sendings: Sendings, _ custody: Custody, _ name: RunView.SessionName
    ) -> Finding {
        let arrivals = Arrivals(sendings, run.sessions[name]?.received ?? [])
        guard let listened = arrivals.listened, !arrivals.order.isEmpty else {
            return plan.void("\(name) received nothing of what \(flow.from) sent: there is no flow to judge.")
        }
        let all = sendings.owed(run, from: listened)
        let isPromised = { (place: Int) in owesAll || custody.isPromised(place) }
        let unpromised = all.count { !isPromised($0) }
        let missing = arrivals.missing(all)
        let promised = missing.filter(isPromised)
        let isClient = run.plan(of: flow.from)?.role == .client
        let strayed = isClient ? [] : promised.filter(custody.neverCame)
        let lost = isClient ? promised : promised.filter { !custody.neverCame($0) }
        let owed = all.count - unpromised - strayed.count
        guard owed > 0 else {
            return plan.void(
                "\(flow.from) sent nothing that was owed while \(name) was listening: "
                    + "\(all.count.counted("message")), \(unpromised) of them never acknowledged, \(strayed.count) "
                    + "that never came to the server.")
        }
        let broken = (contract == "at-most-once" ? [] : lost, contract == "at-least-once" ? [] : arrivals.repeated)
        let aside = aside(
            lost: lost.count, repeated: arrivals.repeated.count, unpromised: missing.count - promised.count,
            strayed: strayed.count)
        guard !broken.0.isEmpty || !broken.1.isEmpty else {
            return plan.pass(
                "\(name) got the \(owed) messages that \(flow.from) owed it as \(contract) promises.\(aside)",
                measured: 0, bound: 0, unit: "messages", [])
        }
        return failed(run, sendings, custody, name, lost: broken.0, repeated: broken.1, of: owed, aside)
    }

    /// What the contract allows, or nobody owed.
    private func aside(lost: Int, repeated: Int, unpromised: Int, strayed: Int) -> String {
        var text = ""
        if contract == "at-most-once", lost > 0 { text += " \(lost.counted("message")) did not come, as it allows." }
        if contract == "at-least-once", repeated > 0 {
            text += " \(repeated.counted("message")) came again, as it allows."
        }
        if unpromised > 0 {
            text += " \(unpromised.counted("message")) that nobody acknowledged did not come either: not promised."
        }
        if strayed > 0 { text += " \(strayed.counted("message")) never came to the server: nothing to pass on." }
        return text
    }

    private func failed(
        _ run: RunView, _ sendings: Sendings, _ custody: Custody, _ name: RunView.SessionName, lost: [Int],
        repeated: [Arrivals.Repetition], of owed: Int, _ aside: String
    ) -> Finding {
        var parts: [String] = []
        if !lost.isEmpty { parts.append("never received \(lost.count)\(custody.story(lost))") }
        if !repeated.isEmpty { parts.append("received \(repeated.count) again") }
        let evidence =
            [Evidence].ranges(run, lost.map { sendings.sent[$0] }) { range in
                "\(range.text(run)) sent from \(run.at(range.first.moment.time)), never received by \(name); sent "
                    + run.context(at: range.first.moment.time)
            }
            + [Evidence].ranges(run, repeated.map(\.message)) { range in
                "\(range.text(run)) received again by \(name), \(run.context(at: range.first.moment.time))"
            }
        let cause =
            lost.isEmpty
            ? "Usually a delivery that is repeated because its acknowledgement was lost, to a receiver that does not "
                + "know what it has had."
            : "Usually what was under way when the connection broke, which nobody kept until it was acknowledged."
        return plan.fail(
            "\(name) owed \(contract): of \(owed.counted("message")) it \(parts.joined(separator: " and ")). "
                + "\(cause)\(aside)",
            measured: Double(lost.count + repeated.count), bound: 0, unit: "messages",
            evidence.sorted { ($0.at, $0.line) < ($1.at, $1.line) })
    }
}

/// Who is known to have had each message of a flow on its way.
private struct Custody {
    /// Whether each sending was acknowledged, by its place; nil when the sender's driver never says.
    private var acked: [Bool]?
    /// What a server between the two received and sent; nil when no server's driver says.
    private var received: [Bool]?
    private var passed: [Bool]?

    init(_ run: RunView, _ flow: Flow, _ sendings: Sendings) {
        let streams = Dictionary(run.streams.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for name in run.sessionNames(of: flow.from) {
            for said in run.sessions[name]?.reports ?? [] where said.kind == .acked {
                guard let stream = streams[said.report.stream ?? ""], let sequence = said.report.sequence,
                    let place = sendings.place(
                        of: RunView.MessageKey(stream: stream, sequence: sequence), at: said.moment.time)
                else { continue }
                Custody.mark(&acked, place, of: sendings)
            }
        }
        let between = run.scenario.actors.filter { $0.role == .server && $0.name != flow.from && $0.name != flow.to }
        for name in between.flatMap({ run.sessionNames(of: $0.name) }) {
            guard let session = run.sessions[name] else { continue }
            for message in session.received {
                if let place = sendings.place(of: message) { Custody.mark(&received, place, of: sendings) }
            }
            for message in session.sent {
                if let place = sendings.place(of: message) { Custody.mark(&passed, place, of: sendings) }
            }
        }
    }

    private static func mark(_ marks: inout [Bool]?, _ place: Int, of sendings: Sendings) {
        if marks == nil { marks = Array(repeating: false, count: sendings.sent.count) }
        marks?[place] = true
    }

    /// Where the sender says what was acknowledged, the rest is promised to nobody.
    func isPromised(_ place: Int) -> Bool { acked.map { $0[place] } ?? true }

    /// The server's own driver tells what came to it, and this did not.
    func neverCame(_ place: Int) -> Bool { received.map { !$0[place] } ?? false }

    /// ` (2 never came to the server, 3 the server had and did not send, 1 the server sent)`.
    func story(_ lost: [Int]) -> String {
        let strayed = lost.filter(neverCame).count
        let kept = lost.filter { place in
            !neverCame(place) && received != nil && passed.map { !$0[place] } ?? false
        }.count
        let sent = lost.filter { place in passed.map { $0[place] } ?? false }.count
        let acknowledged = lost.filter { place in acked.map { $0[place] } ?? false }.count
        var parts: [String] = []
        if strayed > 0 { parts.append("\(strayed) never came to the server") }
        if kept > 0 { parts.append("\(kept) the server had and did not send") }
        if sent > 0 { parts.append("\(sent) the server sent and the receiver missed") }
        if acknowledged > 0 { parts.append("\(acknowledged) were acknowledged to the sender") }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }
}
