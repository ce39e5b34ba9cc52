/// The connection of a feed's subscriber: facts in, actions out.
///
/// It does no input or output, reads no clock and starts no timer. Every fact is a method in the past tense that is
/// told the time and returns what must now be done, in order. Whoever owns it performs the actions, and calls
/// `deadlinePassed` when `deadline` has come; there is one deadline at a time and it follows from the state, so a timer
/// that belongs to a state already left cannot exist.
///
///     disconnected --started--> connecting --opened--> authenticating --welcome--> connected
///                                   |  ^                     |  |                      |
///                          lost, or |  | wait over           |  | refused for good     | lost, silent
///                          too slow v  |                     |  v                      |
///                                reconnecting <--------------+ fatal                   |
///                                      ^-----------------------------------------------+
///
/// `stopped` leads from anywhere but `fatal` to disconnected.
package struct FeedClient<Random: RandomNumberGenerator> {
    package enum State: Equatable, Sendable {
        /// Nothing runs: not started yet, or stopped. To `connecting`.
        case disconnected
        /// A transport is being opened, until `deadline`. To `authenticating`, `reconnecting`, `disconnected`.
        case connecting(deadline: Moment)
        /// The transport stands and `hello` is on its way; the answer is due by `deadline`, which is still the one of
        /// the attempt: a server that accepts and says nothing costs no more than one that does not accept. To
        /// `connected`, `reconnecting`, `fatal`, `disconnected`.
        case authenticating(deadline: Moment)
        /// Subscribed. Only this state holds a session, so nothing else can send or deliver.
        /// To `reconnecting`, `disconnected`.
        case connected(FeedSession)
        /// Waiting until `retryAt`; nothing is open. To `connecting`, `disconnected`.
        case reconnecting(retryAt: Moment)
        /// Trying again cannot help. Final.
        case fatal(reason: String)
    }

    package enum Action: Equatable, Sendable {
        /// Open a transport; answer with `connectionOpened` or `connectionLost`.
        case connect(Destination)
        case send(ClientMessage)
        /// Drop the transport, open or half open; no fact about it may follow.
        case close
        /// Only of clients that err: the same with a reset.
        case abort
        /// Only of clients that err: forget the transport without closing it.
        case abandon
        /// Only of clients that err: lose one of these for good.
        case leak(Leak)
        /// Hand a message to the application.
        case deliver(sequence: Int64, text: String)
        case report(Report)
    }

    /// Where to connect to.
    package struct Destination: Equatable, Sendable {
        /// Counts the attempts that failed: each further one takes the next of the server's addresses, modulo their
        /// number.
        package var turn: Int
        /// Resolve the name now, whatever was known of it: the server may have moved.
        package var resolvesAgain: Bool

        package init(turn: Int, resolvesAgain: Bool) {
            self.turn = turn
            self.resolvesAgain = resolvesAgain
        }
    }

    package enum Leak: Equatable, Sendable {
        case descriptor
        case thread
        case memory
    }

    /// What the application, or whoever watches, is told.
    package enum Report: Equatable, Sendable {
        case connecting
        case authenticating
        /// `resumed`: the stream goes on where it ended.
        case connected(resumed: Bool)
        /// The connection, or the attempt, failed; the next attempt comes `delay` from now.
        case reconnecting(because: String, failures: Int, delay: Duration)
        /// Messages that can no longer be had: the server does not keep them, or has begun to number anew.
        case missed(String)
        case fatal(String)
        case disconnected
    }

    package struct Settings: Equatable, Sendable {
        /// For one attempt, from `connect` to `welcome`.
        package var connectTimeout: Duration = .seconds(10)
        package var backoff = Backoff()
        /// Heartbeats in a row that may be missing before the server counts as gone; 1 or more.
        package var missedHeartbeats = 2
        /// A session that stood this long ends a series of failures. One that is welcomed and dropped at once does not:
        /// the client would hammer a server that is dying.
        package var stableAfter: Duration = .seconds(30)
        package var token = ""
        /// The mistake that it makes; nil for the client worth copying.
        package var mutant: ClientMutant?
        package init() {}
    }

    package let settings: Settings
    package private(set) var state = State.disconnected
    /// Where to go on; survives every connection.
    package private(set) var position: Position?
    private var waits: Waits
    /// Attempts that failed so far, or that took a connection away.
    private var turn = 0
    private var random: Random
    /// What only clients that err remember.
    var errors = ClientErrors()

    package init(settings: Settings, random: Random) {
        precondition(settings.missedHeartbeats >= 1, "a client that does not wait for any heartbeat")
        self.settings = settings
        waits = Waits(settings.backoff, mutant: settings.mutant)
        self.random = random
    }

    /// When `deadlinePassed` must be called; nil when only facts from outside can change anything.
    package var deadline: Moment? {
        switch state {
        case .disconnected, .fatal: nil
        case .connecting(let deadline), .authenticating(let deadline): deadline
        case .connected(let session): min(session.deadline, errors.staleDeadline ?? session.deadline)
        case .reconnecting(let retryAt): min(retryAt, errors.nextPoll ?? retryAt)
        }
    }

    /// Failures in a row.
    package var failures: Int { waits.failures }

    func errs(_ mutant: ClientMutant) -> Bool { settings.mutant == mutant }

    /// How a transport is dropped.
    private var drop: Action { errs(.resetsOnClose) ? .abort : .close }
}

