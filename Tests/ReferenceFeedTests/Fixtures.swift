import ReferenceFeed

/// SplitMix64: a generator whose stream is known, so that a failure repeats.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The client under test, whose generator is known.
typealias TestClient = FeedClient<SeededRandom>

func at(_ seconds: Double) -> Moment { Moment(nanoseconds: Int64(seconds * 1e9)) }

extension FeedClient where Random == SeededRandom {
    init(_ settings: Settings = Settings(), seed: UInt64 = 1) {
        self.init(settings: settings, random: SeededRandom(seed))
    }

    /// Connected since `second`, next message `next`, a heartbeat every 10 s.
    static func connected(at second: Double = 0, epoch: String = "a", next: Int64 = 1) -> TestClient {
        var client = TestClient()
        client.connect(at: second, epoch: epoch, next: next)
        return client
    }

    mutating func connect(at second: Double, epoch: String = "a", next: Int64 = 1) {
        switch state {
        case .disconnected: _ = started(at: ReferenceFeedTests.at(second))
        case .reconnecting(let retryAt): _ = deadlinePassed(at: retryAt)
        case .connecting, .authenticating, .connected, .fatal: break
        }
        _ = connectionOpened(at: ReferenceFeedTests.at(second))
        _ = received(.welcome(epoch: epoch, next: next, heartbeat: .seconds(10)), at: ReferenceFeedTests.at(second))
    }
}

extension [TestClient.Action] {
    /// The wait that was decided, and after how many failures.
    var reconnecting: (because: String, failures: Int, delay: Duration)? {
        for case .report(.reconnecting(let because, let failures, let delay)) in self {
            return (because, failures, delay)
        }
        return nil
    }
}

extension ServerMessage {
    /// A welcome without its resume token, whose seal is not to be foreseen.
    var withoutToken: ServerMessage {
        guard case .welcome(let epoch, let next, let heartbeat, _, let isFresh) = self else { return self }
        return .welcome(epoch: epoch, next: next, heartbeat: heartbeat, isFresh: isFresh)
    }
}

extension FeedServer.Action {
    var withoutToken: FeedServer.Action {
        guard case .send(let message, let id) = self else { return self }
        return .send(message.withoutToken, to: id)
    }
}
