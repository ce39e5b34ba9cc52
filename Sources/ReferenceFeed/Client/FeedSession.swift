/// One subscription's life on one connection: when each side was heard.
package struct FeedSession: Equatable, Sendable {
    package let since: Moment
    /// We speak at least once in this time.
    package let heartbeat: Duration
    /// The server counts as gone when it has said nothing for this long.
    package let patience: Duration
    private var lastHeard: Moment
    /// When our next heartbeat is due.
    private(set) var speaksAt: Moment

    package init(since now: Moment, speaksEvery heartbeat: Duration, patience: Duration) {
        since = now
        self.heartbeat = heartbeat
        self.patience = patience
        lastHeard = now
        speaksAt = now + heartbeat
    }

    /// When the server counts as gone, unless it is heard before.
    var patienceEnds: Moment { lastHeard + patience }

    /// Whichever comes first: our next heartbeat, or the end of our patience.
    package var deadline: Moment { min(speaksAt, patienceEnds) }

    package func isSilent(at now: Moment) -> Bool { now >= patienceEnds }

    package func heard(at now: Moment) -> FeedSession {
        var session = self
        session.lastHeard = now
        return session
    }

    /// A heartbeat was sent. The next follows from now on: after a freeze there is no burst of late ones.
    package func spoke(at now: Moment) -> FeedSession {
        var session = self
        session.speaksAt = now + heartbeat
        return session
    }
}