// The facts.
extension FeedClient {
    package mutating func started(at now: Moment) -> [Action] {
        guard case .disconnected = state else { preconditionFailure("started while \(state)") }
        return connect(at: now)
    }

    /// The application wants no connection any more.
    package mutating func stopped() -> [Action] {
        switch state {
        case .disconnected, .fatal: return []
        case .reconnecting:
            state = .disconnected
            return [.report(.disconnected)]
        case .connecting, .authenticating, .connected:
            state = .disconnected
            return [drop, .report(.disconnected)]
        }
    }

    package mutating func connectionOpened(at now: Moment) -> [Action] {
        guard case .connecting(let deadline) = state else { preconditionFailure("opened while \(state)") }
        state = .authenticating(deadline: loginDeadline(deadline, at: now))
        if errs(.backoffResetOnConnect) { waits.reset() }
        let report = errs(.saysConnectedTooEarly) ? Report.connected(resumed: false) : .authenticating
        return [.report(report), .send(.hello(token: settings.token, resume: resumeFrom))]
    }

    /// The server will say nothing more on this connection; what we send may still reach it.
    package mutating func inputEnded(at now: Moment) -> [Action] {
        switch state {
        case .authenticating: break
        case .connected(let session):
            if errs(.ownWritesProveLife) {
                errors.hearsItself = true
                return []
            }
            if errs(.leavesCloseWait) { return [.abandon] + reconnect(because: "the other side closed", at: now) }
            if errs(.staleTimer) { errors.staleDeadline = session.patienceEnds }
        case .disconnected, .connecting, .reconnecting, .fatal: preconditionFailure("input ended while \(state)")
        }
        return [drop] + reconnect(because: "the other side closed", at: now)
    }

    /// The attempt failed, or the other side or the network ended the connection.
    package mutating func connectionLost(_ reason: String, at now: Moment) -> [Action] {
        switch state {
        case .connecting, .authenticating: return reconnect(because: reason, at: now)
        case .connected(let session):
            if errs(.staleTimer) { errors.staleDeadline = session.patienceEnds }
            return reconnect(because: reason, at: now)
        case .disconnected, .reconnecting, .fatal: preconditionFailure("lost a connection while \(state)")
        }
    }

    package mutating func received(_ message: ServerMessage, at now: Moment) -> [Action] {
        switch state {
        case .authenticating: return answered(message, at: now)
        case .connected(let session): return received(message, in: session, at: now)
        case .disconnected, .connecting, .reconnecting, .fatal: preconditionFailure("heard \(message) while \(state)")
        }
    }

    /// `deadline` has come. Fine to call early: nothing is due then.
    package mutating func deadlinePassed(at now: Moment) -> [Action] {
        guard let deadline, deadline <= now else { return [] }
        switch state {
        case .disconnected, .fatal: return []
        case .connecting: return [drop] + reconnect(because: "no connection in time", at: now)
        case .authenticating: return [drop] + reconnect(because: "no answer in time", at: now)
        case .connected(let session): return heartbeatDue(in: session, at: now)
        case .reconnecting(let retryAt):
            if retryAt > now {
                errors.nextPoll = now + .milliseconds(1)
                return []
            }
            return connect(at: now)
        }
    }
}

// The transitions.
extension FeedClient {
    private mutating func connect(at now: Moment) -> [Action] {
        state = .connecting(deadline: now + (errs(.noConnectTimeout) ? .seconds(86400) : settings.connectTimeout))
        errors.nextPoll = nil
        let destination = Destination(
            turn: errs(.onlyFirstAddress) ? 0 : turn,
            resolvesAgain: !errs(.addressCachedForEver) || errors.attempts == 0)
        errors.attempts += 1
        return says(.connecting) + [.connect(destination)]
    }

    /// - Parameter pause: what the server asks for. The client's own wait is added, not only taken when it is longer:
    ///   all that were told the same would come back at one moment.
    private mutating func reconnect(
        because reason: String, at now: Moment, notBefore pause: Duration? = nil
    ) -> [Action] {
        if case .connected(let session) = state, now - session.since >= settings.stableAfter { waits.reset() }
        turn += 1
        if errs(.givesUpAfterFiveFailures), waits.failures >= 5 { return giveUp(because: "five failures in a row") }
        let delay = awaited(after: waits.failed(using: &random), pause)
        state = .reconnecting(retryAt: now + delay)
        if errs(.wakesWhileWaiting) { errors.nextPoll = now + .milliseconds(1) }
        return leaks + says(.reconnecting(because: reason, failures: waits.failures, delay: delay))
    }

