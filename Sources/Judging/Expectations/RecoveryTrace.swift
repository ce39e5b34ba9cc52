import Recordings
import Scenarios

/// What one client session did after one strike of a fault. A class, because there may be 60,000, and several results
/// hold each.
final class RecoveryTrace {
    typealias Sign = ClientSigns.Sign

    enum Outcome {
        /// A new message came; for a client whose driver says nothing of messages, the server's first answer on a new
        /// connection.
        case recovered(Sign)
        case notRecovered
        /// The recording cannot tell.
        case untold(String)
    }

    var strike: FaultStrike { run.strikes[place] }
    let name: RunView.SessionName
    /// When the fault struck this client.
    let struck: Moment
    /// From when on it owes a new message.
    let owedFrom: Moment
    let outcome: Outcome
    /// The first sign that the client knew. Nil when its connection survived, or it never noticed.
    let detected: Sign?
    /// The first attempt from then on.
    let attempted: Sign?
    /// The connection over which it recovered; without recovery, the last one that came up.
    var connected: Sign? { ups.last }
    /// Every connection that came up since the strike, until it recovered.
    let ups: [Sign]
    /// Every attempt since the strike.
    let attempts: [Sign]
    /// The first thing since the strike that the client could know of it by: the other side's FIN or RST that was sent
    /// to it, or what itself sent, which was not answered.
    private(set) lazy var couldKnow = RecoveryTrace.couldKnow(run, signs, since: struck.time)
    /// The connection over which it recovered as the wire shows it.
    let dial: Dial?
    /// The client's first and last word of that connection's TLS handshake; nil when the wire shows no TLS.
    let tls: (hello: Moment, finished: Moment?)?
    /// Its driver said that it logs in on that connection, that it was logged in, that it resumed.
    var authenticating: Sign? { login.began }
    var authenticated: Sign? { login.ended }
    var resumed: (moment: Moment, isHonoured: Bool)? { login.resumed }
    /// Whether messages came as often as before, from its recovery on.
    let rate: RecoveryRate
    /// What is asked of a few is only looked for when it is asked.
    private lazy var login = Login(signs, dial, since: struck.time, until: until, stop: run.stop)
    // Plain, as said of `RunView`: the run outlives it.
    private unowned(unsafe) let run: RunView
    private let signs: ClientSigns
    /// Of the strike among the run's: two threads that each counted references to the same one waited for each other.
    private let place: Int
    private let until: Timestamp

    /// Nil when the fault did not strike, or what it took away never came back.
    init?(
        _ run: RunView, _ strike: FaultStrike, _ signs: ClientSigns,
        steady: RecoveryRate.Measure? = nil, wantsLogin: Bool = false
    ) {
        guard let place = run.strikes.firstIndex(where: { $0.plan.index == strike.plan.index }),
            let struck = RecoveryTrace.struck(run, strike, signs), let owedFrom = run.owedFrom(strike, struck: struck)
        else {
            return nil
        }
        let all = signs.signs
        let since = all.partitioningIndex { $0.moment.time >= struck.time }
        let after = all[since..<max(since, all.partitioningIndex { $0.moment.time >= run.stop })]
        let course = Course(run, strike, signs, struck: struck.time, owedFrom: owedFrom.time, signsAfter: after)
        let outcome = course.outcome
        var until = run.stop
        if case .recovered(let sign) = outcome { until = sign.moment.time }
        let before = after[..<after.partitioningIndex { $0.moment.time > until }]

        (self.run, self.signs, self.until, self.place) = (run, signs, until, place)
        name = signs.name
        self.struck = struck
        self.owedFrom = owedFrom
        self.outcome = outcome
        let detected = before.first { $0.kind == .down || $0.kind == .attempt || $0.kind == .complaint }
        let attempts = RecoveryTrace.distinct(after.filter { $0.kind == .attempt })
        self.detected = detected
        self.attempts = attempts
        attempted = detected.flatMap { known in
            attempts.first { $0.moment.time >= known.moment.time && $0.moment.time <= until }
        }
        ups = ClientSigns.ups(before)
        let dial = signs.dials.last { dial in
            dial.established.map { $0.time >= struck.time && $0.time <= until } ?? false
        }
        self.dial = dial
        tls = wantsLogin ? dial.flatMap { RecoveryTrace.tls(run, $0) } : nil
        rate =
            steady.map { RecoveryRate(run, signs, strike, struck: struck.time, from: until, $0) }
            ?? .untold("it was not asked for")
    }

    /// An idle mapping's end strikes the client that it belongs to: its own mapping tells better than the first hit of
    /// all.
    private static func struck(_ run: RunView, _ strike: FaultStrike, _ signs: ClientSigns) -> Moment? {
        guard strike.strikesAtFirstHit, let applied = strike.applied else { return strike.struck }
        guard case .host(let router) = strike.plan.target, let wire = signs.wire else { return strike.struck }
        let own = run.mappings.first { mapping in
            mapping.moment.time >= applied.time && mapping.change.router == router
                && (mapping.change.change == .expired || mapping.change.change == .forgotten)
                && isLatest(mapping, among: wire)
        }
        return own?.moment ?? strike.struck
    }

    /// Whether it was the mapping of the connection that the client made last: older ones, long given up, expire too.
    private static func isLatest(_ mapping: RunView.Mapping, among wire: [RunView.Wire]) -> Bool {
        let latest = wire.last { $0.kind == .established && $0.moment.time <= mapping.moment.time }?.change
        return latest?.from == mapping.change.from && latest?.to == mapping.change.to
    }

    /// A driver's attempt and the SYN it makes are one attempt: the wire's is left out where the driver speaks.
    private static func distinct(_ attempts: [Sign]) -> [Sign] {
        attempts.contains { $0.fromDriver } ? attempts.filter(\.fromDriver) : attempts
    }
}

// How long each stage took.
extension RecoveryTrace {
    /// From the strike to the first sign that the client knew.
    var detect: Duration? { detected.map { $0.moment.time - struck.time } }

    /// From there to the first attempt.
    var attempt: Duration? {
        guard let detected, let attempted else { return nil }
        return attempted.moment.time - detected.moment.time
    }

    /// From the moment that liveness is owed to the connection that carried the new message; zero when that came up
    /// before.
    var connect: Duration? { connected.map { max(.zero, $0.moment.time - owedFrom.time) } }

    /// From there to the new message.
    var message: Duration? {
        guard case .recovered(let sign) = outcome else { return nil }
        return sign.moment.time - max(connected?.moment.time ?? owedFrom.time, owedFrom.time)
    }

    /// From the moment that liveness is owed to the new message.
    var total: Duration? {
        guard case .recovered(let sign) = outcome else { return nil }
        return sign.moment.time - owedFrom.time
    }

    /// The attempts on either side of the moment that liveness is owed: the client was waiting between them.
    var waitingWhenOwed: (last: Sign, next: Sign?)? {
        guard let last = attempts.last(where: { $0.moment.time < owedFrom.time }) else { return nil }
        return (last, attempts.first { $0.moment.time >= owedFrom.time })
    }
}
