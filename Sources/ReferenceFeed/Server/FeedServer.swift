/// The server of a feed: publishes a numbered message every `interval` to everyone subscribed, answers requests and
/// takes messages. Facts in, actions out, like `FeedClient`. Connections are known by numbers that their owner gives
/// them, rising by one.
///
/// With `secret` it is one of several nodes of a feed: they have one clock and publish the same messages at the same
/// moments, and each honours the resume tokens of the others.
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
        /// What the nodes of a feed share; empty for one that is alone.
        package var secret = ""
        package var node = ""
        /// For how long after its connection ended a session can be resumed.
        package var resumeFor: Duration = .seconds(86400)
        /// Requests that it answers in a second; nil for all that come.
        package var requestsPerSecond: Int?
        /// Requests of a class that may stand in line.
        package var requestLimit = 100
        /// How long a client may stay after a goodbye.
        package var goodbyeTimeout: Duration = .seconds(5)
        /// The mistake that it makes; nil for the good server.
        package var mutant: ServerMutant?
        package init() {}

        /// How many connections may wait to be accepted.
        package var backlog: Int { mutant == .serverSmallBacklog ? 4 : 4096 }
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
        /// A client has had all messages up to this one.
        case acked(sequence: Int64)
        case requested(id: String, Priority)
        case responded(id: String, Priority, ok: Bool, reason: String)
        /// A client's message, once.
        case took(stream: String, sequence: Int64, Priority)
    }

    enum Connection: Equatable {
        /// To `subscribed`, or closed.
        case awaitingHello(deadline: Moment)
        /// To `leaving`, or closed.
        case subscribed(Subscriber)
        /// It was told goodbye; what it asked before is still answered. To closed.
        case leaving(Subscriber, until: Moment)

        var subscriber: Subscriber? {
            switch self {
            case .awaitingHello: nil
            case .subscribed(let subscriber), .leaving(let subscriber, _): subscriber
            }
        }
    }

    struct Subscriber: Equatable {
        var client: String
        var session: String
        /// Of the resume token that its welcome carried.
        var generation: Int
        var lastHeard: Moment
    }

    package let settings: Settings
    var log: FeedLog
    var connections: [ConnectionID: Connection] = [:]
    var tokens: ResumeTokens
    var desk: RequestDesk
    var taken: TakenMessages
    private var nextPublication: Moment?
    private var nextRound: Moment?
    /// When the first of those that were told goodbye must have left.
    private var nextLeaving: Moment?
    /// The faults that it was told to make.
    private var faults = ServerFaults()

    package init(settings: Settings, log: FeedLog) {
        precondition(settings.missedHeartbeats >= 1, "a server that does not wait for any heartbeat")
        self.settings = settings
        self.log = log
        // One that is alone seals with what nobody else can know: the name of this life of its numbering.
        tokens = ResumeTokens(
            secret: settings.secret.isEmpty ? log.epoch : settings.secret, node: settings.node,
            hasPeers: !settings.secret.isEmpty, validFor: settings.resumeFor, mutant: settings.mutant)
        desk = RequestDesk(
            perSecond: settings.requestsPerSecond, limit: settings.requestLimit, mutant: settings.mutant)
        taken = TakenMessages(mutant: settings.mutant)
    }

    /// When `deadlinePassed` must be called; nil before `started`.
    package var deadline: Moment? { Moment.earliest([nextPublication, nextRound, nextLeaving, desk.nextService]) }

    func errs(_ mutant: ServerMutant) -> Bool { settings.mutant == mutant }
}

// The facts.
extension FeedServer {
    package mutating func started(at now: Moment) -> [Action] {
        nextPublication = now + settings.interval
        nextRound = now + settings.heartbeat
        if !settings.secret.isEmpty {
            // What all nodes agree on without a word: message n is published at n times the interval.
            let number = now.nanoseconds / settings.interval.nanoseconds
            log = FeedLog(epoch: log.epoch, capacity: log.capacity, after: number)
            nextPublication = Moment(nanoseconds: (number + 1) * settings.interval.nanoseconds)
        }
        return []
    }

    package mutating func connectionOpened(_ id: ConnectionID, at now: Moment) -> [Action] {
        precondition(connections[id] == nil, "connection \(id) opened twice")
        connections[id] = .awaitingHello(deadline: now + settings.helloTimeout)
        return []
    }

