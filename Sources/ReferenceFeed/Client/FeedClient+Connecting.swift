// From attempt to attempt.
extension FeedClient {
    mutating func connect(at now: Moment) -> [Action] {
        state = .connecting(deadline: now + (errs(.noConnectTimeout) ? .seconds(86400) : settings.connectTimeout))
        errors.nextPoll = nil
        let turn = errs(.onlyFirstAddress) ? 0 : self.turn
        let destination = Destination(
            server: turn % settings.servers, address: turn / settings.servers,
            resolvesAgain: !errs(.addressCachedForEver) || errors.attempts == 0,
            portOffset: errs(.hopsPorts) ? waits.failures % 2 : 0)
        errors.attempts += 1
        let probes = told { $0.attempted(at: now) }
        return probes + says(.connecting) + [.connect(destination)]
    }

    /// - Parameter pause: what the server asks for. The client's own wait is added, not only taken when it is longer:
    ///   all that were told the same would come back at one moment.
    mutating func reconnect(because reason: String, at now: Moment, notBefore pause: Duration? = nil) -> [Action] {
        var actions = lostUnderWay()
        if case .connected(let session) = state {
            if now - session.since >= settings.stableAfter { waits.reset() }
            // Its server still holds our session: it is the first to be asked, unless it sent us away.
            if leaving != nil || errs(.leavesItsServer) { turn += 1 }
        } else {
            turn += 1
            actions += told { $0.failed(at: now) }
        }
        if case .stopping? = leaving { return actions + disconnected() }
        (leaving, acknowledgeAt) = (nil, nil)
        if errs(.givesUpAfterFiveFailures), waits.failures >= 5 {
            return actions + giveUp(because: "five failures in a row")
        }
        let wait = awaited(after: waits.failed(using: &random), pause)
        let delay = max(wait, breaker.opensUntil.map { $0 - now } ?? .zero)
        state = .reconnecting(retryAt: now + delay)
        if errs(.wakesWhileWaiting) { errors.nextPoll = now + .milliseconds(1) }
        actions += leaks + says(.reconnecting(because: reason, failures: waits.failures, delay: delay))
        return actions + depths()
    }

    /// Changes the breaker, and says so when it has another state now.
    mutating func told(_ change: (inout CircuitBreaker) -> Void) -> [Action] {
        let before = breaker.state.name
        change(&breaker)
        return breaker.state.name == before ? [] : [.report(.breaker(breaker.state))]
    }

    private func awaited(after wait: Duration, _ pause: Duration?) -> Duration {
        guard let pause, !errs(.ignoresRetryAfter) else { return wait }
        return errs(.wakesAtTheHint) ? pause : pause + wait
    }

    func loginDeadline(_ deadline: Moment, at now: Moment) -> Moment {
        if errs(.noConnectTimeout) { return now + settings.connectTimeout }
        return errs(.noLoginTimeout) ? now + .seconds(86400) : deadline
    }

    /// A report about a connection that does not stand.
    private func says(_ report: Report) -> [Action] {
        errs(.saysConnectedWhileDead) && errors.wasConnected ? [] : [.report(report)]
    }

    mutating func giveUp(because reason: String) -> [Action] {
        state = .fatal(reason: reason)
        workload.stop()
        return [.report(.fatal(reason))] + failAll("fatal: \(reason)")
    }

    mutating func disconnected() -> [Action] {
        state = .disconnected
        (leaving, acknowledgeAt) = (nil, nil)
        return [.report(.disconnected)] + failAll("disconnected")
    }
}

// From hello to welcome.
extension FeedClient {
    mutating func answered(_ message: ServerMessage, at now: Moment) -> [Action] {
        switch message {
        case .welcome(let epoch, let next, let heartbeat, let token, let isFresh):
            let keepsToken = errs(.resumeTokenOfPreviousConnection) && position?.token.isEmpty == false
            let theirs = Position(
                epoch: epoch, last: next - 1, token: keepsToken ? position?.token ?? token : token)
            let session = settings.session(since: now, heartbeat: heartbeat)
            return welcomed(to: theirs, isFresh: isFresh, session, at: now)
        case .refused, .goodbye: return sentAway(message, at: now)
        case .message, .heartbeat, .response, .taken:
            return [drop] + reconnect(because: "the server spoke before it welcomed us", at: now)
        }
    }

