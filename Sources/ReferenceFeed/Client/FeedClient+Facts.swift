// What can happen to a client.
extension FeedClient {
    package mutating func started(at now: Moment) -> [Action] {
        guard case .disconnected = state else { preconditionFailure("started while \(state)") }
        leaving = nil
        workload.start(at: now)
        return connect(at: now)
    }

    /// The application wants no connection any more, and no answers.
    package mutating func stopped() -> [Action] {
        workload.stop()
        switch state {
        case .disconnected, .fatal: return []
        case .reconnecting: return disconnected()
        case .connecting, .authenticating: return [drop] + disconnected()
        case .connected: return acknowledge() + [.send(.goodbye), drop] + disconnected()
        }
    }

    /// The application wants no connection any more once its requests are answered and its messages taken. What waits
    /// while there is no connection has no such hope.
    package mutating func drained(at now: Moment) -> [Action] {
        guard isConnected, !errs(.stopsWithoutFinishing) else { return stopped() }
        workload.stop()
        leaving = .stopping(until: now + settings.drainTimeout)
        return settled([], at: now)
    }

    /// The network has done its part, and the transport (TLS, a WebSocket) begins its own. Nothing changes: the
    /// deadline is the attempt's, and `connectionOpened` is told when lines can flow.
    package mutating func handshakeBegan(at now: Moment) -> [Action] {
        guard case .connecting = state else { preconditionFailure("shakes hands while \(state)") }
        if errs(.noHandshakeTimeout) { state = .connecting(deadline: now + .seconds(86400)) }
        return []
    }

    /// Somebody answers whose certificate is not good. Only people can mend that, but they will, and nobody tells the
    /// client when: it comes again as after any failure, and says `refused`, which is not for good.
    package mutating func connectionRefused(_ reason: String, at now: Moment) -> [Action] {
        guard case .connecting = state else { preconditionFailure("refused while \(state)") }
        return [.report(.refused(reason, fatal: false, retryAfter: nil))] + reconnect(because: reason, at: now)
    }

    package mutating func connectionOpened(at now: Moment) -> [Action] {
        guard case .connecting(let deadline) = state else { preconditionFailure("opened while \(state)") }
        state = .authenticating(deadline: loginDeadline(deadline, at: now))
        if errs(.backoffResetOnConnect) { waits.reset() }
        let closed = errs(.breakerClosesOnConnect) ? told { $0.succeeded() } : []
        let report = errs(.saysConnectedTooEarly) ? Report.connected(resumed: nil) : .authenticating
        let hello = ClientMessage.hello(token: settings.token, resume: resumeFrom, client: settings.name)
        return settled([.report(report), .send(hello)] + closed, at: now)
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
        case .authenticating: return settled(answered(message, at: now), at: now)
        case .connected(let session): return settled(received(message, in: session, at: now), at: now)
        case .disconnected, .connecting, .reconnecting, .fatal: preconditionFailure("heard \(message) while \(state)")
        }
    }

    /// `deadline` has come. Fine to call early: nothing is due then.
    package mutating func deadlinePassed(at now: Moment) -> [Action] {
        guard let deadline, deadline <= now else { return [] }
        var actions = workload.take(at: now).flatMap { ask($0, at: now) }
        actions += outbox.expired(at: now).map { failed($0, "deadline") }
        actions += stateDue(at: now)
        return settled(actions, at: now)
    }

    /// What is due in this state, if anything is.
    private mutating func stateDue(at now: Moment) -> [Action] {
        switch state {
        case .disconnected, .fatal: return []
        case .connecting(let deadline):
            return deadline > now ? [] : [drop] + reconnect(because: "no connection in time", at: now)
        case .authenticating(let deadline):
            return deadline > now ? [] : [drop] + reconnect(because: "no answer in time", at: now)
        case .connected(let session): return sessionDue(session, at: now)
        case .reconnecting(let retryAt):
            if retryAt <= now { return connect(at: now) }
            if errs(.wakesWhileWaiting) { errors.nextPoll = now + .milliseconds(1) }
            return []
        }
    }
}
