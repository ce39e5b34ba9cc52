import ReferenceFeed
import Testing

/// What a client does about failures in a row, and where its stream goes on.
@Suite struct ReconnectTests {
    /// Fails `count` attempts in a row, from a client that waits; gives every wait.
    private func failures(_ count: Int, of client: inout TestClient) -> [(failures: Int, delay: Duration)] {
        (0..<count).map { _ in
            guard case .reconnecting(let retryAt) = client.state else { return (0, .zero) }
            _ = client.deadlinePassed(at: retryAt)
            let wait = client.connectionLost("refused", at: retryAt).reconnecting
            return (wait?.failures ?? 0, wait?.delay ?? .zero)
        }
    }

    @Test func failuresInARowRaiseTheCeiling() {
        var longest = [Duration](repeating: .zero, count: 8)
        for seed in 0..<400 as Range<UInt64> {
            var client = TestClient(seed: seed)
            _ = client.started(at: at(0))
            _ = client.connectionLost("refused", at: at(0))
            for (index, wait) in failures(8, of: &client).enumerated() {
                #expect(wait.failures == index + 2)
                longest[index] = max(longest[index], wait.delay)
            }
        }
        // Of 400 uniform draws the greatest is above 0.95 of the ceiling, but for one run in 10^9.
        for (delay, ceiling) in zip(longest, [2.0, 4, 8, 16, 20, 20, 20, 20]) {
            #expect(delay <= .seconds(ceiling) && delay > .seconds(0.95 * ceiling))
        }
    }

    @Test func aSessionThatStoodEndsTheSeries() {
        var client = TestClient.connected()
        _ = client.connectionLost("closed", at: at(5))
        _ = failures(4, of: &client)
        client.connect(at: 100)
        #expect(client.connectionLost("closed", at: at(130)).reconnecting?.failures == 1)
    }

    @Test func aSessionThatFellAtOnceDoesNot() {
        var client = TestClient.connected()
        _ = client.connectionLost("closed", at: at(5))
        _ = failures(4, of: &client)
        client.connect(at: 100)
        #expect(client.connectionLost("closed", at: at(129.9)).reconnecting?.failures == 6)
    }

    @Test func theStreamGoesOnWhereItEnded() {
        var client = TestClient.connected(next: 1)
        _ = client.received(.message(sequence: 1, text: ""), at: at(1))
        _ = client.connectionLost("closed", at: at(2))
        _ = client.deadlinePassed(at: at(60))
        let hello = client.connectionOpened(at: at(61))
        #expect(hello.contains(.send(.hello(token: "", resume: Position(epoch: "a", last: 1)))))
        let actions = client.received(.welcome(epoch: "a", next: 2, heartbeat: .seconds(10)), at: at(62))
        #expect(actions == [.report(.connected(resumed: true))])
    }

    @Test func whatTheServerNoLongerKeepsIsSaid() {
        var client = TestClient.connected(next: 5)
        _ = client.connectionLost("closed", at: at(2))
        _ = client.deadlinePassed(at: at(60))
        _ = client.connectionOpened(at: at(61))
        let actions = client.received(.welcome(epoch: "a", next: 9, heartbeat: .seconds(10)), at: at(62))
        #expect(actions == [.report(.connected(resumed: false)), .report(.missed("messages 5 to 8"))])
        #expect(client.received(.message(sequence: 9, text: "x"), at: at(63)) == [.deliver(sequence: 9, text: "x")])
    }

    @Test func anotherEpochVoidsThePosition() {
        var client = TestClient.connected(next: 5)
        _ = client.connectionLost("closed", at: at(2))
        _ = client.deadlinePassed(at: at(60))
        _ = client.connectionOpened(at: at(61))
        let actions = client.received(.welcome(epoch: "b", next: 1, heartbeat: .seconds(10)), at: at(62))
        let missed = "the server numbers its messages anew; our last was 4"
        #expect(actions == [.report(.connected(resumed: false)), .report(.missed(missed))])
        #expect(client.received(.message(sequence: 1, text: "x"), at: at(63)) == [.deliver(sequence: 1, text: "x")])
    }

    @Test func aServerBehindUsWithinAnEpochIsNotBelieved() {
        var client = TestClient.connected(next: 5)
        _ = client.connectionLost("closed", at: at(2))
        _ = client.deadlinePassed(at: at(60))
        _ = client.connectionOpened(at: at(61))
        let actions = client.received(.welcome(epoch: "a", next: 3, heartbeat: .seconds(10)), at: at(62))
        #expect(actions.first == .close)
        #expect(actions.reconnecting?.because == "the server is only at 2, we at 4")
        #expect(client.position == Position(epoch: "a", last: 4))
    }
}
