import ReferenceFeed
import Testing

/// A question about one behaviour of a server, which the good one answers with yes, and which mutants answer no.
struct ServerProbe: Sendable, CustomTestStringConvertible {
    var question: String
    var failed: Set<ServerMutant>
    var holds: @Sendable (ServerMutant?) -> Bool

    init(_ question: String, failed: Set<ServerMutant>, _ holds: @escaping @Sendable (ServerMutant?) -> Bool) {
        (self.question, self.failed, self.holds) = (question, failed, holds)
    }

    var testDescription: String { question }
    static let all = living + replaying + refusing
}

private func server(_ mutant: ServerMutant?, published: Int = 0) -> FeedServer {
    var settings = FeedServer.Settings()
    settings.mutant = mutant
    var server = FeedServer(settings: settings, log: FeedLog(epoch: "a", capacity: 100))
    _ = server.started(at: at(0))
    for number in 0..<published { _ = server.deadlinePassed(at: at(Double(5 * number + 5))) }
    return server
}

extension FeedServer {
    fileprivate mutating func logIn(_ id: Int, at second: Double, last: Int64? = nil) -> [ServerMessage] {
        _ = connectionOpened(id, at: ReferenceFeedTests.at(second))
        let resume = last.map { Position(epoch: "a", last: $0) }
        return received(.hello(token: "", resume: resume), from: id, at: ReferenceFeedTests.at(second)).messages
    }
}

extension [FeedServer.Action] {
    fileprivate var messages: [ServerMessage] {
        compactMap { if case .send(let message, _) = $0 { message } else { nil } }
    }
}

private let living: [ServerProbe] = [
    ServerProbe("does it say heartbeats?", failed: [.serverNoHeartbeat]) { mutant in
        var server = server(mutant)
        _ = server.logIn(1, at: 1)
        return server.deadlinePassed(at: at(10)).messages.contains(.heartbeat)
    },
    ServerProbe("does it close who is silent?", failed: [.serverNoDetection]) { mutant in
        var server = server(mutant)
        _ = server.logIn(1, at: 1)
        return server.deadlinePassed(at: at(30)).contains(.close(1))
    },
    ServerProbe("does it close who does not say hello?", failed: [.serverWaitsForHelloForEver]) { mutant in
        var server = server(mutant)
        _ = server.connectionOpened(1, at: at(1))
        return server.deadlinePassed(at: at(20)).contains(.close(1))
    },
]

/// The numbers of what is replayed to one that has had 4 of 7.
private func replayed(_ mutant: ServerMutant?) -> [Int64] {
    var server = server(mutant, published: 7)
    return server.logIn(1, at: 36, last: 4).compactMap {
        if case .message(let sequence, _) = $0 { sequence } else { nil }
    }
}

private let replaying: [ServerProbe] = [
    ServerProbe(
        "does it replay what was missed, and only that?",
        failed: [.serverReplaysNothing, .serverReplaySkipsOne, .serverReplayRepeatsOne]
    ) { mutant in replayed(mutant).sorted() == [5, 6, 7] },
    ServerProbe("in its order?", failed: [.serverLiveBeforeReplay]) { mutant in
        replayed(mutant) == replayed(mutant).sorted()
    },
]

private let refusing: [ServerProbe] = [
    ServerProbe("does it keep its capacity?", failed: [.serverNoCapacityLimit]) { refusal($0) != nil },
    ServerProbe("may they come again whom it refuses?", failed: [.serverRefusesForGood, .serverNoCapacityLimit]) {
        if case .refused(_, retry: true, _)? = refusal($0) { true } else { false }
    },
    ServerProbe("does it say when?", failed: [.serverNoHint, .serverNoCapacityLimit]) {
        if case .refused(_, _, after: .seconds(5)?)? = refusal($0) { true } else { false }
    },
    ServerProbe("does it say goodbye?", failed: [.serverNoGoodbye]) { mutant in
        var server = server(mutant)
        _ = server.logIn(1, at: 1)
        let word = server.faultOrdered(.drain(pause: .seconds(5))).messages.first
        if case .goodbye? = word { return true } else { return false }
    },
]

/// What one is told that comes when one other is there, and there is room for one.
private func refusal(_ mutant: ServerMutant?) -> ServerMessage? {
    var server = server(mutant)
    _ = server.faultOrdered(.overload(capacity: 1, pause: .seconds(5)))
    _ = server.logIn(1, at: 1)
    guard case .refused? = server.logIn(2, at: 1).first else { return nil }
    return server.logIn(3, at: 1).first
}
