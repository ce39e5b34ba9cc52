import ReferenceFeed
import Testing

/// A server with a message every 5 s and a heartbeat every 10 s.
private func server(token: String = "", window: Int = 100) -> FeedServer {
    var settings = FeedServer.Settings()
    settings.token = token
    var server = FeedServer(settings: settings, log: FeedLog(epoch: "a", capacity: window))
    _ = server.started(at: at(0))
    return server
}

extension FeedServer {
    fileprivate mutating func subscribe(_ id: ConnectionID, at second: Double, resume: Position? = nil) -> [Action] {
        _ = connectionOpened(id, at: ReferenceFeedTests.at(second))
        return received(.hello(token: "", resume: resume), from: id, at: ReferenceFeedTests.at(second))
    }

    /// Publishes `count` messages, one every 5 s.
    fileprivate mutating func publish(_ count: Int) {
        for _ in 0..<count { _ = deadlinePassed(at: deadline!) }
    }
}

extension [FeedServer.Action] {
    fileprivate func sent(to id: FeedServer.ConnectionID) -> [ServerMessage] {
        compactMap { if case .send(let message, to: id) = $0 { message.withoutToken } else { nil } }
    }
}

@Suite struct FeedServerTests {
    @Test func publishesToEverySubscriberInTheOrderTheyCame() {
        var server = server()
        _ = server.subscribe(2, at: 1)
        _ = server.subscribe(1, at: 1)
        _ = server.connectionOpened(3, at: at(1))
        let message = ServerMessage.message(sequence: 1, text: "message 1")
        #expect(server.deadline == at(5))
        #expect(server.deadlinePassed(at: at(4.9)).isEmpty)
        let actions = server.deadlinePassed(at: at(5))
        #expect(actions == [.report(.published(sequence: 1)), .send(message, to: 1), .send(message, to: 2)])
        #expect(server.deadline == at(10))
    }

    @Test func publishesWithoutSubscribersToo() {
        var server = server()
        #expect(server.deadlinePassed(at: at(5)) == [.report(.published(sequence: 1))])
    }

    @Test func whatFellDueWhileItStoodStillIsNotMadeUpFor() {
        var server = server()
        let actions = server.deadlinePassed(at: at(300))
        #expect(actions == [.report(.published(sequence: 1))])
        #expect(server.deadlinePassed(at: at(300)) == [])
        #expect(server.deadline == at(305))
    }

    @Test func aLateCallDoesNotShiftWhatIsDueNext() {
        var server = server()
        _ = server.deadlinePassed(at: at(12))
        #expect(server.deadline == at(15))
        _ = server.deadlinePassed(at: at(15))
        #expect(server.deadlinePassed(at: at(19.9)) == [])
        _ = server.subscribe(1, at: 19.9)
        #expect(server.deadlinePassed(at: at(20)).sent(to: 1).last == .heartbeat)
    }

    @Test func welcomesAtTheNextMessage() {
        var server = server()
        server.publish(1)
        let actions = server.subscribe(1, at: 6)
        let welcome = ServerMessage.welcome(epoch: "a", next: 2, heartbeat: .seconds(10))
        #expect(actions.map(\.withoutToken) == [.send(welcome, to: 1), .report(.subscribed(1, replayed: 0))])
    }

