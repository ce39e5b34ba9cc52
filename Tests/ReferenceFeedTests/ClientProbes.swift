import ReferenceFeed
import Testing

/// A question about one behaviour of a client, which the good one answers with yes, and which mutants answer no.
struct ClientProbe: Sendable, CustomTestStringConvertible {
    var question: String
    var failed: Set<ClientMutant>
    var holds: @Sendable (ClientMutant?) -> Bool

    init(_ question: String, failed: Set<ClientMutant>, _ holds: @escaping @Sendable (ClientMutant?) -> Bool) {
        (self.question, self.failed, self.holds) = (question, failed, holds)
    }

    var testDescription: String { question }
    static let all = waiting + trying + noticing + resuming + leaving + breaking + keeping + sending + trusting
}

func client(_ mutant: ClientMutant?, seed: UInt64 = 1) -> TestClient {
    var settings = TestClient.Settings()
    settings.mutant = mutant
    return TestClient(settings, seed: seed)
}

func connected(_ mutant: ClientMutant?, next: Int64 = 1, seed: UInt64 = 1) -> TestClient {
    var client = client(mutant, seed: seed)
    client.connect(at: 0, next: next)
    return client
}

extension FeedClient where Random == SeededRandom {
    var retryAt: Moment? { if case .reconnecting(let retryAt) = state { retryAt } else { nil } }
    var isConnected: Bool { if case .connected = state { true } else { false } }
}

/// The waits in seconds of a client whose attempts all fail, as many as there are of at most `count`.
private func waits(_ mutant: ClientMutant?, _ count: Int = 8, seed: UInt64) -> [Double] {
    var client = client(mutant, seed: seed)
    _ = client.started(at: at(0))
    var (now, waits) = (at(0), [Double]())
    while waits.count < count {
        _ = client.connectionLost("refused", at: now)
        guard let retryAt = client.retryAt else { break }
        waits.append((retryAt - now) / .seconds(1))
        now = retryAt
        while case .reconnecting = client.state { _ = client.deadlinePassed(at: now) }
    }
    return waits
}

private let ceilings = [1.0, 2, 4, 8, 16, 20, 20, 20]
private let badCeilings: Set<ClientMutant> = [
    .backoffNeverGrows, .linearBackoff, .retriesAtOnce, .slowFirstAttempt, .higherCap, .capIgnored, .decorrelatedJitter,
    .givesUpAfterFiveFailures,
]

private let waiting: [ClientProbe] = [
    ClientProbe("does the longest wait double, up to the cap?", failed: badCeilings) { mutant in
        let all = (0..<300 as Range<UInt64>).map { waits(mutant, seed: $0) }
        return ceilings.indices.allSatisfy { index in
            let longest = all.map { $0.indices.contains(index) ? $0[index] : 0 }.max() ?? 0
            return longest <= ceilings[index] && longest > 0.9 * ceilings[index]
        }
    },
    ClientProbe(
        "is every wait uniform from nothing to its ceiling?",
        failed: badCeilings.subtracting([.higherCap]).union([.noJitter, .equalJitter, .jitterBeforeCap])
    ) { mutant in
        let all = (0..<300 as Range<UInt64>).map { waits(mutant, seed: $0) }
        return ceilings.indices.allSatisfy { index in
            let short = all.filter { $0.indices.contains(index) && $0[index] < ceilings[index] / 2 }.count
            return (115...185).contains(short)
        }
    },
    ClientProbe("is every wait drawn anew?", failed: [.noJitter, .jitterDrawnOnce, .retriesAtOnce]) { mutant in
        let shares = zip(waits(mutant, seed: 3), ceilings).map { $0 / $1 }
        return Set(shares.map { Int($0 * 1000) }).count > 3
    },
    ClientProbe("does a connection that stood end a series of failures?", failed: [.backoffNeverReset]) { mutant in
        failures(mutant, stoodFor: 30) == 1
    },
    ClientProbe("does one that fell at once not end it?", failed: [.backoffResetOnConnect]) { mutant in
        failures(mutant, stoodFor: 29) == 4
    },
]

/// The failures that a client counts which loses a connection after three failed attempts.
private func failures(_ mutant: ClientMutant?, stoodFor seconds: Double) -> Int {
    var client = client(mutant)
    _ = client.started(at: at(0))
    for second in [0.0, 100, 200] {
        _ = client.connectionLost("refused", at: at(second))
        while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(second + 99)) }
    }
    client.connect(at: 300)
    _ = client.connectionLost("closed", at: at(300 + seconds))
    return client.failures
}

