import JSONLines
import Recordings
import Scenarios

/// One try of a session to connect, and what became of it.
struct Attempt {
    /// No of the connection, in the protocol's own words.
    struct Refusal {
        var moment: Moment
        var text: String
        /// Coming again cannot help.
        var isFatal: Bool
        /// Not before so long.
        var retryAfter: Duration?
    }

    var start: Moment
    /// As evidence words it.
    var text: String
    /// Of the process: attempts of one life share it.
    var life: Int
    /// Where it went, when known: on the wire, every address that it tried before it failed.
    var destinations: [Endpoint] = []
    /// The session worked.
    var up: Moment?
    /// It failed, or the connection that it made was lost. Nil when it still stands or nobody can know when.
    var end: Moment?
    var endText = ""
    /// What the driver said that it would wait then.
    var announced: Duration?
    var refusal: Refusal?

    /// How long the connection stood.
    var stood: Duration? { up.flatMap { up in end.map { $0.time - up.time } } }
}

/// All tries of one session, in time order, until the run is taken down.
struct AttemptHistory {
    enum Source { case driver, wire }

    let name: RunView.SessionName
    let attempts: [Attempt]
    let source: Source
    /// By how much a time between two signs of this source may be wrong.
    let noise: Duration

    /// By the driver's `attempt` events where it says them, otherwise by new SYNs on the session's own wire. With
    /// `preferringWire` the other way round: what left the host, whatever the driver says. Nil when neither can tell.
    /// - Parameter isAlone: the session is the only one of its instance.
    private init?(_ run: RunView, _ name: RunView.SessionName, isAlone: Bool, preferringWire: Bool) {
        let wire = isAlone ? run.ownWire(of: name.instance).map { WireAttempts(run, name.instance, $0) } : nil
        let driver = DriverAttempts(run, name)
        let fromWire = wire.map { (Source.wire, $0.attempts, $0.noise) }
        let fromDriver: (Source, [Attempt], Duration)? =
            driver.attempts.isEmpty ? nil : (.driver, driver.completed(by: wire), .milliseconds(2))
        // A wire on which nothing was seen of all that a driver tells was not watched.
        let isBlind = wire?.attempts.isEmpty ?? true
        let choice = preferringWire && !isBlind ? fromWire : fromDriver ?? fromWire
        guard let choice else { return nil }
        self.name = name
        (source, attempts, noise) = choice
    }

    /// For every session of an actor that can be told.
    static func all(_ run: RunView, of actor: String, preferringWire: Bool = false) -> [AttemptHistory] {
        let names = run.sessionNames(of: actor)
        let sessions = Dictionary(grouping: names, by: \.instance)
        let all = run.workers.map(names) { name in
            let isAlone = sessions[name.instance]?.count == 1
            return AttemptHistory(run, name, isAlone: isAlone, preferringWire: preferringWire)
        }
        return all.compactMap { $0 }
    }

    /// Why no attempt of an actor can be told, as a summary says it.
    static func untold(_ actor: String) -> String {
        "No attempt of \(actor) can be told: its driver says none, and on the wire it cannot be told from others on "
            + "its host."
    }
}

/// Tries as a driver tells them.
struct DriverAttempts {
    private(set) var attempts: [Attempt] = []
    private var current: Attempt?
    private var life = 0
    /// The end of `current` is only an error, which may be about anything.
    private var isComplaint = false

    /// States that say that an attempt failed or a connection is gone. Words such as `connecting` and `authenticating`
    /// do not, nor do those that nobody knows.
    private static let downStates: Set<String> = [
        "disconnected", "reconnecting", "waiting", "backoff", "backing-off", "failed", "closed", "suspended", "lost",
        "unavailable", "fatal", "offline",
    ]

    private enum Fact {
        case said(RunView.Report), received, started
    }

    init(_ run: RunView, _ name: RunView.SessionName) {
        let session = run.sessions[name] ?? RunView.Session()
        var facts = session.reports.map { (moment: $0.moment, fact: Fact.said($0)) }
        facts += session.received.map { ($0.moment, .received) }
        facts += (run.lives[name.instance] ?? []).compactMap { life in
            if case .started = life.change { (life.moment, .started) } else { nil }
        }
        facts.sort { ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line) }
        for (moment, fact) in facts where moment.time < run.stop {
            switch fact {
            case .said(let said): take(said.report, at: moment)
            case .received where current?.up != nil && isComplaint:
                current?.end = nil
                isComplaint = false
            case .received: break
            case .started:
                close()
                life += 1
            }
        }
        close()
    }

    private mutating func close() {
        if let current { attempts.append(current) }
        (current, isComplaint) = (nil, false)
    }

    private mutating func take(_ report: DriverReport, at moment: Moment) {
        switch report.kind {
        case .attempt:
            close()
            current = Attempt(start: moment, text: "its driver said attempt", life: life)
        case .connected: up(at: moment)
        case .state where ClientSigns.upStates.contains(report.text ?? ""): up(at: moment)
        case .state:
            let delay = report.extra.first { $0.key == "delay_ns" }?.value.integer
            guard delay != nil || Self.downStates.contains(report.text ?? "") else { return }
            if let delay { current?.announced = .nanoseconds(delay) }
            if report.text == "fatal" { current?.refusal = Attempt.Refusal(report, at: moment) }
            end(at: moment, "its driver said state (\(report.text ?? ""))", isComplaint: false)
        case .error: end(at: moment, "its driver said error (\(report.text ?? ""))", isComplaint: true)
        case .refused:
            current?.refusal = Attempt.Refusal(report, at: moment)
            end(at: moment, "its driver said refused (\(report.text ?? ""))", isComplaint: false)
        case .hello, .sent, .received, .acked, .request, .response, .resumed, .queue, .breaker, .note, .unsupported:
            break
        }
    }

    private mutating func up(at moment: Moment) {
        guard let attempt = current, attempt.up == nil else { return }
        current?.up = moment
        current?.end = nil
        isComplaint = false
    }

    private mutating func end(at moment: Moment, _ text: String, isComplaint: Bool) {
        guard let attempt = current, attempt.end == nil else { return }
        current?.end = moment
        current?.endText = text
        self.isComplaint = isComplaint
    }

    /// Ends that the driver did not tell, as the wire has them.
    func completed(by wire: WireAttempts?) -> [Attempt] {
        guard let wire else { return attempts }
        var seen = wire.attempts[...]
        return attempts.indices.map { index in
            var attempt = attempts[index]
            let next = index + 1 < attempts.count ? attempts[index + 1].start.time : nil
            seen = seen.drop { $0.start.time < attempt.start.time }
            let own = seen.prefix { wire in next.map { wire.start.time < $0 } ?? true }
            attempt.destinations = own.flatMap(\.destinations)
            if attempt.end == nil, next != nil, let last = own.last, let end = last.end {
                (attempt.end, attempt.endText) = (end, last.endText)
            }
            return attempt
        }
    }
}
