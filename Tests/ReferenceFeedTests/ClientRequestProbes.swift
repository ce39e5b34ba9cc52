import ReferenceFeed

/// A client whose breaker opens after three failures for a minute, and what it says of it in time.
private struct Breaking {
    var client: TestClient
    var now = at(0)
    var said: [String] = []
    var attempts: [Double] = []

    init(_ mutant: ClientMutant?) {
        var settings = TestClient.Settings()
        settings.mutant = mutant
        settings.breaker = CircuitBreaker.Settings(threshold: 3, openFor: .seconds(60))
        client = TestClient(settings, seed: 1)
        take(client.started(at: now))
    }

    mutating func take(_ actions: [TestClient.Action]) {
        for action in actions {
            if case .connect = action { attempts.append((now - at(0)) / .seconds(1)) }
            if case .report(.breaker(let state)) = action { said.append(state.name) }
        }
    }

    /// Lets an attempt begin, however long that takes, but no longer than half an hour.
    mutating func begin() {
        let end = now + .seconds(1800)
        while case .reconnecting = client.state, let due = client.deadline, due < end {
            now = due
            take(client.deadlinePassed(at: now))
        }
    }

    mutating func fail(_ count: Int) {
        for _ in 0..<count {
            begin()
            guard case .connecting = client.state else { return }
            take(client.connectionLost("refused", at: now))
        }
    }

    mutating func open() {
        begin()
        guard case .connecting = client.state else { return }
        take(client.connectionOpened(at: now))
    }

    /// One success, that ends after a minute.
    mutating func succeed() {
        open()
        guard case .authenticating = client.state else { return }
        take(client.received(.welcome(epoch: "\(now)", next: 1, heartbeat: .seconds(600)), at: now))
        now = now + .seconds(60)
        take(client.connectionLost("reset", at: now))
    }
}

let breaking: [ClientProbe] = [
    ClientProbe("does the breaker open after three failures?", failed: [.breakerNeverOpens]) { mutant in
        var breaking = Breaking(mutant)
        breaking.fail(3)
        return breaking.said == ["open"]
    },
    ClientProbe("is there no attempt while it is open?", failed: [.breakerNeverOpens, .breakerAttemptsWhileOpen]) {
        mutant in
        var breaking = Breaking(mutant)
        breaking.fail(3)
        let opened = (breaking.now - at(0)) / .seconds(1)
        breaking.begin()
        return !breaking.attempts.contains { $0 > opened && $0 < opened + 60 }
    },
    ClientProbe(
        "does it let a probe through then?",
        failed: [.breakerNeverOpens, .breakerAttemptsWhileOpen, .breakerStuckOpen]
    ) { mutant in
        var breaking = Breaking(mutant)
        breaking.fail(3)
        breaking.begin()
        return breaking.said == ["open", "half-open"]
    },
    ClientProbe(
        "does a probe that fails open it again?",
        failed: [.breakerNeverOpens, .breakerAttemptsWhileOpen, .breakerStuckOpen, .breakerTwoProbes]
    ) { mutant in
        var breaking = Breaking(mutant)
        breaking.fail(4)
        return breaking.said == ["open", "half-open", "open"]
    },
    ClientProbe(
        "does a probe that succeeds close it?",
        failed: [.breakerNeverOpens, .breakerStuckOpen, .breakerNeverCloses]
    ) { mutant in
        var breaking = Breaking(mutant)
        breaking.fail(3)
        breaking.succeed()
        return breaking.said.last == "closed"
    },
    ClientProbe("is a probe decided by the welcome only?", failed: [.breakerClosesOnConnect]) { mutant in
        var breaking = Breaking(mutant)
        breaking.fail(3)
        breaking.open()
        return breaking.said.last != "closed"
    },
    ClientProbe("are failures counted from the last success?", failed: [.breakerCountsOldFailures]) { mutant in
        var breaking = Breaking(mutant)
        for _ in 0..<3 {
            breaking.fail(2)
            breaking.succeed()
        }
        return breaking.said.isEmpty
    },
]

