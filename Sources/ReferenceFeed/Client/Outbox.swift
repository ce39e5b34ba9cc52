/// What the application handed over and the server has not settled yet: requests until they are answered, and messages
/// until the server has taken them. Bounded in each class; critical goes before bulk.
struct Outbox {
    struct Item: Equatable {
        enum Content: Equatable {
            case request(id: String)
            case publication(stream: String, sequence: Int64)
        }

        let content: Content
        let priority: Priority
        /// When the application no longer wants an answer; publications are never given up.
        let deadline: Moment?
        /// How often it was sent.
        var tries = 0
        /// It is not sent again before.
        var notBefore: Moment?

        var message: ClientMessage {
            switch content {
            case .request(let id): .request(id: id, priority)
            case .publication(let stream, let sequence): .publish(stream: stream, sequence: sequence, priority)
            }
        }

        var requestID: String? { if case .request(let id) = content { id } else { nil } }
    }

    struct Settings: Equatable, Sendable {
        /// Items of a class that may wait.
        var limit = 100
        /// Items that may be under way unsettled.
        var window = 8
    }

    private let settings: Settings
    private let mutant: ClientMutant?
    private var waiting: [Priority: [Item]] = [:]
    /// In the order of sending.
    private(set) var inFlight: [Item] = []
    private var budget = RetryBudget()

    init(_ settings: Settings, mutant: ClientMutant?) {
        self.settings = settings
        self.mutant = mutant
    }

    var isEmpty: Bool { inFlight.isEmpty && waiting.values.allSatisfy(\.isEmpty) }
    func depth(_ priority: Priority) -> Int { waiting[priority, default: []].count }

    /// False when its class has no room left.
    mutating func add(_ item: Item) -> Bool {
        if depth(item.priority) >= settings.limit, mutant != .unboundedQueue { return false }
        waiting[item.priority, default: []].append(item)
        budget.asked()
        return true
    }

    /// The next item to send, which is under way from now on; nil when nothing may be sent now.
    mutating func next(at now: Moment) -> Item? {
        if inFlight.count >= settings.window { return nil }
        let order: [Priority] = mutant == .bulkBeforeCritical ? [.bulk, .critical] : [.critical, .bulk]
        for priority in order {
            let items = waiting[priority, default: []]
            guard let index = items.firstIndex(where: { $0.notBefore ?? now <= now }) else { continue }
            var item = items[index]
            waiting[priority]?.remove(at: index)
            item.tries += 1
            item.notBefore = nil
            inFlight.append(item)
            return item
        }
        return nil
    }

    /// The server has settled this one; nil when it is not under way.
    mutating func settled(_ content: Item.Content) -> Item? {
        inFlight.firstIndex { $0.content == content }.map { inFlight.remove(at: $0) }
    }

    /// It is to be sent again, ahead of all that came later; false when so many retries are not to be afforded.
    mutating func retry(_ item: Item, notBefore: Moment? = nil) -> Bool {
        let isFree = mutant == .noRetryBudget || mutant == .hammersOnOverload || item.requestID == nil
        if !isFree, !budget.spend() { return false }
        var item = item
        item.notBefore = notBefore
        waiting[item.priority, default: []].insert(item, at: 0)
        return true
    }

    /// What was under way on a connection that is gone waits again; gives those that are not to be sent again.
    mutating func connectionLost() -> [Item] {
        let lost = inFlight
        inFlight = []
        if mutant == .forgetsUnacknowledged { return lost.filter { $0.requestID != nil && !retry($0) } }
        return lost.reversed().filter { !retry($0) }.reversed()
    }

    /// Takes out all requests that satisfy this, under way or not.
    mutating func removeRequests(where isGone: (Item) -> Bool) -> [Item] {
        func goes(_ item: Item) -> Bool { item.requestID != nil && isGone(item) }
        let gone = inFlight.filter(goes) + Priority.allCases.flatMap { waiting[$0, default: []].filter(goes) }
        inFlight.removeAll(where: goes)
        for priority in Priority.allCases { waiting[priority]?.removeAll(where: goes) }
        return gone
    }

    /// Requests whose time is over.
    mutating func expired(at now: Moment) -> [Item] {
        if mutant == .noRequestDeadline { return [] }
        return removeRequests { $0.deadline.map { $0 <= now } ?? false }
    }

    /// Forgets what waits in a class (`dropsBulkSilently`).
    mutating func forget(_ priority: Priority) { waiting[priority] = [] }

    /// When a request's time is over, or one may be sent again.
    func deadline(isConnected: Bool) -> Moment? {
        let neverEnds = mutant == .noRequestDeadline
        let maySend = isConnected && inFlight.count < settings.window
        var first: Moment?
        func take(_ moment: Moment?) {
            if let moment, moment < first ?? moment + .nanoseconds(1) { first = moment }
        }
        if !neverEnds { for item in inFlight { take(item.deadline) } }
        for items in waiting.values {
            for item in items {
                if !neverEnds { take(item.deadline) }
                if maySend { take(item.notBefore) }
            }
        }
        return first
    }
}

/// How many requests may be sent again: a tenth of those that the application made, and a few to begin with. However
/// long a server is sick, it never sees much more than the load of a good day. (As gRPC's retry throttling.)
struct RetryBudget {
    private static let most = 10.0
    private var tokens = most

    mutating func asked() { tokens = min(RetryBudget.most, tokens + 0.1) }

    mutating func spend() -> Bool {
        if tokens < 1 { return false }
        tokens -= 1
        return true
    }
}
