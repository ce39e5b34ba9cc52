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
    static let all = living + replaying + refusing + resuming + serving + conveying
}

private func server(
    _ mutant: ServerMutant?, published: Int = 0, _ change: (inout FeedServer.Settings) -> Void = { _ in }
) -> FeedServer {
    var settings = FeedServer.Settings()
    settings.mutant = mutant
    change(&settings)
    var server = FeedServer(settings: settings, log: FeedLog(epoch: "a", capacity: 100))
    _ = server.started(at: at(0))
    for number in 0..<published { _ = server.deadlinePassed(at: at(Double(5 * number + 5))) }
    return server
}

extension FeedServer {
    fileprivate mutating func logIn(
        _ id: Int, at second: Double, last: Int64? = nil, token: String = ""
    ) -> [ServerMessage] {
        _ = connectionOpened(id, at: ReferenceFeedTests.at(second))
        let resume = last.map { Position(epoch: "a", last: $0, token: token) }
        return received(.hello(token: "", resume: resume), from: id, at: ReferenceFeedTests.at(second)).messages
    }
}

extension [FeedServer.Action] {
    fileprivate var messages: [ServerMessage] {
        compactMap { if case .send(let message, _) = $0 { message } else { nil } }
    }
}

private let living: [ServerProbe] = [
    ServerProbe("may a whole storm wait to be accepted?", failed: [.serverSmallBacklog]) { mutant in
        server(mutant).settings.backlog >= 1000
    },
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
        let word = server.faultOrdered(.drain(pause: .seconds(5)), at: at(2)).messages.first
        if case .goodbye? = word { return true } else { return false }
    },
]

/// What one is told that comes when one other is there, and there is room for one.
private func refusal(_ mutant: ServerMutant?) -> ServerMessage? {
    var server = server(mutant)
    _ = server.faultOrdered(.overload(capacity: 1, pause: .seconds(5)), at: at(2))
    _ = server.logIn(1, at: 1)
    guard case .refused? = server.logIn(2, at: 1).first else { return nil }
    return server.logIn(3, at: 1).first
}

extension [ServerMessage] {
    /// The resume token, and whether the one that was shown was honoured.
    fileprivate var welcome: (token: String, isFresh: Bool)? {
        for case .welcome(_, _, _, let token, let isFresh) in self { return (token, isFresh) }
        return nil
    }
}

private let resuming: [ServerProbe] = [
    ServerProbe("is the token that it gave honoured?", failed: [.serverRefusesValidTokens]) { mutant in
        var server = server(mutant, published: 3)
        guard let token = server.logIn(1, at: 16).welcome?.token else { return false }
        _ = server.connectionLost(1, "reset", at: at(17))
        return server.logIn(2, at: 18, last: 3, token: token).welcome?.isFresh == false
    },
    ServerProbe("once only, and only if it is real?", failed: [.serverRefusesValidTokens]) { mutant in
        var server = server(mutant, published: 3)
        guard let token = server.logIn(1, at: 16).welcome?.token else { return false }
        _ = server.logIn(2, at: 18, last: 3, token: token)
        // Until the client is heard, the new token may have been lost.
        guard server.logIn(5, at: 18, last: 3, token: token).welcome?.isFresh == false else { return false }
        _ = server.received(.heartbeat, from: 5, at: at(18))
        let second = server.logIn(3, at: 19, last: 3, token: token).welcome?.isFresh
        let forged = server.logIn(4, at: 19, last: 3, token: "7.1.0").welcome?.isFresh
        return second == true && forged == true
    },
    ServerProbe("and not when the session is long over?", failed: []) { mutant in
        var server = server(mutant, published: 3) { $0.resumeFor = .seconds(60) }
        guard let token = server.logIn(1, at: 16).welcome?.token else { return false }
        _ = server.connectionLost(1, "reset", at: at(17))
        return server.logIn(2, at: 78, last: 3, token: token).welcome?.isFresh == true
    },
    ServerProbe(
        "does another node honour it?", failed: [.serverRefusesValidTokens, .serverTokensOfOneNode]
    ) { mutant in
        var nodes = ["east", "west"].map { name in
            server(mutant, published: 0) { ($0.node, $0.secret) = (name, "shared") }
        }
        guard let token = nodes[0].logIn(1, at: 16).welcome?.token else { return false }
        return nodes[1].logIn(1, at: 18, last: 3, token: token).welcome?.isFresh == false
    },
    ServerProbe("are keys checked?", failed: [.serverChecksNobody]) { mutant in
        var server = server(mutant) { $0.token = "key" }
        return server.logIn(1, at: 1).first == .refused(reason: "unknown token", retry: false)
    },
]

