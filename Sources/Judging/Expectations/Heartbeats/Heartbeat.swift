import Recordings
import Scenarios

/// A side of a connection is never silent for longer than its heartbeat, and gives up after so many without an answer.
struct Heartbeat: Expectation {
    static let definition = ExpectationDefinition(
        name: "heartbeat",
        summary: "This side is never silent for long on the wire, and gives up after so many beats without an answer.",
        details: """
            Judged on every connection of a client, or to a server, from its handshake (or the start of play) to its \
            end \
            (or the timeline's), by the pauses between the payload that this side sends; the worst decides. Any \
            payload \
            is a sign of life: a heartbeat is owed only where nothing else is said. `at-most` bounds the longest \
            pause, \
            and `at-least` the middle one (median), so that a heartbeat does not come needlessly often on a connection \
            that carries little else. Pauses of less than 100 ms are none. Pauses in which a fault struck or was on do \
            not count: TCP holds back what it cannot deliver.

            With `missed`, after each strike of `after` it may send that many beats (payload that was not sent before, \
            or keep-alive probes) into the silence before it ends the connection or, of a client, says that it knows.

            It is void when the recording holds no payload, and when no connection stood for longer than `at-most`.
            """,
        subject: .actor, needs: [.payload],
        parameters: [
            Parameter(
                "at-most", .duration(.milliseconds(100)...(.seconds(7 * 86400))), required: true,
                "Longest pause in what it sends."),
            Parameter("at-least", .duration(.milliseconds(100)...(.seconds(7 * 86400))), "Shortest middle pause."),
            Parameter("missed", .count(0...1000), "So many beats may stay without an answer; needs `after`."),
            Parameter("after", .fault, "The kind of fault that makes the silence."),
        ],
        example: "{ heartbeat: subscriber, at-most: 11s, missed: 3, after: blackhole }")

    private let plan: ExpectationPlan
    private let longest: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        longest = plan.duration("at-most") ?? .zero
    }

    /// A time in which this side sent nothing.
    private struct Pause {
        var from: Moment
        var length: Duration
        var connection: SideConnection
        /// The first that was sent then; nil when the connection or the timeline ended.
        var next: Moment?
    }

    func judge(_ run: RunView) -> Finding {
        guard run.recording.header.records.contains(.payload) else {
            return plan.void("The recording holds no payload: nobody looked for heartbeats.")
        }
        guard let actor = run.plan(of: plan.actor), let play = run.play else { return plan.void("Nothing was played.") }
        var findings: [Finding] = []
        if actor.role == .server {
            findings = [judge(run, actor.name, SideConnection.all(run, server: actor), play)]
        } else {
            for name in run.sessionNames(of: actor.name) {
                let signs = ClientSigns(run, name)
                findings.append(judge(run, "\(name)", SideConnection.all(signs), play))
                findings += missed(run, signs)
            }
        }
        if actor.role == .server { findings += missed(run, actor) }
        return Finding.worst(findings, counts: false) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(
        _ run: RunView, _ who: String, _ connections: [SideConnection], _ play: Timestamp
    ) -> Finding {
        let lived = connections.filter { connection in
            guard let up = connection.up else { return false }
            let end = min(connection.dial.ended?.moment.time ?? run.playEnd, run.playEnd)
            return end - max(up.time, play) > longest
        }
        guard !lived.isEmpty else {
            return plan.void(
                "\(who) had no connection that stood for longer than \(longest.lengthText): there was no pause to "
                    + "fill.")
        }
        let pauses = lived.flatMap { self.pauses(run, $0, from: play) }
        guard let worst = pauses.max(by: { $0.length < $1.length }) else {
            return plan.void("A fault was on in every pause of \(who): nothing can be said of its heartbeat.")
        }
        let evidence = pauses.sorted { $0.length > $1.length }.prefix(4).sorted { $0.from.time < $1.from.time }.map {
            run.evidence($0.from, "\($0.length.lengthText) without payload to \($0.connection.peer) from here on")
        }
        if worst.length > longest {
            return plan.fail(
                "\(who) sent nothing to \(worst.connection.peer) for \(worst.length.lengthText) from "
                    + "\(run.at(worst.from.time)) on; \(longest.lengthText) were allowed. What usually causes it: no "
                    + "heartbeat, one that waits for the application to be idle by another clock, or one that any "
                    + "traffic "
                    + "puts off, what comes in too.",
                measured: worst.length.seconds, bound: longest.seconds, unit: "s", evidence)
        }
        let lengths = pauses.filter { $0.next != nil }.map(\.length).sorted()
        let middle = lengths.isEmpty ? worst.length : lengths[lengths.count / 2]
        if let least = plan.duration("at-least"), middle < least {
            return plan.fail(
                "\(who) sends every \(middle.lengthText) in the middle; \(least.lengthText) would do. What usually "
                    + "causes "
                    + "it: one timer for each connection that there ever was, or a heartbeat beside each message.",
                measured: middle.seconds, bound: least.seconds, unit: "s", evidence)
        }
        return plan.pass(
            "\(who) was silent for at most \(worst.length.lengthText), and for \(middle.lengthText) in the middle.",
            measured: worst.length.seconds, bound: longest.seconds, unit: "s", evidence)
    }

    private func pauses(_ run: RunView, _ connection: SideConnection, from play: Timestamp) -> [Pause] {
        guard let up = connection.up else { return [] }
        let end = min(connection.dial.ended?.moment.time ?? run.playEnd, run.playEnd)
        var last = up
        var pauses: [Pause] = []
        for burst in connection.sent where burst.isNew && burst.moment.time >= up.time && burst.moment.time < end {
            // Before a burst this side was silent since the last packet of the one before, which is not recorded.
            var from = last
            if case .new(let quiet?) = burst.kind {
                from = Moment(time: max(last.time, burst.moment.time + (.zero - quiet)), line: last.line)
            }
            pauses.append(
                Pause(
                    from: from, length: burst.moment.time - max(from.time, min(play, burst.moment.time)),
                    connection: connection, next: burst.moment))
            last = burst.moment
        }
        pauses.append(
            Pause(from: last, length: end - max(last.time, min(play, end)), connection: connection, next: nil))
        return pauses.filter { pause in
            let until = pause.next?.time ?? end
            return until > play
                && !run.strikes.contains { strike in
                    guard let struck = (strike.applied ?? strike.struck)?.time else { return false }
                    return struck <= until && (strike.healed?.time ?? run.stop) >= pause.from.time
                }
        }
    }
}

