import Recordings
import Scenarios

/// A side of a connection that dies silently notices it by itself, in time.
struct Detection: Expectation {
    static let definition = ExpectationDefinition(
        name: "detection",
        summary: "When a connection dies without a word, this side of it notices within a time.",
        details: """
            For faults after which nothing comes any more and nobody says so: blackhole, freeze, half-open, a \
            forgotten \
            NAT mapping. Judged for every strike, and of a client for every session, of a server for every connection \
            that stood as the fault struck (of `with` only, when given). The worst decides.

            It has noticed with its FIN or RST on that connection, a client also with a new SYN, and with its driver's \
            word: a state other than connected, an attempt, an error; of a server any state or error, one for each \
            connection. That must come within the bound from the strike. \
            A side that the other one told, by FIN or RST, has noticed nothing: that is void, as is a silence that \
            ended before the bound was over.

            The evidence says what is seen of a mechanism on the wire between the strike and that moment: payload that \
            it sent (a heartbeat, or what the application wrote), TCP keep-alive probes, payload sent again \
            (retransmissions, which TCP_USER_TIMEOUT or their limit ends), or nothing (a timeout on what should come \
            in).

            `while: writing` is void when nothing shows that it wrote in that time, `while: idle` when something does: \
            new payload on the wire; payload sent again (after a loss TCP sends nothing else, whatever is written \
            behind it); or, of a client, its driver's word of a message `sent` or a `request`.
            """,
        subject: .actor, needs: [.payload],
        parameters: [
            Parameter("after", .fault, required: true, "The kind of fault that makes the silence."),
            Parameter(
                "within", .duration(.milliseconds(1)...(.seconds(7 * 86400))), required: true,
                "Longest time from the strike to the first sign that it knows."),
            Parameter(
                "while", .choice(["idle", "writing"]),
                "Whether it writes into the silence; either when not "
                    + "given."),
            Parameter("with", .place, "Of a server: whose connections; all when not given."),
        ],
        example: "{ detection: subscriber, after: blackhole, within: 25s }")

    let plan: ExpectationPlan
    private let fault: String
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? ""
        within = plan.duration("within") ?? .zero
    }

    func judge(_ run: RunView) -> Finding {
        let strikes = run.strikes.filter { $0.plan.kind == fault }
        guard !strikes.isEmpty else { return plan.void("The timeline has no \(fault).") }
        guard let actor = run.plan(of: plan.actor) else { return plan.void("There is no \(plan.actor).") }
        let findings = strikes.flatMap { strike -> [Finding] in
            guard strike.hits > 0, let struck = strike.struck else {
                return [plan.void("\(strike.name) did not strike: there was nothing to notice.")]
            }
            return actor.role == .server
                ? servers(run, actor, strike, struck)
                : run.sessionNames(of: actor.name).map { client(run, ClientSigns(run, $0), strike, struck) }
        }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) had no connection that could have fallen silent.")
    }

    private func client(_ run: RunView, _ signs: ClientSigns, _ strike: FaultStrike, _ struck: Moment) -> Finding {
        let struck = RecoveryTrace(run, strike, signs)?.struck ?? struck
        let connection = SideConnection.all(signs).last { $0.stands(at: struck.time) }
        guard signs.driverSpeaksOfUp || connection != nil else {
            return plan.void("Whether \(signs.name) had a connection when \(strike.name) struck cannot be told.")
        }
        if let loss = signs.lossBefore(struck.time) {
            return plan.void(
                "\(signs.name) was not connected when \(strike.name) struck: \(loss.text) at "
                    + "\(run.at(loss.moment.time)).",
                [run.evidence(loss.moment, loss.text)])
        }
        let noticed = signs.signs.first {
            $0.moment.time >= struck.time && $0.moment.time < run.stop
                && ($0.kind == .down || $0.kind == .attempt || $0.kind == .complaint)
        }
        let silence = Silence(
            who: "\(signs.name)", strike: strike, struck: struck,
            noticed: noticed.map { ($0.moment, $0.text) }, connection: connection,
            handedOver: signs.handedOver(since: struck.time))
        return judge(run, silence)
    }

    private func servers(
        _ run: RunView, _ server: ActorPlan, _ strike: FaultStrike, _ struck: Moment
    ) -> [Finding] {
        let wanted = plan.text("with").map { peers(run, $0) }
        let silences = Silence.ofServer(run, server, strike, struck).filter { silence in
            silence.connection.map { wanted?.contains($0.peer.address) ?? true } ?? false
        }
        guard !silences.isEmpty else {
            return [plan.void("\(server.name) had no such connection when \(strike.name) struck.")]
        }
        return silences.map { judge(run, $0) }
    }

    /// The addresses that a server sees an actor's or a host's connections come from.
    private func peers(_ run: RunView, _ place: String) -> Set<IPAddress> {
        let name = run.plan(of: place)?.host ?? place
        let own = run.addresses(of: name)
        let translated = run.mappings.filter { own.contains($0.change.from.address) }.map(\.change.translated.address)
        return own.union(translated)
    }
}