let keeping: [ClientProbe] = [
    ClientProbe("does it come back to the server that holds its session?", failed: [.leavesItsServer]) { mutant in
        var settings = TestClient.Settings()
        settings.mutant = mutant
        settings.servers = 2
        var client = TestClient(settings, seed: 1)
        client.connect(at: 0)
        _ = client.connectionLost("reset", at: at(1))
        while case .reconnecting = client.state, let due = client.deadline {
            for case .connect(let destination) in client.deadlinePassed(at: due) { return destination.server == 0 }
        }
        return false
    },
    ClientProbe("does it leave when it is told goodbye?", failed: [.ignoresGoodbye]) { mutant in
        var client = connected(mutant)
        _ = client.received(.goodbye(after: nil), at: at(1))
        return client.retryAt != nil
    },
    ClientProbe("are the requests under way answered before?", failed: [.dropsOnDrain]) { mutant in
        var client = connected(mutant)
        _ = client.requested(.critical, id: "r", at: at(1))
        let goodbye = client.received(.goodbye(after: nil), at: at(1))
        guard client.isConnected else { return false }
        let answer = client.received(.response(id: "r", ok: true), at: at(1.5))
        return goodbye.isEmpty && answer.first == .report(.responded(id: "r", .critical, ok: true, reason: ""))
    },
    ClientProbe("and when the application drains it?", failed: [.stopsWithoutFinishing]) { mutant in
        var client = connected(mutant)
        _ = client.requested(.critical, id: "r", at: at(1))
        return client.drained(at: at(1)).isEmpty
    },
    ClientProbe("does it acknowledge?", failed: [.neverAcknowledges]) { mutant in
        var client = connected(mutant)
        _ = client.received(.message(sequence: 1, text: ""), at: at(1))
        _ = client.received(.message(sequence: 2, text: ""), at: at(1.1))
        return client.deadlinePassed(at: at(2)).contains(.send(.ack(sequence: 2)))
    },
    ClientProbe(
        "does it remember what it has not acknowledged?",
        failed: [.remembersAtAcknowledgement, .noResume, .resumeRepeatsOne, .resumeSkipsOne]
    ) { hello(after: 0.5, $0)?.last == 1 },
    ClientProbe("and what it has?", failed: [.noResume, .resumeRepeatsOne, .resumeSkipsOne, .neverAcknowledges]) {
        // One that never acknowledges remembers as well as the good one; that it does not speak is another question.
        hello(after: 3, $0)?.last == ($0 == .neverAcknowledges ? -1 : 1)
    },
    ClientProbe(
        "does it show the token that it was given last?", failed: [.noResume, .resumeTokenOfPreviousConnection]
    ) { mutant in
        var client = connected(mutant)
        for token in ["t1", "t2"] {
            _ = client.connectionLost("reset", at: at(1))
            while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(99)) }
            let last = client.position?.last ?? 0
            _ = client.connectionOpened(at: at(99))
            _ = client.received(
                .welcome(epoch: token, next: last + 1, heartbeat: .seconds(10), token: token), at: at(99))
        }
        _ = client.connectionLost("reset", at: at(100))
        while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(199)) }
        for case .send(.hello(_, let resume, _)) in client.connectionOpened(at: at(199)) {
            return resume?.token == "t2"
        }
        return false
    },
    ClientProbe(
        "does it drop what a full re-sync brings again?",
        failed: [.resyncRepeats, .noResume, .reordersOnResume, .deliversLate]
    ) { resynced($0).delivered == [4, 5] },
    ClientProbe("and say that it was no resume?", failed: [.claimsResumed, .noResume, .saysConnectedTooEarly]) {
        resynced($0).resumed == false
    },
]

/// What a client says to resume that lost its connection `seconds` after its first message.
private func hello(after seconds: Double, _ mutant: ClientMutant?) -> Position? {
    var client = connected(mutant)
    _ = client.received(.message(sequence: 1, text: ""), at: at(1))
    if seconds > 1 { _ = client.deadlinePassed(at: at(2)) }
    guard client.isConnected else { return nil }
    _ = client.connectionLost("reset", at: at(1 + seconds))
    while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(99)) }
    for case .send(.hello(_, let resume, _)) in client.connectionOpened(at: at(99)) { return resume }
    return nil
}

/// What is delivered, and said, of a client that has had 3 and is sent 2 to 5 as a full re-sync.
private func resynced(_ mutant: ClientMutant?) -> (delivered: [Int64], resumed: Bool?) {
    var client = connected(mutant, next: 3)
    _ = client.received(.message(sequence: 3, text: ""), at: at(1))
    _ = client.connectionLost("reset", at: at(1))
    while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(99)) }
    var actions = client.connectionOpened(at: at(99))
    actions += client.received(.welcome(epoch: "a", next: 2, heartbeat: .seconds(10), isFresh: true), at: at(99))
    for number in 2...5 as ClosedRange<Int64> {
        actions += client.received(.message(sequence: number, text: ""), at: at(99))
    }
    var result: (delivered: [Int64], resumed: Bool?) = ([], nil)
    for action in actions {
        if case .deliver(let sequence, _) = action { result.delivered.append(sequence) }
        if case .report(.connected(let resumed)) = action { result.resumed = resumed }
    }
    return result
}

private func asking(
    _ mutant: ClientMutant?, inFlight: Int = 8, queue: Int = 100, deadline: Duration = .seconds(30)
) -> TestClient {
    var settings = TestClient.Settings()
    settings.mutant = mutant
    settings.inFlightLimit = inFlight
    settings.queueLimit = queue
    settings.requestDeadline = deadline
    return TestClient(settings, seed: 1)
}