private let trying: [ClientProbe] = [
    ClientProbe("is a refusal for good final?", failed: [.retriesAfterFatalRefusal]) { mutant in
        var client = connected(mutant)
        _ = client.received(.refused(reason: "no", retry: false), at: at(1))
        return client.state == .fatal(reason: "no")
    },
    ClientProbe("is one that passes not?", failed: [.givesUpWhenRefused]) { mutant in
        var client = connected(mutant)
        _ = client.received(.refused(reason: "full", retry: true), at: at(1))
        return client.retryAt != nil
    },
    ClientProbe("does it try for ever?", failed: [.givesUpAfterFiveFailures]) { waits($0, 50, seed: 1).count == 50 },
    ClientProbe("does it stay away for as long as it was told?", failed: [.ignoresRetryAfter]) { mutant in
        hints(mutant).allSatisfy { $0 >= .seconds(30) }
    },
    ClientProbe(
        "and comes back at a time of its own?",
        failed: [.wakesAtTheHint, .noJitter, .retriesAtOnce, .slowFirstAttempt, .givesUpWhenRefused]
    ) { mutant in Set(hints(mutant)).count > 90 },
    ClientProbe("does each attempt take the next address?", failed: [.onlyFirstAddress]) { mutant in
        destinations(mutant).map(\.address) == [0, 1, 2, 3]
    },
    ClientProbe("is the name resolved for each attempt?", failed: [.addressCachedForEver]) { mutant in
        destinations(mutant).allSatisfy { $0.resolvesAgain }
    },
    ClientProbe("does each attempt go to the server's own port?", failed: [.hopsPorts]) { mutant in
        destinations(mutant).allSatisfy { $0.portOffset == 0 }
    },
    ClientProbe("does it start at once?", failed: [.startsLate]) { client($0).settings.startsAfter == .zero },
    ClientProbe("does connecting have a deadline?", failed: [.noConnectTimeout]) { mutant in
        var client = client(mutant)
        _ = client.started(at: at(0))
        return client.deadline == at(10)
    },
    ClientProbe("has the login?", failed: [.noLoginTimeout]) { mutant in
        var client = client(mutant)
        _ = client.started(at: at(0))
        _ = client.connectionOpened(at: at(1))
        return client.deadline.map { $0 <= at(11) } ?? false
    },
    ClientProbe("does it say that it logs in?", failed: [.saysConnectedTooEarly]) { mutant in
        var client = client(mutant)
        _ = client.started(at: at(0))
        return client.connectionOpened(at: at(1)).first == .report(.authenticating)
    },
    ClientProbe("does it say that it has lost its connection?", failed: [.saysConnectedWhileDead]) { mutant in
        var client = connected(mutant)
        return client.connectionLost("reset", at: at(1)).reconnecting != nil
    },
]

private func hints(_ mutant: ClientMutant?) -> [Duration] {
    (0..<100 as Range<UInt64>).compactMap { seed in
        var client = connected(mutant, seed: seed)
        _ = client.received(.refused(reason: "full", retry: true, after: .seconds(30)), at: at(100))
        return client.retryAt.map { $0 - at(100) }
    }
}

/// Where four attempts go.
private func destinations(_ mutant: ClientMutant?) -> [TestClient.Destination] {
    var client = client(mutant)
    var actions = client.started(at: at(0))
    for second in stride(from: 100.0, through: 300, by: 100) {
        _ = client.connectionLost("refused", at: at(second))
        while case .reconnecting = client.state { actions += client.deadlinePassed(at: at(second + 99)) }
    }
    return actions.compactMap { if case .connect(let destination) = $0 { destination } else { nil } }
}

