import ReferenceFeed
import Testing

/// The client's and the server's machines together, over a network that is a list of lines and a manual clock: it loses
/// connections, goes dark and freezes the server, at random moments that a seed decides.
private struct Pair {
    var now = at(0)
    var client: TestClient
    var server: FeedServer
    var random: SeededRandom
    /// Of the client's connection as each side knows it; a dark network lets one end live longer.
    var clientConnection: Int?
    var serverConnections: Set<Int> = []
    var opened = 0
    /// Lines and connects under way, with when they arrive.
    var inFlight: [(arrives: Moment, event: Arrival)] = []
    var darkUntil = at(0)
    var frozenUntil = at(0)
    var published: [(at: Moment, sequence: Int64)] = []
    var delivered: [(at: Moment, sequence: Int64)] = []
    var asked: [String] = []
    var answers: [String] = []
    var sent: [Int64] = []
    var taken: [Int64] = []
    var acked: [Int64] = []

    enum Arrival {
        case connect(Int)
        case toServer(ClientMessage, Int)
        case toClient(ServerMessage, Int)
    }

    init(seed: UInt64, window: Int = 1000) {
        random = SeededRandom(seed)
        var settings = TestClient.Settings()
        settings.name = "c"
        settings.workload.requestEvery = [.critical: .seconds(7), .bulk: .seconds(3)]
        settings.workload.publishEvery = .seconds(5)
        settings.queueLimit = 1000
        client = TestClient(settings, seed: seed &+ 1)
        var capacity = FeedServer.Settings()
        capacity.requestsPerSecond = 2
        server = FeedServer(settings: capacity, log: FeedLog(epoch: "a", capacity: window))
        _ = server.started(at: now)
        perform(client.started(at: now))
    }

    private mutating func travel(_ event: Arrival) {
        // A connect is not repeated here; of what a connection carries the kernel loses nothing while it lives.
        if case .connect = event, now < darkUntil { return }
        arrive(event, at: max(now, darkUntil) + .milliseconds(20))
    }

    /// Nothing overtakes.
    private mutating func arrive(_ event: Arrival, at moment: Moment) {
        inFlight.append((max(moment, inFlight.last?.arrives ?? moment), event))
    }

    mutating func perform(_ actions: [TestClient.Action]) {
        for action in actions {
            switch action {
            case .connect:
                opened += 1
                clientConnection = opened
                travel(.connect(opened))
            case .send(let message): if let clientConnection { travel(.toServer(message, clientConnection)) }
            case .close, .abort, .abandon: clientConnection = nil
            case .leak: break
            case .deliver(let sequence, _): delivered.append((now, sequence))
            case .report(.missed(let what)): Issue.record("missed \(what)")
            case .report(.requested(let id, _)): asked.append(id)
            case .report(.responded(let id, _, _, _)): answers.append(id)
            case .report(.sent(_, let sequence, _)): sent.append(sequence)
            case .report(.acked(_, let sequence)): acked.append(sequence)
            case .report(.unsent(_, let sequence, let reason)): Issue.record("\(sequence) not sent: \(reason)")
            case .report(.connected(resumed: false)): Issue.record("a resume was refused")
            case .report(.reconnecting): clientConnection = nil
            case .report: break
            }
        }
    }

    mutating func perform(_ actions: [FeedServer.Action]) {
        for action in actions {
            switch action {
            case .send(let message, let id): travel(.toClient(message, id))
            case .close(let id): serverConnections.remove(id)
            case .report(.took(_, let sequence, _)): taken.append(sequence)
            case .report(.published(let sequence)): published.append((now, sequence))
            case .report: break
            }
        }
    }