// How many stay without an answer.
extension Heartbeat {
    private var strikes: (RunView) -> [FaultStrike] {
        { run in run.strikes.filter { $0.plan.kind == plan.text("after") && $0.hits > 0 } }
    }

    private func missed(_ run: RunView, _ signs: ClientSigns) -> [Finding] {
        guard let most = plan.count("missed") else { return [] }
        return strikes(run).compactMap { strike in
            guard let trace = RecoveryTrace(run, strike, signs), signs.lossBefore(trace.struck.time) == nil,
                let connection = SideConnection.all(signs).last(where: { $0.stands(at: trace.struck.time) })
            else { return nil }
            return judge(
                run, most,
                Silence(
                    who: "\(signs.name)", strike: strike, struck: trace.struck,
                    noticed: trace.detected.map { ($0.moment, $0.text) }, connection: connection))
        }
    }

    private func missed(_ run: RunView, _ server: ActorPlan) -> [Finding] {
        guard let most = plan.count("missed") else { return [] }
        return strikes(run).flatMap { strike -> [Finding] in
            guard let struck = strike.struck else { return [] }
            return Silence.ofServer(run, server, strike, struck).map { judge(run, most, $0) }
        }
    }

    private func judge(_ run: RunView, _ most: Int, _ silence: Silence) -> Finding {
        let over = silence.strike.plan.until == nil ? run.stop : silence.strike.healed?.time ?? run.stop
        let beats = silence.bursts(run).filter { burst in
            if case .repeated = burst.kind { return false }
            return burst.moment.time < over
        }
        let how = silence.noticed.map { "before it gave up at \(run.at($0.moment.time))" } ?? "and did not give up"
        let summary = "\(silence.who) sent \(beats.count) beats into the silence after \(silence.strike.name) \(how)"
        let evidence = beats.prefix(8).map { run.evidence($0.moment, "a beat without an answer") }
        if silence.noticed == nil, beats.count <= most {
            return plan.void("\(summary): how many it would bear cannot be told.", evidence)
        }
        return beats.count > most
            ? plan.fail(
                "\(summary); \(most) were allowed. What usually causes it: beats are sent and answers not counted.",
                measured: Double(beats.count), bound: Double(most), unit: "beats", evidence)
            : plan.pass(
                "\(summary).", measured: Double(beats.count), bound: Double(most), unit: "beats", evidence)
    }
}
