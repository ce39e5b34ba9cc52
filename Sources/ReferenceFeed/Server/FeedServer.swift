/// The server of a feed: publishes a numbered message every `interval` to everyone subscribed. Facts in, actions out,
/// like `FeedClient`. Connections are known by numbers that their owner gives them, rising by one.
package struct FeedServer {
    package typealias ConnectionID = Int

    package struct Settings: Equatable, Sendable {
        /// Between two messages.
        package var interval: Duration = .seconds(5)
        /// Each side speaks at least once in this time.
        package var heartbeat: Duration = .seconds(10)
        /// Heartbeats in a row that may be missing before a client counts as gone; 1 or more. It is looked for once in
        /// a heartbeat, so it may take one more.
        package var missedHeartbeats = 2
        /// How long a connection may take to say hello.
        package var helloTimeout: Duration = .seconds(10)
        /// What `hello` must carry; everybody is welcome when empty.
        package var token = ""
        /// The mistake that it makes; nil for the good server.
        package var mutant: ServerMutant?
        package init() {}
    }

    package enum Action: Equatable, Sendable {
        case send(ServerMessage, to: ConnectionID)
        /// Close; what was sent before may still reach the other side. No fact about it may follow.
        case close(ConnectionID)
        case report(Report)
    }

    package enum Report: Equatable, Sendable {
        case published(sequence: Int64)
        /// `replayed`: messages kept for it that it now gets.
        case subscribed(ConnectionID, replayed: Int)
        case ended(ConnectionID, because: String)
        /// A fault that it was told to make has hit so often since it was switched on.
        case hit(ServerFault, total: Int64)
    }

    private enum Connection: Equatable {
        /// To `subscribed`, or closed.
        case awaitingHello(deadline: Moment)
        /// To closed.
        case subscribed(lastHeard: Moment)
    }

    package let settings: Settings
    private var log: FeedLog
    private var connections: [ConnectionID: Connection] = [:]
    private var nextPublication: Moment?
    private var nextRound: Moment?
    /// The faults that it was told to make.
    private var faults = ServerFaults()

    package init(settings: Settings, log: FeedLog) {
        precondition(settings.missedHeartbeats >= 1, "a server that does not wait for any heartbeat")
        self.settings = settings
        self.log = log
    }

    /// When `deadlinePassed` must be called; nil before `started`.
    package var deadline: Moment? {
        guard let nextPublication, let nextRound else { return nil }
        return min(nextPublication, nextRound)
    }
}

// The facts.
extension FeedServer {
    package mutating func started(at now: Moment) -> [Action] {
        nextPublication = now + settings.interval
        nextRound = now + settings.heartbeat
        return []
    }

    package mutating func connectionOpened(_ id: ConnectionID, at now: Moment) -> [Action] {
        precondition(connections[id] == nil, "connection \(id) opened twice")
        connections[id] = .awaitingHello(deadline: now + settings.helloTimeout)
        return []
    }

    package mutating func connectionLost(_ id: ConnectionID, _ reason: String) -> [Action] {
        guard connections.removeValue(forKey: id) != nil else { preconditionFailure("connection \(id) lost twice") }
        return [.report(.ended(id, because: reason))]
    }

    package mutating func received(_ message: ClientMessage, from id: ConnectionID, at now: Moment) -> [Action] {
        guard let connection = connections[id] else { preconditionFailure("connection \(id) is not open") }
        switch (connection, message) {
        case (.awaitingHello, .hello(let token, let resume)): return hello(token, resume, from: id, at: now)
        case (.awaitingHello, .heartbeat): return refuse(id, "hello must come first", retry: false)
        case (.subscribed, .hello): return refuse(id, "hello came twice", retry: false)
        case (.subscribed, .heartbeat):
            connections[id] = .subscribed(lastHeard: now)
            return []
        }
    }

    /// It is to make a fault, or no longer.
    package mutating func faultOrdered(_ order: ServerFaultOrder) -> [Action] {
        faults.take(order)
        guard case .drain(let pause) = order else { return [] }
        return subscribers.flatMap { id -> [Action] in
            connections[id] = nil
            let word: [Action] = errs(.serverNoGoodbye) ? [] : [.send(.goodbye(after: hint(pause)), to: id)]
            return word + [
                .close(id), .report(.ended(id, because: "goodbye")),
                .report(.hit(.drain, total: faults.count(.drain))),
            ]
        }
    }

