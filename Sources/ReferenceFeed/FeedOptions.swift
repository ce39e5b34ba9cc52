import Scenarios

/// `feed server` and `feed client` as the command line has them.
struct ServerOptions: Equatable {
    var port = 7000
    var stream = "ticks"
    var window = 1000
    var settings = FeedServer.Settings()

    init(parsing arguments: [String]) throws(UsageError) {
        var options = OptionReader(arguments)
        var settings = FeedServer.Settings()
        while let name = try options.next() {
            switch name {
            case "--port": port = try options.integer(in: 1...65535)
            case "--stream": stream = try options.text()
            case "--window": window = try options.integer(in: 1...1_000_000)
            case "--interval": settings.interval = try options.duration()
            case "--heartbeat": settings.heartbeat = try options.duration()
            case "--missed": settings.missedHeartbeats = try options.integer(in: 1...1000)
            case "--hello-timeout": settings.helloTimeout = try options.duration()
            case "--token": settings.token = try options.text()
            case "--mutant": settings.mutant = try options.mutant()
            default: throw UsageError(message: "unknown option \(name)")
            }
        }
        self.settings = settings
    }
}

struct ClientOptions: Equatable {
    var host = ""
    var port = 7000
    var stream = "ticks"
    var settings = ReferenceClient.Settings()

    init(parsing arguments: [String]) throws(UsageError) {
        var options = OptionReader(arguments)
        var settings = ReferenceClient.Settings()
        var (initial, factor, cap) = (settings.backoff.initial, settings.backoff.factor, settings.backoff.cap)
        while let name = try options.next() {
            switch name {
            case "--to": host = try options.text()
            case "--port": port = try options.integer(in: 1...65535)
            case "--stream": stream = try options.text()
            case "--connect-timeout": settings.connectTimeout = try options.duration()
            case "--missed": settings.missedHeartbeats = try options.integer(in: 1...1000)
            case "--stable-after": settings.stableAfter = try options.duration()
            case "--token": settings.token = try options.text()
            case "--backoff-initial": initial = try options.duration()
            case "--backoff-factor": factor = Double(try options.integer(in: 1...100))
            case "--backoff-cap": cap = try options.duration()
            case "--mutant": settings.mutant = try options.mutant()
            default: throw UsageError(message: "unknown option \(name)")
            }
        }
        if host.isEmpty { throw UsageError(message: "--to HOST is missing") }
        if cap < initial { throw UsageError(message: "--backoff-cap must not be less than --backoff-initial") }
        settings.backoff = Backoff(initial: initial, factor: factor, cap: cap)
        self.settings = settings
    }
}

typealias ReferenceClient = FeedClient<SystemRandomNumberGenerator>

/// The arguments cannot be understood.
struct UsageError: Error, Equatable {
    var message: String
}

/// Reads `--name value` pairs.
private struct OptionReader {
    private var rest: ArraySlice<String>
    private var name = ""

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
