import ReferenceFeed
import Testing

/// What the server does when it is told to fail, and what the client makes of it.
@Suite struct ServerFaultTests {
    private func server(subscribers: Int = 0) -> FeedServer {
        var server = FeedServer(settings: FeedServer.Settings(), log: FeedLog(epoch: "a", capacity: 10))
        _ = server.started(at: at(0))
        for id in 0..<subscribers { _ = logIn(id, to: &server) }
        return server
    }

    private func logIn(_ id: Int, to server: inout FeedServer) -> [FeedServer.Action] {
        _ = server.connectionOpened(id, at: at(1))
        return server.received(.hello(token: "", resume: nil), from: id, at: at(1))
    }

    private func answer(_ actions: [FeedServer.Action]) -> ServerMessage? {
        if case .send(let message, _)? = actions.first { message.withoutToken } else { nil }
    }

    @Test(arguments: [
        (#"{"command":"fault","name":"drain","on":true}"#, ServerFaultOrder.drain(pause: nil)),
        (#"{"command":"fault","name":"drain","on":true,"retry_after":7}"#, .drain(pause: .nanoseconds(7))),
        (#"{"command":"fault","name":"drain","on":false}"#, .off(.drain)),
        (
            #"{"command":"fault","name":"reject-authentication","on":true,"refusal":"permanent"}"#,
            .rejectAuthentication(retry: false)
        ),
        (
            #"{"command":"fault","name":"overload","on":true,"capacity":3,"retry_after":1000000000}"#,
            .overload(capacity: 3, pause: .seconds(1))
        ),
    ])
    func ordersAreLinesOfTheDriverProtocol(line: String, order: ServerFaultOrder) {
        #expect(ServerFaultOrder(parsing: Array(line.utf8)) == order)
    }

    @Test(arguments: [
        "", "{}", #"{"command":"drain"}"#, #"{"command":"fault","name":"flood","on":true}"#,
        #"{"command":"fault","name":"drain"}"#, #"{"command":"fault","name":"overload","on":true}"#,
        #"{"command":"fault","name":"drain","on":true,"retry_after":-1}"#,
    ])
    func everythingElseIsNone(line: String) { #expect(ServerFaultOrder(parsing: Array(line.utf8)) == nil) }

    @Test func drainSendsEveryoneAwayAndCounts() {
        var server = server(subscribers: 2)
        let actions = server.faultOrdered(.drain(pause: .seconds(5)), at: at(2))
        #expect(
            actions
                == [0, 1].flatMap { id -> [FeedServer.Action] in
                    [.send(.goodbye(after: .seconds(5)), to: id), .report(.hit(.drain, total: Int64(id + 1)))]
                })
        let late = logIn(2, to: &server)
        #expect(answer(late) == .refused(reason: "this server is being drained", retry: true, after: .seconds(5)))
        #expect(late.last == .report(.hit(.drain, total: 3)))
        #expect(server.faultOrdered(.off(.drain), at: at(2)).isEmpty)
        #expect(answer(logIn(3, to: &server)) == .welcome(epoch: "a", next: 1, heartbeat: .seconds(10)))
    }

    @Test func overloadLetsInAsManyAsThereIsRoomFor() {
        var server = server(subscribers: 1)
        #expect(server.faultOrdered(.overload(capacity: 2, pause: nil), at: at(2)).isEmpty)
        #expect(answer(logIn(1, to: &server)) == .welcome(epoch: "a", next: 1, heartbeat: .seconds(10)))
        #expect(answer(logIn(2, to: &server)) == .refused(reason: "overloaded", retry: true))
        _ = server.connectionLost(0, "gone", at: at(2))
        #expect(answer(logIn(3, to: &server)) == .welcome(epoch: "a", next: 1, heartbeat: .seconds(10)))
    }

    @Test func aFaultThatGoesOnAgainCountsAnew() {
        var server = server()
        for round in 0..<2 {
            _ = server.faultOrdered(.rejectAuthentication(retry: true), at: at(2))
            for count in 1...2 {
                let actions = logIn(round * 2 + count, to: &server)
                #expect(actions.last == .report(.hit(.rejectAuthentication, total: Int64(count))))
            }
            _ = server.faultOrdered(.off(.rejectAuthentication), at: at(2))
        }
    }

    // MARK: the client

    @Test func aClientStaysAwayForAsLongAsItIsTold() throws {
        for seed in 0..<100 as Range<UInt64> {
            for message in [
                ServerMessage.goodbye(after: .seconds(30)), .refused(reason: "full", retry: true, after: .seconds(30)),
            ] {
                var client = TestClient(seed: seed)
                client.connect(at: 0)
                let actions = client.received(message, at: at(100))
                #expect(actions.contains(.close))
                let wait = try #require(actions.reconnecting)
                // Its own jitter comes on top: all were told the same.
                #expect((.seconds(30) ... .seconds(31)).contains(wait.delay))
            }
        }
        let waits = Set(
            (0..<100 as Range<UInt64>).compactMap { seed in
                var client = TestClient(seed: seed)
                client.connect(at: 0)
                return client.received(.goodbye(after: .seconds(30)), at: at(100)).reconnecting?.delay
            })
        #expect(waits.count > 90)
    }

    @Test func afterAGoodbyeTheStreamGoesOnWhereItEnded() {
        var client = TestClient.connected(next: 1)
        _ = client.received(.message(sequence: 1, text: ""), at: at(1))
        _ = client.received(.goodbye(after: nil), at: at(2))
        guard case .reconnecting(let retryAt) = client.state else {
            Issue.record("\(client.state)")
            return
        }
        _ = client.deadlinePassed(at: retryAt)
        let hello = client.connectionOpened(at: at(61))
        #expect(hello.contains(.send(.hello(token: "", resume: Position(epoch: "a", last: 1)))))
    }

    @Test func aGoodbyeInsteadOfAWelcomeIsAFailureLikeAnother() {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(0))
        #expect(client.received(.goodbye(after: nil), at: at(0)).reconnecting?.failures == 1)
    }
}
