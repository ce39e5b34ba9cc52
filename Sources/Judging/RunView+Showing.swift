import Recordings
import Scenarios

/// How one session came back after one strike, for a picture: each moment nil when it did not come.
package struct ShownRecovery: Sendable {
    package var name: RunView.SessionName
    /// The fault, as findings name it.
    package var fault: String
    package var struck: Timestamp
    /// From when on a new message was owed.
    package var owedFrom: Timestamp
    package var detected: Timestamp?
    package var attempted: Timestamp?
    package var connected: Timestamp?
    package var recovered: Timestamp?
}

/// The waits of an actor's backoff, for a picture.
package struct ShownBackoff: Sendable {
    package struct Wait: Sendable {
        /// How many failures in a row came before it, 1 or more.
        package var step: Int
        package var length: Duration
        /// When it ended, with the next attempt.
        package var end: Timestamp
    }
    package struct Fit: Sendable {
        package var initial: Double
        package var factor: Double
        package var cap: Double?
        /// `full jitter`
        package var jitter: String
    }
    package var waits: [Wait]
    /// Nil when the waits are too few to fit anything.
    package var fit: Fit?
}

/// What a run showed of a client whatever its scenario owes, for comparing builds: less is better.
package struct ShownFigure: Equatable, Sendable {
    package var name: String
    /// Seconds.
    package var seconds: Double

    package init(name: String, seconds: Double) {
        self.name = name
        self.seconds = seconds
    }
}

// What pictures of a run show.
extension RunView {
    /// The connections that are known to be this session's; none when nobody can tell.
    package func connections(of name: SessionName) -> [ConnectionInventory.Connection] {
        if let own = inventory.bySession[name] { return own.map { inventory.connections[$0] } }
        if inventory.hasNamedSessions.contains(name.instance) { return [] }
        let isAlone = sessionNames(of: name.instance.actor).lazy.filter { $0.instance == name.instance }.prefix(2).count
        return isAlone == 1 ? ownConnections(of: name.instance) ?? [] : []
    }

    /// Whose words these are.
    package func sessionName(of report: DriverReport) -> SessionName {
        SessionName(instance: report.instance, session: report.session)
    }

    /// The way back of one session after each strike that it noticed.
    package func recoveries(of name: SessionName) -> [ShownRecovery] {
        let signs = ClientSigns(self, name)
        return strikes.compactMap { strike in
            guard strike.hits > 0, let trace = RecoveryTrace(self, strike, signs) else { return nil }
            guard let detected = trace.detected else { return nil }
            var recovered: Timestamp?
            if case .recovered(let sign) = trace.outcome { recovered = sign.moment.time }
            return ShownRecovery(
                name: name, fault: strike.name, struck: trace.struck.time, owedFrom: trace.owedFrom.time,
                detected: detected.moment.time, attempted: trace.attempted?.moment.time,
                connected: trace.connected?.moment.time, recovered: recovered)
        }
    }

    /// Of each client the median time until it noticed a strike and until it was back after it was owed, and the cap
    /// that its waits show: what all its sessions did says more of a build than the worst of them.
    package var figures: [ShownFigure] {
        scenario.actors.filter { $0.role == .client }.flatMap { actor -> [ShownFigure] in
            let names = sessionNames(of: actor.name)
            // Of very many, the worst that findings tell of is near to what any other run would show.
            guard names.count <= 200 else { return [] }
            let all = names.flatMap { recoveries(of: $0) }
            let detections = all.compactMap { one in one.detected.map { ($0 - one.struck).seconds } }
            let returns = all.compactMap { one in one.recovered.map { ($0 - one.owedFrom).seconds } }
            let values: [(String, Double?)] = [
                ("detection by \(actor.name), median", Quantiles.median(detections)),
                ("recovery of \(actor.name), median", Quantiles.median(returns)),
                ("backoff cap of \(actor.name)", backoff(of: actor.name)?.fit?.cap),
            ]
            return values.compactMap { name, value in value.map { ShownFigure(name: name, seconds: $0) } }
        }
    }

    /// Nil when the actor never waited to try again, or nobody can tell.
    package func backoff(of actor: String) -> ShownBackoff? {
        let promised = scenario.expectations.first { $0.kind == "backoff" && $0.actor == actor }
        let rules = BackoffWaits.Rules(
            resetAfter: promised?.duration("reset-after") ?? .zero,
            origin: BackoffWait.Origin(rawValue: promised?.text("from") ?? "") ?? .failure,
            skip: promised?.count("skip") ?? 0)
        let waits = BackoffWaits(self, of: actor, rules)
        guard !waits.waits.isEmpty else { return nil }
        var shown = ShownBackoff(
            waits: waits.waits.map { ShownBackoff.Wait(step: $0.step, length: $0.length, end: $0.end.time) }, fit: nil)
        // Fewer show no course.
        if waits.waits.count >= 5, let fit = BackoffFit(waits.samples, noise: waits.noise.seconds) {
            shown.fit = .init(initial: fit.initial, factor: fit.factor, cap: fit.cap, jitter: fit.jitter.inWords)
        }
        return shown
    }
}