/// One side, one strike: from when on it heard nothing, and when it let that be seen.
struct Silence {
    var who: String
    var strike: FaultStrike
    var struck: Moment
    var noticed: (moment: Moment, text: String)?
    /// The connection that died; nil when the wire does not show it.
    var connection: SideConnection?
    /// What a client's driver said first that the application wanted sent.
    var handedOver: Moment?

    /// One for each connection that stood as the fault struck.
    ///
    /// The kernel keeps a FIN back while what was sent before it is not acknowledged, so closing into a silence may
    /// never be seen on the wire. Then the server's driver tells: each of its words stands for one connection.
    static func ofServer(
        _ run: RunView, _ server: ActorPlan, _ strike: FaultStrike, _ struck: Moment
    ) -> [Silence] {
        let standing = SideConnection.all(run, server: server).filter { $0.stands(at: struck.time) }
        var words = run.sessionNames(of: server.name).flatMap { run.sessions[$0]?.reports ?? [] }.filter { said in
            let isWord = said.kind == .error || said.kind == .state
            return isWord && said.moment.time >= struck.time && said.moment.time < run.stop
        }.sorted { ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line) }[...]
        return standing.map { connection in
            let word = words.popFirst()
            let end = connection.ownEnd.flatMap { $0.moment.time < run.stop ? $0 : nil }
            var noticed = word.map { said in
                (said.moment, "its driver said \(said.kind)\(said.report.text.map { " (\($0))" } ?? "")")
            }
            if let end, noticed.map({ $0.0.time > end.moment.time }) ?? true {
                noticed = (end.moment, end.isReset ? "it sent a RST" : "it sent a FIN")
            }
            return Silence(
                who: "\(server.name), on its connection from \(connection.peer),", strike: strike, struck: struck,
                noticed: noticed, connection: connection)
        }
    }

    /// Whether anything shows that it wrote into the silence. Of what is written behind a lost segment the wire shows
    /// nothing: the window of a sender whose timer has expired is that one segment.
    func wrote(_ run: RunView) -> Bool {
        let onWire = bursts(run).contains { burst in
            switch burst.kind {
            case .new, .repeated: true
            case .keepAlive: false
            }
        }
        let end = noticed?.moment.time ?? run.stop
        return onWire || handedOver.map { $0.time <= end } ?? false
    }

    /// What it did on the wire from the strike on until it noticed.
    func bursts(_ run: RunView) -> [SideConnection.Burst] {
        let end = noticed?.moment.time ?? run.stop
        return (connection?.sent ?? []).filter { $0.moment.time >= struck.time && $0.moment.time <= end }
    }
}

extension Detection {
    /// From when on it could be heard of again, or the run says nothing more.
    private func over(_ run: RunView, _ silence: Silence) -> Timestamp {
        let healed = silence.strike.plan.until == nil ? nil : silence.strike.healed?.time
        let others = run.strikes.filter { $0.plan.index != silence.strike.plan.index }.compactMap { $0.struck?.time }
        let next = others.filter { $0 > silence.struck.time }.min()
        return [healed, next, run.stop].compactMap { $0 }.min() ?? run.stop
    }

