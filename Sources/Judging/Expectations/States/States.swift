import Recordings
import Scenarios

/// The states that the client's driver reports follow one another as they may, and say what the wire shows.
struct States: Expectation {
    static let definition = ExpectationDefinition(
        name: "states",
        summary: "The client's states follow its machine, and do not contradict the wire.",
        details: """
            Judged for each session, from the `state` events of its driver. Each state that is not the one before must \
            be a move of the machine. Unless `moves` declares another one, that is the common one: \(
                StateMachine.common.text). It begins in `start`, anew with each start of the process.

            A state that means connected (connected, subscribed, ready, online, streaming), and the event `connected`, \
            must be true: on the wire a connection of its own stands, and with `connected-after: answered` the server \
            has said something on it. And when its last connection was ended on the wire, by either side, another \
            state \
            must be said within `dead-for`. Where the wire does not tell this session from others, only moves are \
            judged.

            With `sends: connected` its driver may say `sent` only after a state that means connected: for clients \
            whose drivers say it when a message leaves, not when the application hands it over.

            It is void when its driver says no states, and when it says only states that the machine does not know.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "moves", .texts, "The machine: a list of moves such as idle -> dialling; * stands for any state."),
            Parameter("start", .text, "The state that it begins in; the one of the first move when not given."),
            Parameter(
                "dead-for", .duration(.zero ... .seconds(86400)), default: .duration(.seconds(5)),
                "How long it may say connected when its connection was ended."),
            Parameter(
                "connected-after", .choice(["established", "answered"]), default: .text("answered"),
                "Whether connected may be said once TCP is up, or once the server has said something."),
            Parameter(
                "sends", .choice(["any", "connected"]), default: .text("any"),
                "In which states its driver may say `sent`."),
        ],
        example: "{ states: subscriber, dead-for: 5s }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        let machine: StateMachine
        switch StateMachine.make(plan.texts("moves"), start: plan.text("start")) {
        case .success(let made): machine = made
        case .failure(let complaint): return plan.void(complaint.text)
        }
        let findings = run.sessionNames(of: plan.actor).map { judge(run, ClientSigns(run, $0), machine) }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ signs: ClientSigns, _ machine: StateMachine) -> Finding {
        let said = signs.reports.filter { $0.kind == .state && $0.moment.time < run.stop }
        guard !said.isEmpty else { return plan.void("\(signs.name)'s driver says no states.") }
        let known = said.filter { machine.states.contains($0.report.text ?? "") }
        guard !known.isEmpty else {
            return plan.void(
                "\(signs.name)'s driver says states such as '\(said[0].report.text ?? "")', none of which the "
                    + "machine has: "
                    + "declare its own with `moves`.")
        }
        let illegal = illegalMoves(run, signs, said, machine)
        if let first = illegal.first {
            return plan.fail(
                "\(signs.name) went from \(first.from) to \(first.to) at \(run.at(first.moment.time)), "
                    + "\(run.context(at: first.moment.time)), which is no move of its machine"
                    + (illegal.count > 1 ? "; there were \(illegal.count) such moves." : ".")
                    + " What usually causes it: an event of a connection that was given up already is still acted on.",
                measured: Double(illegal.count), bound: 0, unit: "moves",
                illegal.prefix(8).map { run.evidence($0.moment, "from \($0.from) to \($0.to)") })
        }
        if plan.text("sends") == "connected", let finding = sentEarly(run, signs, said) { return finding }
        if signs.wire != nil, !signs.dials.isEmpty, let finding = contradiction(run, signs) { return finding }
        let wire = signs.dials.isEmpty ? "; the wire cannot be held against them" : ", and the wire bears them out"
        return plan.pass(
            "\(signs.name) said \(said.count) states, all moves of its machine\(wire).", measured: 0, bound: 0,
            unit: "moves", said.prefix(4).map { run.evidence($0.moment, "state \($0.report.text ?? "")") })
    }

    /// What left while the last state that was said does not mean connected.
    private func sentEarly(_ run: RunView, _ signs: ClientSigns, _ said: [RunView.Report]) -> Finding? {
        var (next, state) = (0, "no state")
        var early: [(message: RunView.Message, state: String)] = []
        for message in signs.sent where message.moment.time < run.stop {
            while next < said.count, said[next].moment.line < message.moment.line {
                state = said[next].report.text ?? ""
                next += 1
            }
            if !ClientSigns.upStates.contains(state) { early.append((message, state)) }
        }
        guard let first = early.first else { return nil }
        return plan.fail(
            "\(signs.name) sent \(run.text(of: first.message)) at \(run.at(first.message.moment.time)), "
                + "\(run.context(at: first.message.moment.time)), in \(first.state): nobody had let it in yet. "
                + "\(early.count.counted("message")) left so. What usually causes it: what waits is sent once TCP is "
                + "up, and a server that refuses the login has taken it or thrown it away.",
            measured: Double(early.count), bound: 0, unit: "messages",
            early.prefix(8).map { run.evidence($0.message.moment, "\(run.text(of: $0.message)) sent in \($0.state)") })
    }

    private struct Move {
        var from: String
        var to: String
        var moment: Moment
    }

    private func illegalMoves(
        _ run: RunView, _ signs: ClientSigns, _ said: [RunView.Report], _ machine: StateMachine
    ) -> [Move] {
        var starts = (run.lives[signs.name.instance] ?? []).filter {
            if case .started = $0.change { true } else { false }
        }.map(\.moment.time)[...]
        var state = machine.start
        var moves: [Move] = []
        for report in said {
            while let start = starts.first, start <= report.moment.time {
                state = machine.start
                starts.removeFirst()
            }
            let next = report.report.text ?? ""
            if next != state, !machine.allows(state, next) {
                moves.append(Move(from: state, to: next, moment: report.moment))
            }
            state = next
        }
        return moves
    }

    /// What it says of being connected, held against the wire.
    private func contradiction(_ run: RunView, _ signs: ClientSigns) -> Finding? {
        let words = signs.signs.filter {
            $0.fromDriver && $0.kind != .complaint && $0.moment.time < run.stop
        }
        for (index, word) in words.enumerated() where word.kind == .up {
            if let finding = early(run, signs, word) { return finding }
            let until = words[(index + 1)...].first { $0.kind != .up }?.moment.time ?? run.stop
            if let finding = dead(run, signs, word, until: until) { return finding }
        }
        return nil
    }

    private func early(_ run: RunView, _ signs: ClientSigns, _ word: ClientSigns.Sign) -> Finding? {
        let time = word.moment.time
        let standing = signs.dials.filter { dial in
            (dial.established ?? dial.firstResponse).map { $0.time <= time } ?? false
                && dial.ended.map { $0.moment.time > time } ?? true
        }
        let needsAnswer = plan.text("connected-after") != "established"
        let isTrue = standing.contains { dial in
            !needsAnswer || dial.firstResponse.map { $0.time <= time } ?? false
        }
        guard !isTrue else { return nil }
        let what =
            standing.isEmpty
            ? "the wire shows no connection of its own that stands"
            : "the server had not said anything on its connection"
        return plan.fail(
            "\(signs.name) claimed to be connected at \(run.at(time)) (\(word.text)), \(run.context(at: time)); "
                + "\(what). "
                + "What usually causes it: connected is said when TCP is up or when it is asked for, not when the "
                + "server "
                + "has let it in.",
            measured: nil, bound: nil, unit: "",
            [run.evidence(word.moment, word.text)]
                + standing.suffix(2).compactMap { dial in
                    dial.established.map { run.evidence($0, "its connection to \(dial.server) was established") }
                })
    }

    /// Links are watched before their faults: what the other side sends while one is on may be seen and never arrive.
    private func wasHeard(_ run: RunView, _ dial: Dial, _ end: Dial.Ending) -> Bool {
        if dial.clientEnd?.moment == end.moment { return true }
        return !run.strikes.contains { strike in
            guard strike.plan.until != nil, let from = strike.applied?.time else { return false }
            return from <= end.moment.time && strike.healed.map { $0.time >= end.moment.time } ?? true
        }
    }

    /// Its last standing connection ended while it goes on saying connected.
    private func dead(_ run: RunView, _ signs: ClientSigns, _ word: ClientSigns.Sign, until: Timestamp) -> Finding? {
        let bound = plan.duration("dead-for") ?? .seconds(5)
        let ends = signs.dials.compactMap { dial in dial.ended.map { (dial, $0) } }.filter {
            $0.1.moment.time >= word.moment.time && $0.1.moment.time < until
        }
        for (dial, end) in ends {
            let time = end.moment.time
            let next = signs.dials.compactMap { other -> Timestamp? in
                guard let up = (other.established ?? other.firstResponse)?.time else { return nil }
                return other.ended.map { $0.moment.time > time } ?? true ? max(up, time) : nil
            }.min()
            let alive = min(next ?? until, until)
            guard alive - time > bound, wasHeard(run, dial, end) else { continue }
            let who = dial.serverEnd.map { $0.moment == end.moment } ?? false ? "the server" : "its own side"
            return plan.fail(
                "\(signs.name) said that it was connected for \((alive - time).lengthText) after its connection was "
                    + "ended by "
                    + "\(who) at \(run.at(time)), \(run.context(at: time)); \(bound.lengthText) were allowed. What "
                    + "usually "
                    + "causes it: the state is set by the application's calls, and not by what becomes of the "
                    + "connection.",
                measured: (alive - time).seconds, bound: bound.seconds, unit: "s",
                [
                    run.evidence(word.moment, word.text),
                    run.evidence(end.moment, "\(who) sent a \(end.isReset ? "RST" : "FIN")"),
                ])
        }
        return nil
    }
}
