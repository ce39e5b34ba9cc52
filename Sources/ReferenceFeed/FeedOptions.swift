import Scenarios

/// `feed server` and `feed client` as the command line has them.
struct ServerOptions: Equatable {
    /// The first of `ports` that follow one another.
    var port = 7000
    var ports = 1
    /// What comes within so much time is handled together.
    var coalescing = Duration.zero
    /// Room is made for so many; nil for what the process may have as it is.
    var connections: Int?
    var stream = "ticks"
    var window = 1000
    var transport = TransportOptions()
    var settings = FeedServer.Settings()

    init(parsing arguments: [String]) throws(UsageError) {
        var options = OptionReader(arguments)
        var settings = FeedServer.Settings()
        while let name = try options.next() {
            switch name {
            case "--port": port = try options.integer(in: 1...65535)
            case "--ports": ports = try options.integer(in: 1...64)
            case "--coalesce": coalescing = try options.duration()
            case "--connections": connections = try options.integer(in: 1...200_000)
            case "--stream": stream = try options.text()
            case "--window": window = try options.integer(in: 1...1_000_000)
            case "--interval": settings.interval = try options.duration()
            case "--heartbeat": settings.heartbeat = try options.duration()
            case "--missed": settings.missedHeartbeats = try options.integer(in: 1...1000)
            case "--hello-timeout": settings.helloTimeout = try options.duration()
            case "--resume-for": settings.resumeFor = try options.duration()
            case "--node": settings.node = try options.text()
            case "--secret": settings.secret = try options.text()
            case "--requests-per-second": settings.requestsPerSecond = try options.integer(in: 1...1_000_000)
            case "--request-limit": settings.requestLimit = try options.integer(in: 1...1_000_000)
            case "--token": settings.token = try options.text()
            case "--mutant": settings.mutant = try options.mutant()
            default:
                if try transport.read(name, of: .server, &options) { continue }
                throw UsageError(message: "unknown option \(name)")
            }
        }
        try transport.check(.server)
        self.settings = settings
    }
}

struct ClientOptions: Equatable {
    /// The servers, each by its name or address.
    var hosts: [String] = []
    /// The first of `ports` that follow one another; sessions take them in turn.
    var port = 7000
    var ports = 1
    /// What comes within so much time is handled together.
    var coalescing = Duration.zero
    var sessions = 1
    /// From the first session's beginning to the last one's.
    var ramp = Duration.zero
    var stream = "ticks"
    var transport = TransportOptions()
    var settings = ReferenceClient.Settings()

    init(parsing arguments: [String]) throws(UsageError) {
        var options = OptionReader(arguments)
        var settings = ReferenceClient.Settings()
        var (initial, factor, cap) = (settings.backoff.initial, settings.backoff.factor, settings.backoff.cap)
        while let name = try options.next() {
            switch name {
            case "--to": hosts = try options.text().split(separator: ",").map(String.init)
            case "--port": port = try options.integer(in: 1...65535)
            case "--ports": ports = try options.integer(in: 1...64)
            case "--coalesce": coalescing = try options.duration()
            case "--sessions": sessions = try options.integer(in: 1...100_000)
            case "--ramp": ramp = try options.duration()
            case "--stream": stream = try options.text()
            case "--connect-timeout": settings.connectTimeout = try options.duration()
            case "--missed": settings.missedHeartbeats = try options.integer(in: 1...1000)
            case "--stable-after": settings.stableAfter = try options.duration()
            case "--token": settings.token = try options.text()
            case "--backoff-initial": initial = try options.duration()
            case "--backoff-factor": factor = Double(try options.integer(in: 1...100))
            case "--backoff-cap": cap = try options.duration()
            default:
                if try options.readMore(name, into: &settings) { continue }
                if try transport.read(name, of: .client, &options) { continue }
                throw UsageError(message: "unknown option \(name)")
            }
        }
        if hosts.isEmpty { throw UsageError(message: "--to HOST is missing") }
        try transport.check(.client)
        settings.servers = hosts.count
        if cap < initial { throw UsageError(message: "--backoff-cap must not be less than --backoff-initial") }
        settings.backoff = Backoff(initial: initial, factor: factor, cap: cap)
        self.settings = settings
    }
}