    package mutating func connectionLost(_ id: ConnectionID, _ reason: String, at now: Moment) -> [Action] {
        precondition(connections[id] != nil, "connection \(id) lost twice")
        forget(id, at: now)
        return [.report(.ended(id, because: reason))]
    }

    package mutating func received(_ message: ClientMessage, from id: ConnectionID, at now: Moment) -> [Action] {
        switch connections[id] {
        case nil: preconditionFailure("connection \(id) is not open")
        case .awaitingHello:
            guard case .hello(let token, let resume, let client) = message else {
                return refuse(id, "hello must come first", retry: false, at: now)
            }
            return hello(token, resume, client, from: id, at: now)
        case .subscribed(let subscriber), .leaving(let subscriber, _):
            return received(message, from: id, subscriber, at: now)
        }
    }

    /// It is to make a fault, or no longer.
    package mutating func faultOrdered(_ order: ServerFaultOrder, at now: Moment) -> [Action] {
        faults.take(order)
        guard case .drain(let pause) = order else { return [] }
        nextLeaving = nextLeaving ?? now + settings.goodbyeTimeout
        return subscribers.flatMap { id, subscriber -> [Action] in
            let hit = Action.report(.hit(.drain, total: faults.count(.drain)))
            if errs(.serverNoGoodbye) { return drop(id, "drained", at: now) + [hit] }
            connections[id] = .leaving(subscriber, until: now + settings.goodbyeTimeout)
            let goodbye: [Action] = [.send(.goodbye(after: hint(pause)), to: id), hit]
            return errs(.serverDropsRequestsOnDrain) ? goodbye + drop(id, "goodbye", at: now) : goodbye
        }
    }