    /// The server goes on behind `theirs`.
    private mutating func welcomed(
        to theirs: Position, isFresh: Bool, _ session: FeedSession, at now: Moment
    ) -> [Action] {
        hadBefore = nil
        guard let ours = resumeFrom else { return connected(theirs, session, resumed: nil) }
        if ours.epoch != theirs.epoch {
            let missed = "the server numbers its messages anew; our last was \(ours.last)"
            return connected(theirs, session, resumed: false, missed)
        }
        if theirs.last < ours.last, !isFresh {
            return [drop] + reconnect(because: "the server is only at \(theirs.last), we at \(ours.last)", at: now)
        }
        if isFresh, !errs(.resyncRepeats) { hadBefore = position?.last }
        let missed = theirs.last > ours.last ? "messages \(ours.last + 1) to \(theirs.last)" : nil
        return connected(theirs, session, resumed: !isFresh && missed == nil, missed)
    }

    private mutating func connected(
        _ position: Position, _ session: FeedSession, resumed: Bool?, _ missed: String? = nil
    ) -> [Action] {
        self.position = position
        acknowledged = position.last
        state = .connected(session)
        errors.connected()
        let closed = told { $0.succeeded() }
        if errs(.saysConnectedTooEarly) { return closed }
        let resumed = resumed == false && errs(.claimsResumed) ? true : resumed
        return closed + [.report(.connected(resumed: resumed))] + (missed.map { [.report(.missed($0))] } ?? [])
    }

    /// The server wants us to go.
    mutating func sentAway(_ message: ServerMessage, at now: Moment) -> [Action] {
        switch message {
        case .refused(let reason, let retry, let pause):
            let report = Action.report(.refused(reason, fatal: !retry, retryAfter: pause))
            let comesAgain = retry ? !errs(.givesUpWhenRefused) : errs(.retriesAfterFatalRefusal)
            if !comesAgain { return [drop, report] + giveUp(because: reason) }
            return [drop, report] + reconnect(because: "refused: \(reason)", at: now, notBefore: pause)
        case .goodbye(let pause):
            if !isConnected {
                return [drop] + reconnect(because: "the server said goodbye", at: now, notBefore: pause)
            }
            if errs(.ignoresGoodbye) { return [] }
            var failed: [Action] = []
            if errs(.dropsOnDrain) { failed = outbox.removeRequests { $0.tries > 0 }.map { self.failed($0, "drain") } }
            if leaving == nil { leaving = .moving(pause: pause, until: now + settings.drainTimeout) }
            return failed
        case .welcome, .message, .heartbeat, .response, .taken: preconditionFailure("\(message) sends nobody away")
        }
    }
}

// While the connection stands.
extension FeedClient {
    mutating func received(_ message: ServerMessage, in session: FeedSession, at now: Moment) -> [Action] {
        state = .connected(session.heard(at: now))
        switch message {
        case .heartbeat: return []
        case .message(let sequence, let text):
            guard let position, sequence == position.last + 1 else {
                // Delivered twice, or with a hole: to go on would hide it. From our position the server can mend it.
                let reason = "message \(sequence) came where \((position?.last ?? 0) + 1) belongs"
                return [drop] + reconnect(because: reason, at: now)
            }
            self.position = Position(epoch: position.epoch, last: sequence, token: position.token)
            if acknowledgeAt == nil { acknowledgeAt = now + settings.acknowledgeAfter }
            if let hadBefore, sequence <= hadBefore { return [] }
            return deliver(sequence: sequence, text: text)
        case .welcome: return [drop] + reconnect(because: "the server welcomed us twice", at: now)
        case .refused, .goodbye: return sentAway(message, at: now)
        case .response(let id, let ok, let reason): return responded(id, ok: ok, reason, at: now)
        case .taken(let stream, let sequence):
            guard outbox.settled(.publication(stream: stream, sequence: sequence)) != nil else { return [] }
            return errs(.saysAckedWhenWritten) ? [] : [.report(.acked(stream: stream, sequence: sequence))]
        }
    }

    mutating func sessionDue(_ session: FeedSession, at now: Moment) -> [Action] {
        if let stale = errors.staleDeadline, stale <= now {
            errors.staleDeadline = nil
            return [drop] + reconnect(because: "silence", at: now)
        }
        if session.isSilent(at: now) {
            let left: Action = errs(.keepsOldConnection) ? .abandon : drop
            return [left] + reconnect(because: "silence for \(session.patience)", at: now)
        }
        var actions: [Action] = []
        if let due = acknowledgeAt, due <= now { actions += acknowledge() }
        guard session.speaksAt <= now else { return actions }
        let session = session.spoke(at: now)
        state = .connected(errors.hearsItself ? session.heard(at: now) : session)
        return errs(.noHeartbeat) ? actions : actions + [.send(.heartbeat)]
    }

    /// Tells the server what has been delivered, if it does not know.
    mutating func acknowledge() -> [Action] {
        acknowledgeAt = nil
        guard let position, position.last > acknowledged, !errs(.neverAcknowledges) else { return [] }
        acknowledged = position.last
        return [.send(.ack(sequence: position.last))]
    }
}