    /// `deadline` has come. Fine to call early: nothing is due then.
    package mutating func deadlinePassed(at now: Moment) -> [Action] {
        var actions: [Action] = []
        if let due = nextPublication, due <= now {
            actions += publish()
            nextPublication = FeedServer.next(after: due, every: settings.interval, now: now)
        }
        if let due = nextRound, due <= now {
            actions += makeRound(at: now)
            nextRound = FeedServer.next(after: due, every: settings.heartbeat, now: now)
        }
        return actions
    }
}

// The transitions.
extension FeedServer {
    /// The first of the times due that lies ahead: what fell due while the process stood still is not made up for, and
    /// a late call shifts nothing.
    private static func next(after due: Moment, every interval: Duration, now: Moment) -> Moment {
        let passed = (now - due).nanoseconds / interval.nanoseconds
        return due + interval * (passed + 1)
    }

    /// In the order they came: an order that does not repeat would make runs differ.
    private var subscribers: [ConnectionID] {
        connections.keys.filter { if case .subscribed = connections[$0] { true } else { false } }.sorted()
    }

    private mutating func hello(
        _ token: String, _ resume: Position?, from id: ConnectionID, at now: Moment
    ) -> [Action] {
        if !settings.token.isEmpty, token != settings.token { return refuse(id, "unknown token", retry: false) }
        if let (fault, refusal) = faults.refusal(sessions: errs(.serverNoCapacityLimit) ? 0 : subscribers.count) {
            connections[id] = nil
            return [
                .send(mistaken(refusal), to: id), .close(id), .report(.ended(id, because: fault.rawValue)),
                .report(.hit(fault, total: faults.count(fault))),
            ]
        }
        connections[id] = .subscribed(lastHeard: now)
        let missed = replay(after: resume)
        let welcome = ServerMessage.welcome(
            epoch: log.epoch, next: missed.first?.sequence ?? log.latest + 1, heartbeat: settings.heartbeat)
        return [.send(welcome, to: id), .report(.subscribed(id, replayed: missed.count))]
            + missed.map { .send(.message(sequence: $0.sequence, text: $0.text), to: id) }
    }

    private mutating func refuse(_ id: ConnectionID, _ reason: String, retry: Bool) -> [Action] {
        connections[id] = nil
        return [
            .send(.refused(reason: reason, retry: retry), to: id), .close(id), .report(.ended(id, because: reason)),
        ]
    }

    func errs(_ mutant: ServerMutant) -> Bool { settings.mutant == mutant }

    /// When somebody who is sent away is told to come again.
    private func hint(_ pause: Duration?) -> Duration? { errs(.serverNoHint) ? nil : pause }

    private func mistaken(_ refusal: ServerMessage) -> ServerMessage {
        guard case .refused(let reason, let retry, let pause) = refusal else { return refusal }
        return .refused(reason: reason, retry: retry && !errs(.serverRefusesForGood), after: hint(pause))
    }

    /// What a subscriber gets that comes back.
    private func replay(after position: Position?) -> [FeedLog.Entry] {
        let missed = Array(log.entries(after: position))
        if errs(.serverReplaysNothing) { return [] }
        if errs(.serverReplaySkipsOne) { return Array(missed.dropFirst()) }
        if errs(.serverLiveBeforeReplay) { return missed.reversed() }
        if errs(.serverReplayRepeatsOne), let position, position.last > 0 {
            return Array(log.entries(after: Position(epoch: position.epoch, last: position.last - 1)))
        }
        return missed
    }

    private mutating func publish() -> [Action] {
        let entry = log.append("message \(log.latest + 1)")
        let message = ServerMessage.message(sequence: entry.sequence, text: entry.text)
        return [.report(.published(sequence: entry.sequence))] + subscribers.map { .send(message, to: $0) }
    }

    /// Drops who has gone silent and sends a heartbeat to the others.
    private mutating func makeRound(at now: Moment) -> [Action] {
        let patience = settings.heartbeat * settings.missedHeartbeats
        return connections.sorted { $0.key < $1.key }.flatMap { id, connection -> [Action] in
            switch connection {
            case .awaitingHello(let deadline):
                if deadline > now || errs(.serverWaitsForHelloForEver) { return [] }
                return drop(id, "no hello in time")
            case .subscribed(let lastHeard):
                if now - lastHeard >= patience, !errs(.serverNoDetection) { return drop(id, "silence") }
                return errs(.serverNoHeartbeat) ? [] : [.send(.heartbeat, to: id)]
            }
        }
    }

    private mutating func drop(_ id: ConnectionID, _ reason: String) -> [Action] {
        connections[id] = nil
        return [.close(id), .report(.ended(id, because: reason))]
    }
}