private let noticing: [ClientProbe] = [
    ClientProbe("does it speak once in every heartbeat?", failed: [.noHeartbeat, .slowHeartbeat]) { mutant in
        var client = connected(mutant)
        var spoken: [Double] = []
        for second in stride(from: 1.0, through: 60, by: 1) {
            _ = client.received(.heartbeat, at: at(second))
            if client.deadlinePassed(at: at(second)) == [.send(.heartbeat)] { spoken.append(second) }
        }
        return spoken == [10, 20, 30, 40, 50, 60]
    },
    ClientProbe("is a silence of two heartbeats borne?", failed: [.hastyDetection]) { mutant in
        var client = connected(mutant)
        _ = client.deadlinePassed(at: at(10))
        _ = client.deadlinePassed(at: at(19.9))
        return client.isConnected
    },
    ClientProbe("and not a longer one?", failed: [.noDetection, .slowDetection]) { mutant in
        var client = connected(mutant)
        _ = client.deadlinePassed(at: at(20))
        return client.retryAt != nil
    },
    ClientProbe("is a connection whose input ended lost?", failed: [.ownWritesProveLife]) { mutant in
        var client = connected(mutant)
        _ = client.inputEnded(at: at(1))
        return client.retryAt != nil
    },
    ClientProbe("does its own word not count as heard?", failed: [.ownWritesProveLife]) { mutant in
        var client = connected(mutant)
        _ = client.inputEnded(at: at(1))
        for second in [10.0, 20, 30, 40] where client.isConnected { _ = client.deadlinePassed(at: at(second)) }
        return !client.isConnected
    },
    ClientProbe("does the successor of a lost connection last?", failed: [.staleTimer]) { mutant in
        var client = connected(mutant)
        _ = client.connectionLost("reset", at: at(6))
        client.connect(at: 10, epoch: "b")
        for second in stride(from: 11.0, through: 40, by: 1) where client.isConnected {
            _ = client.received(.heartbeat, at: at(second))
            _ = client.deadlinePassed(at: at(second))
        }
        return client.isConnected
    },
]

private let resuming: [ClientProbe] = [
    ClientProbe("does it go on where it was?", failed: [.noResume, .resumeRepeatsOne, .resumeSkipsOne]) { mutant in
        var client = connected(mutant, next: 5)
        _ = client.connectionLost("reset", at: at(1))
        while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(99)) }
        return client.connectionOpened(at: at(99)).contains(
            .send(.hello(token: "", resume: Position(epoch: "a", last: 4))))
    },
    ClientProbe("does it deliver at once?", failed: [.deliversLate]) { mutant in
        var client = connected(mutant)
        return client.received(.message(sequence: 1, text: "a"), at: at(1)).contains(.deliver(sequence: 1, text: "a"))
    },
    ClientProbe("does it deliver in order after a resume?", failed: [.reordersOnResume, .deliversLate]) { mutant in
        var client = connected(mutant, next: 5)
        _ = client.connectionLost("reset", at: at(1))
        while case .reconnecting = client.state { _ = client.deadlinePassed(at: at(99)) }
        let hello = client.connectionOpened(at: at(99))
        var next: Int64 = 5
        for case .send(.hello(_, let resume?, _)) in hello { next = resume.last + 1 }
        _ = client.received(.welcome(epoch: "a", next: next, heartbeat: .seconds(10)), at: at(99))
        let delivered = (next..<next + 4).flatMap { client.received(.message(sequence: $0, text: ""), at: at(99)) }
        return delivered
            == (next..<next + 4).map { TestClient.Action.deliver(sequence: $0, text: "") }
    },
]

private let leaving: [ClientProbe] = [
    ClientProbe(
        "is a silent connection closed?", failed: [.keepsOldConnection, .resetsOnClose, .noDetection, .slowDetection]
    ) {
        mutant in
        var client = connected(mutant)
        return client.deadlinePassed(at: at(20)).contains(.close)
    },
    ClientProbe(
        "is one closed that the server has ended?", failed: [.leavesCloseWait, .resetsOnClose, .ownWritesProveLife]
    ) {
        mutant in
        var client = connected(mutant)
        return client.inputEnded(at: at(1)).contains(.close)
    },
    ClientProbe("does it end with a FIN?", failed: [.resetsOnClose]) { mutant in
        var client = connected(mutant)
        return client.stopped().contains(.close)
    },
    ClientProbe("does a reconnect cost nothing?", failed: [.leaksDescriptor, .leaksThread, .leaksMemory]) { mutant in
        var client = connected(mutant)
        return !client.connectionLost("reset", at: at(1)).contains { if case .leak = $0 { true } else { false } }
    },
    ClientProbe("does it sleep until its wait is over?", failed: [.wakesWhileWaiting]) { mutant in
        var client = connected(mutant)
        _ = client.connectionLost("reset", at: at(1))
        return client.deadline == client.retryAt
    },
]
