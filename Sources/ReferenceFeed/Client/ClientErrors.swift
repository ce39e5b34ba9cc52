/// What only clients that err remember; the good client's stays as it began.
struct ClientErrors {
    /// When to look whether the wait is over (`wakesWhileWaiting`).
    var nextPoll: Moment?
    /// When the silence of a connection that is gone would have been long enough (`staleTimer`).
    var staleDeadline: Moment?
    /// Own heartbeats count as heard (`ownWritesProveLife`).
    var hearsItself = false
    /// A first message after a resume, kept back (`reordersOnResume`).
    var heldBack: (sequence: Int64, text: String)?
    var holdsBackNext = false
    /// The latest message, which the next one makes it hand over (`deliversLate`).
    var latest: (sequence: Int64, text: String)?
    var wasConnected = false
    var attempts = 0

    mutating func connected() {
        (hearsItself, heldBack, holdsBackNext) = (false, nil, wasConnected)
        wasConnected = true
    }
}

extension FeedClient {
    /// Where the server is asked to go on.
    var resumeFrom: Position? {
        guard let position else { return nil }
        if errs(.noResume) { return nil }
        if errs(.resumeRepeatsOne) {
            return Position(epoch: position.epoch, last: max(0, position.last - 1), token: position.token)
        }
        if errs(.resumeSkipsOne) {
            return Position(epoch: position.epoch, last: position.last + 1, token: position.token)
        }
        // Numbers that were delivered and not acknowledged yet are forgotten with the connection.
        if errs(.remembersAtAcknowledgement) {
            return Position(epoch: position.epoch, last: min(acknowledged, position.last), token: position.token)
        }
        return position
    }

    /// What a reconnect costs those that lose something with each.
    var leaks: [Action] {
        if errs(.leaksDescriptor) { return [.leak(.descriptor)] }
        if errs(.leaksThread) { return [.leak(.thread)] }
        if errs(.leaksMemory) { return [.leak(.memory)] }
        return []
    }

    /// Hands a message to the application.
    mutating func deliver(sequence: Int64, text: String) -> [Action] {
        let delivery = Action.deliver(sequence: sequence, text: text)
        if errs(.deliversLate) {
            defer { errors.latest = (sequence, text) }
            return errors.latest.map { [.deliver(sequence: $0.sequence, text: $0.text)] } ?? []
        }
        guard errs(.reordersOnResume) else { return [delivery] }
        if errors.holdsBackNext {
            (errors.holdsBackNext, errors.heldBack) = (false, (sequence, text))
            return []
        }
        guard let held = errors.heldBack else { return [delivery] }
        errors.heldBack = nil
        return [delivery, .deliver(sequence: held.sequence, text: held.text)]
    }
}

extension FeedClient.Settings {
    /// A session that begins now, with a server that speaks every `heartbeat`.
    func session(since now: Moment, heartbeat: Duration) -> FeedSession {
        let patience: Duration =
            switch mutant {
            case .noDetection: .seconds(86400) * 365
            case .slowDetection: heartbeat * missedHeartbeats * 10
            case .hastyDetection: heartbeat / 2
            default: heartbeat * missedHeartbeats
            }
        return FeedSession(
            since: now, speaksEvery: mutant == .slowHeartbeat ? heartbeat * 3 : heartbeat, patience: patience)
    }
}
