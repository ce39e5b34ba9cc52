/// One subscription's life on one connection: when each side was heard.
package struct FeedSession: Equatable, Sendable {
    package let since: Moment
    /// Each side speaks at least once in this time.
    package let heartbeat: Duration
    private let missedHeartbeats: Int
    private var lastHeard: Moment
    private var nextHeartbeat: Moment

    package init(since now: Moment, heartbeat: Duration, missedHeartbeats: Int) {
        since = now
        self.heartbeat = heartbeat
        self.missedHeartbeats = missedHeartbeats
        lastHeard = now
        nextHeartbeat = now + heartbeat
    }

    /// The server counts as gone when it has said nothing for this long.
    package var longestSilence: Duration { heartbeat * missedHeartbeats }

    /// Whichever comes first: our next heartbeat, or the end of our patience.
    package var deadline: Moment { min(nextHeartbeat, lastHeard + longestSilence) }

    package func isSilent(at now: Moment) -> Bool { now - lastHeard >= longestSilence }

    package func heard(at now: Moment) -> FeedSession {
        var session = self
        session.lastHeard = now
        return session
    }

    /// A heartbeat was sent. The next follows from now on: after a freeze there is no burst of late ones.
    package func spoke(at now: Moment) -> FeedSession {
        var session = self
        session.nextHeartbeat = now + heartbeat
        return session
    }
}