    private mutating func reach(_ event: Arrival) {
        if now < darkUntil { return arrive(event, at: darkUntil) }
        switch event {
        case .connect(let id):
            guard id == clientConnection, case .connecting = client.state else { return }
            serverConnections.insert(id)
            perform(server.connectionOpened(id, at: now))
            perform(client.connectionOpened(at: now))
        case .toServer(let message, let id):
            if serverConnections.contains(id) { perform(server.received(message, from: id, at: now)) }
        case .toClient(let message, let id):
            guard id == clientConnection else { return }
            switch client.state {
            case .authenticating, .connected: perform(client.received(message, at: now))
            case .disconnected, .connecting, .reconnecting, .fatal: return
            }
        }
    }

    /// Ends the client's connection at both ends.
    mutating func hangUp() {
        guard let id = clientConnection else { return }
        if serverConnections.remove(id) != nil { perform(server.connectionLost(id, "hung up", at: now)) }
        perform(client.connectionLost("hung up", at: now))
    }

    /// Goes on until `end`, from one thing that is due to the next.
    mutating func run(until end: Moment) {
        while now < end {
            let due = [client.deadline, server.deadline.map { max($0, frozenUntil) }] + inFlight.map(\.arrives)
            now = max(now, due.reduce(end) { min($0, $1 ?? $0) })
            let arrived = inFlight.filter { $0.arrives <= now }
            inFlight.removeAll { $0.arrives <= now }
            for item in arrived {
                if now < frozenUntil, case .toServer = item.event {
                    arrive(item.event, at: frozenUntil)
                } else {
                    reach(item.event)
                }
            }
            if now >= frozenUntil { perform(server.deadlinePassed(at: now)) }
            perform(client.deadlinePassed(at: now))
        }
    }
}

@Suite struct PairTests {
    /// Faults at random for a quarter of an hour, then peace: every message published from the first delivery on has
    /// been delivered once and in order.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func noGapsAndNoDuplicatesWhateverTheNetworkDoes(seed: UInt64) {
        var pair = Pair(seed: seed)
        pair.run(until: at(20))
        while pair.now < at(900) {
            switch Int.random(in: 0..<4, using: &pair.random) {
            case 0: pair.hangUp()
            case 1: pair.darkUntil = pair.now + .seconds(Int.random(in: 1...120, using: &pair.random))
            case 2: pair.frozenUntil = pair.now + .seconds(Int.random(in: 1...120, using: &pair.random))
            default: break
            }
            pair.run(until: pair.now + .seconds(Int.random(in: 1...90, using: &pair.random)))
        }
        pair.darkUntil = pair.now
        pair.frozenUntil = pair.now
        pair.run(until: pair.now + .seconds(60))
        let delivered = pair.delivered.map(\.sequence)
        // What was published in the last second may still be under way.
        let owed = pair.published.filter { $0.at <= pair.now + .seconds(-1) && $0.sequence >= delivered[0] }
        #expect(owed.count > 50)
        #expect(Array(delivered.prefix(owed.count)) == owed.map(\.sequence))
        // Every message taken once and in order, and none called taken that was not; every request answered once.
        pair.run(until: pair.now + .seconds(60))
        #expect(pair.taken == Array(1...Int64(pair.taken.count)) && pair.taken.count > 100)
        #expect(pair.taken.count >= pair.sent.count - 1)
        #expect(pair.acked == Array(pair.taken.prefix(pair.acked.count)))
        #expect(Set(pair.answers).count == pair.answers.count)
        let old = pair.asked.dropLast(16)
        #expect(old.count > 350 && Set(old).isSubset(of: pair.answers))
    }

    /// From the heal of a five-minute blackhole to the next message: the wait in progress is at most the cap of the
    /// backoff (20 s), and the connect and the replay are two round trips.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func backWithinTheCapOfTheBackoff(seed: UInt64) throws {
        var pair = Pair(seed: seed)
        pair.run(until: at(100))
        pair.darkUntil = at(400)
        pair.run(until: at(500))
        let back = try #require(pair.delivered.first { $0.at > at(400) })
        // Here a connect that started in the dark is lost for good, so its timeout of 10 s may come before the wait.
        #expect(back.at <= at(400 + 10 + 20 + 0.2))
    }
}