extension OptionReader {
    /// What the client does with requests and messages, and its breaker; false for an option that is none of these.
    fileprivate mutating func readMore(
        _ name: String, into settings: inout ReferenceClient.Settings
    ) throws(UsageError) -> Bool {
        switch name {
        case "--mutant": settings.mutant = try mutant()
        case "--breaker-after": settings.breaker.threshold = try integer(in: 0...1000)
        case "--breaker-open": settings.breaker.openFor = try duration()
        case "--acknowledge-after": settings.acknowledgeAfter = try duration()
        case "--request-every": settings.workload.requestEvery[.critical] = try duration()
        case "--bulk-every": settings.workload.requestEvery[.bulk] = try duration()
        case "--request-deadline": settings.requestDeadline = try duration()
        case "--publish-every": settings.workload.publishEvery = try duration()
        case "--publish-stream": settings.workload.stream = try text()
        case "--publish-class": settings.workload.publishClass = try priority()
        case "--queue-limit": settings.queueLimit = try integer(in: 1...1_000_000)
        case "--in-flight": settings.inFlightLimit = try integer(in: 1...10_000)
        case "--drain-timeout": settings.drainTimeout = try duration()
        default: return false
        }
        return true
    }

    fileprivate mutating func priority() throws(UsageError) -> Priority {
        let text = try text()
        guard let priority = Priority(rawValue: text) else {
            throw UsageError(message: "\(name) \(text): critical or bulk")
        }
        return priority
    }
}

typealias ReferenceClient = FeedClient<SplitMix>

/// The arguments cannot be understood.
struct UsageError: Error, Equatable {
    var message: String
}

/// Reads `--name value` pairs.
struct OptionReader {
    private var rest: ArraySlice<String>
    private(set) var name = ""

    init(_ arguments: [String]) { rest = arguments[...] }

    mutating func next() throws(UsageError) -> String? {
        guard let first = rest.popFirst() else { return nil }
        name = first
        return first
    }

    mutating func text() throws(UsageError) -> String {
        guard let value = rest.popFirst() else { throw UsageError(message: "\(name) needs a value") }
        return value
    }

    mutating func integer(in range: ClosedRange<Int>) throws(UsageError) -> Int {
        let text = try text()
        guard let value = Int(text), range.contains(value) else {
            throw UsageError(message: "\(name) \(text): a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of a few words.
    mutating func choice<Choice: RawRepresentable & CaseIterable>() throws(UsageError) -> Choice
    where Choice.RawValue == String {
        let text = try text()
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw UsageError(message: "\(name) \(text): one of \(known)")
    }

    /// The name of a mutant; nil for `good`.
    mutating func mutant<Name: RawRepresentable & CaseIterable>() throws(UsageError) -> Name?
    where Name.RawValue == String {
        let text = try text()
        if text == Mutant.good { return nil }
        if let mutant = Name(rawValue: text) { return mutant }
        let known = Name.allCases.map(\.rawValue)
        let hint = nearest(to: text, among: known + [Mutant.good]).map { "; did you mean \($0)?" } ?? ""
        let others = Mutants.all.contains { $0.name == text } ? "; it is one of the other side's" : hint
        throw UsageError(message: "--mutant \(text): no such mutant\(others) (halfopen feed mutants lists them)")
    }

    /// `250ms`, `10s`, `5m`, `2h`; from a millisecond to a day.
    mutating func duration() throws(UsageError) -> Duration {
        let text = try text()
        let units: [(String, Duration)] = [
            ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
        ]
        for (unit, one) in units where text.hasSuffix(unit) {
            guard let count = Int(text.dropLast(unit.count)), (1...86_400_000).contains(count),
                one * count <= .seconds(86400)
            else { continue }
            return one * count
        }
        throw UsageError(message: "\(name) \(text): a duration such as 250ms, 10s or 5m, at most a day")
    }
}