extension [TestClient.Action] {
    fileprivate var sent: [String] {
        compactMap {
            if case .send(.request(let id, _)) = $0 { return id }
            if case .send(.publish(let stream, let sequence, _)) = $0 { return "\(stream) \(sequence)" }
            return nil
        }
    }
    fileprivate var failed: [String] {
        compactMap { if case .report(.responded(let id, _, ok: false, _)) = $0 { id } else { nil } }
    }
}

let sending: [ClientProbe] = [
    ClientProbe("does it send only when it is connected?", failed: [.sendsBeforeConnected]) { mutant in
        var client = asking(mutant)
        _ = client.started(at: at(0))
        let early = client.requested(.critical, id: "r", at: at(0)) + client.connectionOpened(at: at(1))
        let welcome = client.received(.welcome(epoch: "a", next: 1, heartbeat: .seconds(10)), at: at(2))
        return early.sent.isEmpty && welcome.sent == ["r"]
    },
    ClientProbe("is a message sent again that nobody took?", failed: [.forgetsUnacknowledged]) { mutant in
        var client = connected(mutant)
        let first = client.published(stream: "s", sequence: 1, .critical, at: at(1))
        _ = client.connectionLost("reset", at: at(2))
        client.connect(at: 200, epoch: "b")
        _ = client.requested(.bulk, id: "r", at: at(200))
        guard first.sent == ["s 1"] else { return false }
        return client.received(.taken(stream: "s", sequence: 1), at: at(201)).count
            == (mutant == .saysAckedWhenWritten ? 0 : 1)
    },
    ClientProbe("is it acked when the server says so, and not before?", failed: [.saysAckedWhenWritten]) { mutant in
        var client = connected(mutant)
        let acked = TestClient.Action.report(.acked(stream: "s", sequence: 1))
        let first = client.published(stream: "s", sequence: 1, .critical, at: at(1))
        return !first.contains(acked) && client.received(.taken(stream: "s", sequence: 1), at: at(2)) == [acked]
    },
    ClientProbe("does a request end at its deadline?", failed: [.noRequestDeadline]) { mutant in
        var client = asking(mutant)
        _ = client.started(at: at(0))
        _ = client.requested(.critical, id: "r", at: at(1))
        return client.deadlinePassed(at: at(31)).failed == ["r"]
    },
    ClientProbe("is there an end to retries?", failed: [.noRetryBudget, .hammersOnOverload]) { mutant in
        var client = asking(mutant, deadline: .seconds(86400))
        client.connect(at: 0)
        _ = client.requested(.critical, id: "r", at: at(1))
        var now = at(1)
        for _ in 0..<30 {
            let answer = client.received(.response(id: "r", ok: false, reason: "overloaded"), at: now)
            if answer.failed == ["r"] { return true }
            var sent = answer.sent
            while sent.isEmpty, client.isConnected {
                now = now + .milliseconds(500)
                sent = (client.received(.heartbeat, at: now) + client.deadlinePassed(at: now)).sent
            }
        }
        return false
    },
    ClientProbe("is an overloaded server left alone for a while?", failed: [.hammersOnOverload]) { mutant in
        var client = connected(mutant)
        _ = client.requested(.critical, id: "r", at: at(1))
        return client.received(.response(id: "r", ok: false, reason: "overloaded"), at: at(1)).sent.isEmpty
    },
    ClientProbe("does its connection outlive an answer?", failed: [.connectionPerRequest]) { mutant in
        var client = connected(mutant)
        _ = client.requested(.critical, id: "r", at: at(1))
        _ = client.received(.response(id: "r", ok: true), at: at(2))
        return client.isConnected
    },
    ClientProbe("does critical go before bulk?", failed: [.bulkBeforeCritical, .connectionPerRequest]) { mutant in
        var client = asking(mutant, inFlight: 1)
        client.connect(at: 0)
        for (id, priority) in [("a", Priority.critical), ("b", .bulk), ("c", .critical)] {
            _ = client.requested(priority, id: id, at: at(1))
        }
        return client.received(.response(id: "a", ok: true), at: at(2)).sent == ["c"]
    },
    ClientProbe("does bulk wait for a connection too?", failed: [.dropsBulkSilently]) { mutant in
        var client = asking(mutant)
        _ = client.started(at: at(0))
        return client.requested(.bulk, id: "b", at: at(1)).contains(.report(.queue(.bulk, depth: 1)))
    },
    ClientProbe("is the queue bounded?", failed: [.unboundedQueue]) { mutant in
        var client = asking(mutant, queue: 3)
        _ = client.started(at: at(0))
        return (1...5).flatMap { client.requested(.critical, id: "\($0)", at: at(1)) }.failed == ["4", "5"]
    },
]
