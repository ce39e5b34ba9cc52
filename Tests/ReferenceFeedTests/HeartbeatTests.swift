import ReferenceFeed
import Testing

/// Silence, and the client's own heartbeats: the server has said one every 10 s, and two may be missing.
@Suite struct HeartbeatTests {
    @Test func theClientSpeaksOnceInEveryHeartbeat() {
        var client = TestClient.connected()
        var sent: [Double] = []
        for second in stride(from: 1.0, through: 60, by: 1) {
            _ = client.received(.heartbeat, at: at(second))
            if client.deadlinePassed(at: at(second)) == [.send(.heartbeat)] { sent.append(second) }
        }
        #expect(sent == [10, 20, 30, 40, 50, 60])
    }

    @Test func silenceOfTwoHeartbeatsIsALoss() {
        var client = TestClient.connected()
        _ = client.received(.heartbeat, at: at(7))
        #expect(client.deadline == at(10))
        #expect(client.deadlinePassed(at: at(10)) == [.send(.heartbeat)])
        #expect(client.deadlinePassed(at: at(20)) == [.send(.heartbeat)])
        #expect(client.deadline == at(27))
        #expect(client.deadlinePassed(at: at(26.999)).isEmpty)
        let actions = client.deadlinePassed(at: at(27))
        #expect(actions.first == .close)
        #expect(actions.reconnecting?.because == "silence for 20.0 seconds")
    }

    @Test func anyMessageBreaksTheSilence() {
        var client = TestClient.connected()
        _ = client.received(.message(sequence: 1, text: ""), at: at(19))
        _ = client.deadlinePassed(at: at(19))
        #expect(client.deadlinePassed(at: at(20)) == [.send(.ack(sequence: 1))])
        #expect(client.deadlinePassed(at: at(38.9)) == [.send(.heartbeat)])
        #expect(client.deadlinePassed(at: at(39)).reconnecting != nil)
    }

    @Test func aProcessThatStoodStillSendsNoBurst() {
        var client = TestClient.connected()
        _ = client.received(.heartbeat, at: at(300))
        #expect(client.deadlinePassed(at: at(300)) == [.send(.heartbeat)])
        #expect(client.deadline == at(310))
    }

    @Test func moreMissedHeartbeatsMeanMorePatience() {
        var settings = TestClient.Settings()
        settings.missedHeartbeats = 5
        var client = TestClient(settings)
        client.connect(at: 0)
        for second in [10.0, 20, 30, 40] { #expect(client.deadlinePassed(at: at(second)) == [.send(.heartbeat)]) }
        #expect(client.deadlinePassed(at: at(50)).reconnecting != nil)
    }
}