    private func judge(_ run: RunView, _ silence: Silence) -> Finding {
        let strike = silence.strike
        let over = over(run, silence)
        let (line, words) = mechanism(run, silence)
        var evidence = [run.evidence(silence.struck, "\(strike.name) struck")] + line
        if let noticed = silence.noticed { evidence.append(run.evidence(noticed.moment, "noticed: \(noticed.text)")) }
        evidence.sort { ($0.at, $0.line) < ($1.at, $1.line) }
        if let void = excuse(run, silence) { return plan.void(void, evidence) }
        let time = (silence.noticed?.moment.time).map { min($0, over) } ?? over
        let taken = time - silence.struck.time
        guard let noticed = silence.noticed, noticed.moment.time <= over else {
            if taken < within {
                return plan.void(
                    "The silence after \(strike.name) lasted \(taken.lengthText), shorter than the "
                        + "\(within.lengthText) that "
                        + "\(silence.who) had to notice it.", evidence)
            }
            return plan.fail(
                "\(silence.who) did not notice in \(taken.lengthText) that its connection was dead, and owed to within "
                    + "\(within.lengthText) after \(strike.name) struck at \(run.at(silence.struck.time)). On the "
                    + "wire: "
                    + "\(words). What usually causes it: no heartbeat, or one whose missing answer nobody waits for; "
                    + "keep-alive off, or on with the kernel's two hours.",
                measured: taken.seconds, bound: within.seconds, unit: "s", evidence)
        }
        let summary =
            "\(silence.who) noticed \(taken.lengthText) after \(strike.name) struck (\(noticed.text)). On the wire "
            + "until "
            + "then: \(words)."
        return taken <= within
            ? plan.pass(summary, measured: taken.seconds, bound: within.seconds, unit: "s", evidence)
            : plan.fail(
                summary + " \(within.lengthText) were allowed. What usually causes it: a heartbeat or timeout that "
                    + "is longer "
                    + "than its users can wait.",
                measured: taken.seconds, bound: within.seconds, unit: "s", evidence)
    }

    /// Why nothing can be said of this one; nil when something can.
    private func excuse(_ run: RunView, _ silence: Silence) -> String? {
        if let told = silence.connection?.peerEnd?.moment, told.time >= silence.struck.time,
            told.time <= silence.struck.time + within,
            let noticed = silence.noticed?.moment, told.time <= noticed.time,
            noticed.time - told.time < run.underWay, isHeard(silence, told.time)
        {
            return "\(silence.who) did not notice, it was told: the other side ended the connection at "
                + "\(run.at(told.time))."
        }
        guard let mode = plan.text("while") else { return nil }
        guard run.recording.header.records.contains(.payload) else {
            return "The recording does not hold payload: whether \(silence.who) wrote cannot be told."
        }
        guard silence.connection != nil else {
            return "The wire does not show \(silence.who)'s connection: whether it wrote cannot be told."
        }
        let wrote = silence.wrote(run)
        if mode == "writing", !wrote { return "\(silence.who) sent nothing into the silence: it was idle." }
        if mode == "idle", wrote { return "\(silence.who) wrote into the silence: it was not idle." }
        return nil
    }

    /// Links are watched before their faults: what a blackhole swallows is seen there, and heard by nobody.
    private func isHeard(_ silence: Silence, _ time: Timestamp) -> Bool {
        guard silence.strike.plan.until != nil else { return true }
        return silence.strike.healed.map { $0.time <= time } ?? false
    }

    /// What can be seen of how it notices: evidence, and the same in words.
    private func mechanism(_ run: RunView, _ silence: Silence) -> ([Evidence], String) {
        guard silence.connection != nil else { return ([], "its connection cannot be told from others") }
        guard run.recording.header.records.contains(.payload) else { return ([], "payload was not recorded") }
        let bursts = silence.bursts(run)
        var evidence: [Evidence] = []
        var words: [String] = []
        func tell(_ kind: String, _ isKind: (SideConnection.Burst) -> Bool) {
            let those = bursts.filter(isKind)
            guard let first = those.first, let last = those.last else { return }
            let pause =
                those.count > 1
                ? ", \(((last.moment.time - first.moment.time) / (those.count - 1)).lengthText) apart" : ""
            words.append("\(kind), \(BreakerCourse.times(those.count))\(pause)")
            evidence.append(run.evidence(first.moment, "first of \(those.count): \(kind)"))
        }
        tell("payload that it sent (a heartbeat or a message)") { $0.isNew }
        tell("TCP keep-alive probes") { if case .keepAlive = $0.kind { true } else { false } }
        tell("payload sent again (TCP's retransmissions)") { if case .repeated = $0.kind { true } else { false } }
        let none = "nothing that it sent, so only a timeout on what should come in can tell it"
        return (evidence, words.isEmpty ? none : words.joined(separator: "; "))
    }
}