/// The answers, in their order, of a server that answers one request a second and is asked these at once.
private func answers(_ mutant: ServerMutant?, _ asked: [Priority]) -> [String] {
    var server = server(mutant) { ($0.requestsPerSecond, $0.requestLimit) = (1, 5) }
    _ = server.logIn(1, at: 1)
    var actions: [FeedServer.Action] = []
    for (number, priority) in asked.enumerated() {
        actions += server.received(.request(id: "\(number)", priority), from: 1, at: at(1))
    }
    for second in 2..<8 { actions += server.deadlinePassed(at: at(Double(second))) }
    return actions.messages.compactMap {
        if case .response(let id, let ok, _) = $0 { ok ? id : "no \(id)" } else { nil }
    }
}

private let serving: [ServerProbe] = [
    ServerProbe("is every request answered?", failed: [.serverLosesAnswers]) { mutant in
        var server = server(mutant)
        _ = server.logIn(1, at: 1)
        return (1...20).allSatisfy { number in
            server.received(.request(id: "\(number)", .bulk), from: 1, at: at(2)).messages
                == [.response(id: "\(number)", ok: true)]
        }
    },
    ServerProbe("critical before bulk?", failed: [.serverNoPriorities, .serverBulkFirst]) { mutant in
        answers(mutant, [.bulk, .bulk, .critical, .bulk, .critical]) == ["0", "2", "4", "1", "3"]
    },
    ServerProbe("and, among equals, who came first?", failed: []) { mutant in
        answers(mutant, [.bulk, .bulk, .bulk]) == ["0", "1", "2"]
    },
    ServerProbe("are those refused that would wait too long?", failed: []) { mutant in
        answers(mutant, Array(repeating: .bulk, count: 7)).first { $0.hasPrefix("no") } == "no 6"
    },
    ServerProbe("is a message taken once?", failed: [.serverTakesTwice]) { mutant in
        takes(mutant, [1, 1, 2]) == [1, 2]
    },
    ServerProbe("and none lost that is acknowledged?", failed: [.serverForgetsTaken]) { mutant in
        takes(mutant, Array(1...20)) == Array(1...20)
    },
    ServerProbe(
        "is a request answered after the goodbye?", failed: [.serverNoGoodbye, .serverDropsRequestsOnDrain]
    ) { mutant in
        var server = server(mutant) { $0.requestsPerSecond = 1 }
        _ = server.logIn(1, at: 1)
        for id in ["a", "b"] { _ = server.received(.request(id: id, .bulk), from: 1, at: at(1)) }
        _ = server.faultOrdered(.drain(pause: nil), at: at(1.5))
        return server.deadlinePassed(at: at(2)).messages == [.response(id: "b", ok: true)]
    },
]

/// The numbers of what is taken, each answered as taken.
private func takes(_ mutant: ServerMutant?, _ sent: [Int64]) -> [Int64] {
    var server = server(mutant)
    _ = server.logIn(1, at: 1)
    return sent.flatMap { number -> [Int64] in
        let actions = server.received(.publish(stream: "s", sequence: number, .bulk), from: 1, at: at(2))
        guard actions.messages == [.taken(stream: "s", sequence: number)] else { return [-1] }
        return actions.compactMap { if case .report(.took(_, let taken, _)) = $0 { taken } else { nil } }
    }
}
