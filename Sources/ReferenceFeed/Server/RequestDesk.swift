/// A server's requests: as many a second as it has capacity for, critical ones first, and no more in line than it can
/// answer in a time that anybody would wait for.
struct RequestDesk {
    struct Request: Equatable {
        var from: FeedServer.ConnectionID
        var id: String
        var priority: Priority
    }

    enum Verdict: Equatable {
        /// Answer it now.
        case answer
        /// It stands in line.
        case waits
        /// There is no room: the client should come later.
        case overloaded
    }

    /// Nil: all are answered at once.
    private let perSecond: Int?
    /// Requests of a class that may stand in line.
    private let limit: Int
    private let mutant: ServerMutant?
    private var line: [Request] = []
    private(set) var nextService: Moment?
    private var lastService: Moment?
    private var served = 0

    init(perSecond: Int?, limit: Int, mutant: ServerMutant?) {
        (self.perSecond, self.limit, self.mutant) = (perSecond, limit, mutant)
    }

    private var gap: Duration? { perSecond.map { .nanoseconds(1_000_000_000 / Int64($0)) } }

    mutating func take(_ request: Request, at now: Moment) -> Verdict {
        guard let gap else { return .answer }
        if line.isEmpty, lastService.map({ now - $0 >= gap }) ?? true {
            lastService = now
            return .answer
        }
        let room = line.count { $0.priority == request.priority } < limit
        if !room { return .overloaded }
        line.append(request)
        if nextService == nil { nextService = (lastService ?? now) + gap }
        return .waits
    }

    /// The requests that are to be answered now.
    mutating func serve(at now: Moment) -> [Request] {
        var answered: [Request] = []
        while let due = nextService, due <= now, let gap {
            if line.isEmpty { break }
            answered.append(line.remove(at: nextPlace))
            lastService = due
            nextService = line.isEmpty ? nil : due + gap
        }
        return answered
    }

    private var nextPlace: Int {
        if mutant == .serverNoPriorities { return 0 }
        let first = mutant == .serverBulkFirst ? Priority.bulk : .critical
        return line.firstIndex { $0.priority == first } ?? 0
    }

    /// Nobody is left to hear the answers.
    mutating func connectionEnded(_ id: FeedServer.ConnectionID) {
        line.removeAll { $0.from == id }
        if line.isEmpty { nextService = nil }
    }

    func isWaiting(_ id: FeedServer.ConnectionID) -> Bool { line.contains { $0.from == id } }

    /// Whether this answer gets lost (`serverLosesAnswers`).
    mutating func losesAnswer() -> Bool {
        served += 1
        return mutant == .serverLosesAnswers && served % 10 == 0
    }
}

/// What publishers have handed over. One that did not hear that a message was taken sends it again; it is taken once.
struct TakenMessages {
    private struct Publisher: Hashable {
        var client: String
        var stream: String
    }

    private let mutant: ServerMutant?
    private var latest: [Publisher: Int64] = [:]
    private var seen = 0

    init(mutant: ServerMutant?) { self.mutant = mutant }

    /// True for a message that was not taken before: each publisher numbers its messages upwards.
    mutating func take(_ stream: String, _ sequence: Int64, of client: String) -> Bool {
        let publisher = Publisher(client: client, stream: stream)
        guard sequence > latest[publisher, default: 0] || mutant == .serverTakesTwice else { return false }
        latest[publisher] = max(sequence, latest[publisher, default: 0])
        seen += 1
        return !(mutant == .serverForgetsTaken && seen % 10 == 0)
    }
}