    /// `deadline` has come. Fine to call early: nothing is due then.
    package mutating func deadlinePassed(at now: Moment) -> [Action] {
        var actions = desk.serve(at: now).flatMap { answer($0) }
        while let due = nextPublication, due <= now {
            actions += publish()
            // The nodes of a feed must not lose count of each other.
            nextPublication =
                settings.secret.isEmpty
                ? FeedServer.next(after: due, every: settings.interval, now: now) : due + settings.interval
        }
        if let due = nextLeaving, due <= now { actions += endGoodbyes(at: now) }
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
    private var subscribers: [(ConnectionID, Subscriber)] {
        connections.compactMap { id, connection -> (ConnectionID, Subscriber)? in
            if case .subscribed(let subscriber) = connection { (id, subscriber) } else { nil }
        }.sorted { $0.0 < $1.0 }
    }

    private mutating func hello(
        _ token: String, _ resume: Position?, _ client: String, from id: ConnectionID, at now: Moment
    ) -> [Action] {
        if !settings.token.isEmpty, token != settings.token, !errs(.serverChecksNobody) {
            return refuse(id, "unknown token", retry: false, at: now)
        }
        if let (fault, refusal) = faults.refusal(sessions: errs(.serverNoCapacityLimit) ? 0 : subscribers.count) {
            forget(id, at: now)
            return [
                .send(mistaken(refusal), to: id), .close(id), .report(.ended(id, because: fault.rawValue)),
                .report(.hit(fault, total: faults.count(fault))),
            ]
        }
        let isHonoured = resume.map { tokens.honours($0.token, at: now) } ?? true
        let ticket = tokens.issue(goingOnWith: isHonoured ? resume?.token : nil)
        connections[id] = .subscribed(
            Subscriber(client: client, session: ticket.session, generation: ticket.generation, lastHeard: now))
        let missed = isHonoured ? replay(after: resume) : Array(log.entries(after: Position(epoch: "", last: 0)))
        let welcome = ServerMessage.welcome(
            epoch: log.epoch, next: missed.first?.sequence ?? log.latest + 1, heartbeat: settings.heartbeat,
            token: ticket.token, isFresh: !isHonoured)
        return [.send(welcome, to: id), .report(.subscribed(id, replayed: missed.count))]
            + missed.map { .send(.message(sequence: $0.sequence, text: $0.text), to: id) }
    }

    private mutating func received(
        _ message: ClientMessage, from id: ConnectionID, _ subscriber: Subscriber, at now: Moment
    ) -> [Action] {
        tokens.confirmed(subscriber.session, subscriber.generation)
        switch message {
        case .hello: return refuse(id, "hello came twice", retry: false, at: now)
        case .heartbeat:
            var subscriber = subscriber
            subscriber.lastHeard = now
            if case .leaving(_, let until) = connections[id] {
                connections[id] = .leaving(subscriber, until: until)
            } else {
                connections[id] = .subscribed(subscriber)
            }
            return []
        case .ack(let sequence): return [.report(.acked(sequence: sequence))]
        case .request(let request, let priority): return asked(request, priority, from: id, at: now)
        case .publish(let stream, let sequence, let priority):
            let answer = Action.send(.taken(stream: stream, sequence: sequence), to: id)
            guard taken.take(stream, sequence, of: subscriber.client) else { return [answer] }
            return [.report(.took(stream: stream, sequence: sequence, priority)), answer]
        case .goodbye: return drop(id, "goodbye", at: now)
        }
    }

    private mutating func asked(
        _ request: String, _ priority: Priority, from id: ConnectionID, at now: Moment
    ) -> [Action] {
        let item = RequestDesk.Request(from: id, id: request, priority: priority)
        let asked = Action.report(.requested(id: request, priority))
        switch desk.take(item, at: now) {
        case .waits: return [asked]
        case .answer: return [asked] + answer(item)
        case .overloaded:
            return [
                asked, .send(.response(id: request, ok: false, reason: "overloaded"), to: id),
                .report(.responded(id: request, priority, ok: false, reason: "overloaded")),
            ]
        }
    }

    private mutating func answer(_ request: RequestDesk.Request) -> [Action] {
        if desk.losesAnswer() { return [] }
        return [
            .send(.response(id: request.id, ok: true), to: request.from),
            .report(.responded(id: request.id, request.priority, ok: true, reason: "")),
        ]
    }

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

    private mutating func refuse(_ id: ConnectionID, _ reason: String, retry: Bool, at now: Moment) -> [Action] {
        [.send(.refused(reason: reason, retry: retry), to: id)] + drop(id, reason, at: now)
    }

    private mutating func publish() -> [Action] {
        let entry = log.append()
        let message = ServerMessage.message(sequence: entry.sequence, text: entry.text)
        return [.report(.published(sequence: entry.sequence))] + subscribers.map { .send(message, to: $0.0) }
    }

    /// Drops who was told goodbye and has not left in time.
    private mutating func endGoodbyes(at now: Moment) -> [Action] {
        let staying = connections.compactMap { id, connection -> (id: ConnectionID, until: Moment)? in
            if case .leaving(_, let until) = connection { (id, until) } else { nil }
        }.sorted { $0.id < $1.id }
        nextLeaving = Moment.earliest(staying.map(\.until).filter { $0 > now })
        return staying.filter { $0.until <= now }.flatMap { drop($0.id, "did not leave", at: now) }
    }

    /// Drops who has gone silent and sends a heartbeat to the others.
    private mutating func makeRound(at now: Moment) -> [Action] {
        tokens.forgetExpired(at: now)
        let patience = settings.heartbeat * settings.missedHeartbeats
        return connections.sorted { $0.key < $1.key }.flatMap { id, connection -> [Action] in
            switch connection {
            case .awaitingHello(let deadline):
                if deadline > now || errs(.serverWaitsForHelloForEver) { return [] }
                return drop(id, "no hello in time", at: now)
            case .subscribed(let subscriber):
                if now - subscriber.lastHeard >= patience, !errs(.serverNoDetection) {
                    return drop(id, "silence", at: now)
                }
                return errs(.serverNoHeartbeat) ? [] : [.send(.heartbeat, to: id)]
            case .leaving: return [.send(.heartbeat, to: id)]
            }
        }
    }

    private mutating func drop(_ id: ConnectionID, _ reason: String, at now: Moment) -> [Action] {
        forget(id, at: now)
        return [.close(id), .report(.ended(id, because: reason))]
    }

    /// The connection is no more.
    private mutating func forget(_ id: ConnectionID, at now: Moment) {
        let connection = connections.removeValue(forKey: id)
        desk.connectionEnded(id)
        if let session = connection?.subscriber?.session { tokens.ended(session, at: now) }
    }
}