    private func awaited(after wait: Duration, _ pause: Duration?) -> Duration {
        guard let pause, !errs(.ignoresRetryAfter) else { return wait }
        return errs(.wakesAtTheHint) ? pause : pause + wait
    }

    private func loginDeadline(_ deadline: Moment, at now: Moment) -> Moment {
        if errs(.noConnectTimeout) { return now + settings.connectTimeout }
        return errs(.noLoginTimeout) ? now + .seconds(86400) : deadline
    }

    /// A report about a connection that does not stand.
    private func says(_ report: Report) -> [Action] {
        errs(.saysConnectedWhileDead) && errors.wasConnected ? [] : [.report(report)]
    }

    private mutating func giveUp(because reason: String) -> [Action] {
        state = .fatal(reason: reason)
        return [.report(.fatal(reason))]
    }

    private mutating func answered(_ message: ServerMessage, at now: Moment) -> [Action] {
        switch message {
        case .welcome(let epoch, let next, let heartbeat):
            return welcomed(
                to: Position(epoch: epoch, last: next - 1),
                settings.session(since: now, heartbeat: heartbeat), at: now)
        case .refused, .goodbye: return sentAway(message, at: now)
        case .message, .heartbeat:
            return [drop] + reconnect(because: "the server spoke before it welcomed us", at: now)
        }
    }

    /// The server goes on behind `theirs`.
    private mutating func welcomed(to theirs: Position, _ session: FeedSession, at now: Moment) -> [Action] {
        guard let ours = resumeFrom else {
            return connected(theirs, session, [.report(.connected(resumed: false))])
        }
        if ours.epoch != theirs.epoch {
            let missed = "the server numbers its messages anew; our last was \(ours.last)"
            return connected(theirs, session, [.report(.connected(resumed: false)), .report(.missed(missed))])
        }
        if theirs.last < ours.last {
            return [drop] + reconnect(because: "the server is only at \(theirs.last), we at \(ours.last)", at: now)
        }
        if theirs.last > ours.last {
            let missed = "messages \(ours.last + 1) to \(theirs.last)"
            return connected(theirs, session, [.report(.connected(resumed: false)), .report(.missed(missed))])
        }
        return connected(theirs, session, [.report(.connected(resumed: true))])
    }

    private mutating func connected(_ position: Position, _ session: FeedSession, _ reports: [Action]) -> [Action] {
        self.position = position
        state = .connected(session)
        errors.connected()
        return errs(.saysConnectedTooEarly) ? [] : reports
    }

    private mutating func received(
        _ message: ServerMessage, in session: FeedSession, at now: Moment
    ) -> [Action] {
        state = .connected(session.heard(at: now))
        switch message {
        case .heartbeat: return []
        case .message(let sequence, let text):
            guard let position, sequence == position.last + 1 else {
                // Delivered twice, or with a hole: to go on would hide it. From our position the server can mend it.
                let reason = "message \(sequence) came where \((position?.last ?? 0) + 1) belongs"
                return [drop] + reconnect(because: reason, at: now)
            }
            self.position = Position(epoch: position.epoch, last: sequence)
            return deliver(sequence: sequence, text: text)
        case .welcome: return [drop] + reconnect(because: "the server welcomed us twice", at: now)
        case .refused, .goodbye: return sentAway(message, at: now)
        }
    }

    /// The server has said its last word on this connection.
    private mutating func sentAway(_ message: ServerMessage, at now: Moment) -> [Action] {
        switch message {
        case .refused(let reason, let retry, let pause):
            let comesAgain = retry ? !errs(.givesUpWhenRefused) : errs(.retriesAfterFatalRefusal)
            if !comesAgain { return [drop] + giveUp(because: reason) }
            return [drop] + reconnect(because: "refused: \(reason)", at: now, notBefore: pause)
        case .goodbye(let pause):
            // A subscriber has nothing in flight: what was sent to it before the goodbye has been delivered.
            return [drop] + reconnect(because: "the server said goodbye", at: now, notBefore: pause)
        case .welcome, .message, .heartbeat: preconditionFailure("\(message) sends nobody away")
        }
    }

    private mutating func heartbeatDue(in session: FeedSession, at now: Moment) -> [Action] {
        if let stale = errors.staleDeadline, stale <= now {
            errors.staleDeadline = nil
            return [drop] + reconnect(because: "silence", at: now)
        }
        if session.isSilent(at: now) {
            let left: Action = errs(.keepsOldConnection) ? .abandon : drop
            return [left] + reconnect(because: "silence for \(session.patience)", at: now)
        }
        let session = session.spoke(at: now)
        state = .connected(errors.hearsItself ? session.heard(at: now) : session)
        return errs(.noHeartbeat) ? [] : [.send(.heartbeat)]
    }
}
