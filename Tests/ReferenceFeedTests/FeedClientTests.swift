import ReferenceFeed
import Testing

/// Every transition of the client's diagram, on a manual clock.
@Suite struct FeedClientTests {
    @Test func startConnects() {
        var client = TestClient()
        #expect(client.deadline == nil)
        #expect(
            client.started(at: at(5)) == [
                .report(.connecting), .connect(TestClient.Destination(address: 0, resolvesAgain: true)),
            ])
        #expect(client.state == .connecting(deadline: at(15)))
    }

    @Test func anOpenTransportSaysHelloWithinTheSameDeadline() {
        var client = TestClient()
        _ = client.started(at: at(0))
        let actions = client.connectionOpened(at: at(4))
        #expect(actions == [.report(.authenticating), .send(.hello(token: "", resume: nil))])
        #expect(client.state == .authenticating(deadline: at(10)))
    }

    @Test func aHandshakeChangesNothing() {
        var client = TestClient()
        _ = client.started(at: at(0))
        #expect(client.handshakeBegan(at: at(1)) == [])
        #expect(client.state == .connecting(deadline: at(10)))
    }

    @Test func aBadCertificateIsARefusalThatPasses() {
        var client = TestClient()
        _ = client.started(at: at(0))
        let actions = client.connectionRefused("expired", at: at(1))
        #expect(actions.first == .report(.refused("expired", fatal: false, retryAfter: nil)))
        #expect(actions.reconnecting?.because == "expired" && actions.reconnecting?.failures == 1)
        #expect(client.retryAt != nil)
    }

    @Test func theTokenIsSent() {
        var settings = TestClient.Settings()
        settings.token = "secret"
        var client = TestClient(settings)
        _ = client.started(at: at(0))
        #expect(client.connectionOpened(at: at(0)).contains(.send(.hello(token: "secret", resume: nil))))
    }

    @Test func welcomeConnects() {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(1))
        let actions = client.received(.welcome(epoch: "a", next: 8, heartbeat: .seconds(10)), at: at(2))
        #expect(actions == [.report(.connected(resumed: nil))])
        #expect(client.position == Position(epoch: "a", last: 7))
        guard case .connected = client.state else { return #expect(Bool(false), "\(client.state)") }
    }

    @Test func anAttemptThatFailsIsTriedAgainAfterAWait() throws {
        var client = TestClient()
        _ = client.started(at: at(0))
        let actions = client.connectionLost("refused", at: at(1))
        let wait = try #require(actions.reconnecting)
        #expect(actions.count == 1)
        #expect(wait.because == "refused" && wait.failures == 1)
        #expect(client.state == .reconnecting(retryAt: at(1) + wait.delay))
        let next = TestClient.Destination(address: 1, resolvesAgain: true)
        #expect(client.deadlinePassed(at: at(1) + wait.delay) == [.report(.connecting), .connect(next)])
    }

    @Test func anAttemptThatHangsIsDroppedAtItsDeadline() {
        var client = TestClient()
        _ = client.started(at: at(0))
        #expect(client.deadlinePassed(at: at(9.999)).isEmpty)
        let actions = client.deadlinePassed(at: at(10))
        #expect(actions.first == .close)
        #expect(actions.reconnecting?.because == "no connection in time")
    }

    @Test func aServerThatAcceptsAndSaysNothingIsDroppedAtTheAttemptsDeadline() {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(9))
        #expect(client.deadlinePassed(at: at(9.5)).isEmpty)
        let actions = client.deadlinePassed(at: at(10))
        #expect(actions.first == .close)
        #expect(actions.reconnecting?.because == "no answer in time")
    }

    @Test func aConnectionLostBeforeWelcomeIsTriedAgain() {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(1))
        #expect(client.connectionLost("closed", at: at(2)).reconnecting?.failures == 1)
    }

    @Test func aRefusalThatMayPassIsTriedAgain() {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(1))
        let actions = client.received(.refused(reason: "full", retry: true), at: at(2))
        #expect(actions.first == .close)
        #expect(actions.reconnecting?.because == "refused: full")
    }

    @Test func aRefusalForGoodIsFinal() {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(1))
        let actions = client.received(.refused(reason: "unknown token", retry: false), at: at(2))
        let refused = TestClient.Report.refused("unknown token", fatal: true, retryAfter: nil)
        #expect(actions == [.close, .report(refused), .report(.fatal("unknown token"))])
        #expect(client.state == .fatal(reason: "unknown token"))
        #expect(client.deadline == nil)
        #expect(client.stopped().isEmpty)
        #expect(client.state == .fatal(reason: "unknown token"))
    }

    @Test(arguments: [ServerMessage.heartbeat, .message(sequence: 1, text: "")])
    func aServerThatSpeaksBeforeItsWelcomeIsDropped(message: ServerMessage) {
        var client = TestClient()
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(1))
        let actions = client.received(message, at: at(2))
        #expect(actions.first == .close)
        #expect(actions.reconnecting != nil)
    }

    @Test func messagesAreDeliveredInTheirOrder() {
        var client = TestClient.connected(next: 4)
        #expect(client.received(.message(sequence: 4, text: "x"), at: at(1)) == [.deliver(sequence: 4, text: "x")])
        #expect(client.received(.message(sequence: 5, text: "y"), at: at(2)) == [.deliver(sequence: 5, text: "y")])
        #expect(client.position == Position(epoch: "a", last: 5))
    }

    @Test(arguments: [Int64(3), 4, 6, 99])
    func aMessageOutOfPlaceIsNotDeliveredAndTheStreamIsResumed(sequence: Int64) {
        var client = TestClient.connected(next: 4)
        _ = client.received(.message(sequence: 4, text: ""), at: at(1))
        let actions = client.received(.message(sequence: sequence, text: ""), at: at(2))
        #expect(actions.first == .close)
        #expect(actions.reconnecting?.because == "message \(sequence) came where 5 belongs")
        #expect(client.position == Position(epoch: "a", last: 4))
    }

    @Test(arguments: [true, false]) func aServerMayRefuseASessionThatStands(retry: Bool) {
        var client = TestClient.connected()
        let actions = client.received(.refused(reason: "moved", retry: retry), at: at(1))
        #expect(actions.first == .close)
        #expect((actions.reconnecting != nil) == retry)
        #expect((client.state == .fatal(reason: "moved")) == !retry)
    }

    @Test func aSecondWelcomeIsAnError() {
        var client = TestClient.connected()
        let actions = client.received(.welcome(epoch: "a", next: 9, heartbeat: .seconds(10)), at: at(1))
        #expect(actions.first == .close && actions.reconnecting != nil)
        #expect(client.position?.last == 0)
    }

    @Test func stopClosesWhateverIsOpen() {
        var never = TestClient()
        #expect(never.stopped().isEmpty)
        var connecting = TestClient()
        _ = connecting.started(at: at(0))
        var authenticating = connecting
        _ = authenticating.connectionOpened(at: at(0))
        var waiting = connecting
        _ = waiting.connectionLost("x", at: at(0))
        var connected = TestClient.connected()
        #expect(connecting.stopped() == [.close, .report(.disconnected)])
        #expect(authenticating.stopped() == [.close, .report(.disconnected)])
        #expect(connected.stopped() == [.send(.goodbye), .close, .report(.disconnected)])
        #expect(waiting.stopped() == [.report(.disconnected)])
        for client in [connecting, authenticating, connected, waiting] {
            #expect(client.state == .disconnected && client.deadline == nil)
        }
    }

    @Test func aStoppedClientStartsAgainWhereItWas() {
        var client = TestClient.connected(next: 4)
        _ = client.stopped()
        _ = client.started(at: at(1))
        let actions = client.connectionOpened(at: at(1))
        #expect(actions.contains(.send(.hello(token: "", resume: Position(epoch: "a", last: 3)))))
    }
}