    @Test func replaysWhatWasMissed() {
        var server = server()
        _ = server.deadlinePassed(at: at(5))
        _ = server.deadlinePassed(at: at(10))
        _ = server.deadlinePassed(at: at(15))
        let actions = server.subscribe(1, at: 16, resume: Position(epoch: "a", last: 1))
        #expect(
            actions.sent(to: 1) == [
                .welcome(epoch: "a", next: 2, heartbeat: .seconds(10)),
                .message(sequence: 2, text: "message 2"), .message(sequence: 3, text: "message 3"),
            ])
        #expect(actions.contains(.report(.subscribed(1, replayed: 2))))
    }

    @Test func heartbeatsToEverySubscriber() {
        var server = server()
        _ = server.subscribe(1, at: 1)
        _ = server.connectionOpened(2, at: at(1))
        let actions = server.deadlinePassed(at: at(10))
        #expect(actions.sent(to: 1).last == .heartbeat)
        #expect(actions.sent(to: 2).isEmpty)
    }

    @Test func dropsASilentSubscriber() {
        var server = server()
        _ = server.subscribe(1, at: 1)
        _ = server.subscribe(2, at: 1)
        _ = server.deadlinePassed(at: at(10))
        _ = server.received(.heartbeat, from: 2, at: at(11))
        #expect(!server.deadlinePassed(at: at(20)).contains(.close(1)))
        let actions = server.deadlinePassed(at: at(30))
        #expect(actions.contains(.close(1)) && actions.contains(.report(.ended(1, because: "silence"))))
        #expect(actions.sent(to: 2).last == .heartbeat)
        #expect(server.deadlinePassed(at: at(35)).sent(to: 1).isEmpty)
    }

    @Test func dropsWhoSaysNoHello() {
        var server = server()
        _ = server.connectionOpened(1, at: at(0.5))
        #expect(!server.deadlinePassed(at: at(10)).contains(.close(1)))
        #expect(server.deadlinePassed(at: at(20)).contains(.close(1)))
    }

    @Test func aLostSubscriberGetsNothingMore() {
        var server = server()
        _ = server.subscribe(1, at: 1)
        #expect(server.connectionLost(1, "closed", at: at(2)) == [.report(.ended(1, because: "closed"))])
        #expect(server.deadlinePassed(at: at(5)) == [.report(.published(sequence: 1))])
    }

    @Test func refusesAWrongTokenForGood() {
        var server = server(token: "secret")
        _ = server.connectionOpened(1, at: at(1))
        let actions = server.received(.hello(token: "guess", resume: nil), from: 1, at: at(1))
        let refusal = ServerMessage.refused(reason: "unknown token", retry: false)
        #expect(
            actions == [.send(refusal, to: 1), .close(1), .report(.ended(1, because: "unknown token"))])
        _ = server.connectionOpened(2, at: at(1))
        let welcomed = server.received(.hello(token: "secret", resume: nil), from: 2, at: at(1))
        #expect(welcomed.contains(.report(.subscribed(2, replayed: 0))))
    }

    @Test func refusesWhatIsOutOfPlace() {
        var server = server()
        _ = server.connectionOpened(1, at: at(1))
        #expect(server.received(.heartbeat, from: 1, at: at(1)).contains(.close(1)))
        _ = server.subscribe(2, at: 1)
        #expect(server.received(.hello(token: "", resume: nil), from: 2, at: at(2)).contains(.close(2)))
    }
}

@Suite struct FeedLogTests {
    private func log(_ count: Int, capacity: Int) -> FeedLog {
        var log = FeedLog(epoch: "a", capacity: capacity)
        for _ in 0..<count { _ = log.append("x") }
        return log
    }

    private func numbers(_ log: FeedLog, _ epoch: String, _ last: Int64) -> [Int64] {
        log.entries(after: Position(epoch: epoch, last: last)).map(\.sequence)
    }

    @Test func anEmptyLogHasNothingToReplay() {
        #expect(numbers(log(0, capacity: 3), "a", 0) == [])
        #expect(numbers(log(0, capacity: 3), "b", 7) == [])
    }

    @Test func everythingAfterThePosition() {
        #expect(numbers(log(5, capacity: 10), "a", 3) == [4, 5])
        #expect(numbers(log(5, capacity: 10), "a", 0) == [1, 2, 3, 4, 5])
    }

    @Test func nothingForWhoHasItAll() { #expect(numbers(log(5, capacity: 10), "a", 5) == []) }

    @Test func onlyWhatIsKept() {
        #expect(numbers(log(9, capacity: 3), "a", 2) == [7, 8, 9])
        #expect(numbers(log(9, capacity: 3), "a", 6) == [7, 8, 9])
        #expect(numbers(log(9, capacity: 3), "a", 7) == [8, 9])
    }

    @Test func nothingFromTheFuture() { #expect(numbers(log(5, capacity: 10), "a", 1 << 53) == []) }

    @Test func allThatIsKeptForAnotherEpoch() { #expect(numbers(log(9, capacity: 3), "b", 8) == [7, 8, 9]) }

    @Test func aNewSubscriberGetsNoHistory() { #expect(log(9, capacity: 3).entries(after: nil).isEmpty) }
}
