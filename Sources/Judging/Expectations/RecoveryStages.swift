import Recordings
import Scenarios

/// How long one part of a recovery took.
enum RecoveryStage {
    case took(Duration)
    /// It was over so long after its beginning, or at the end of the run, and had not come.
    case never(Duration)
    /// The client made no new connection: it did not go through this.
    case notNeeded
    /// The recording cannot tell, and why.
    case untold(String)

    var duration: Duration? { if case .took(let duration) = self { duration } else { nil } }
}

// The parts of the way back, each by the name that scenarios use in `stages`.
extension RecoveryTrace {
    static let stageNames = [
        "detect", "attempt", "connect", "tcp", "tls", "authenticated", "resumed", "message", "steady",
    ]

    func stage(_ name: String, _ detectFrom: DetectFrom) -> RecoveryStage {
        switch name {
        case "detect": detection(detectFrom)
        case "attempt": part(attempt)
        case "connect": part(connect)
        case "tcp": tcp
        case "tls": encryption
        case "authenticated": authentication
        case "resumed": resumption
        case "message": part(message)
        case "steady": steady
        default: .untold("it is no stage")
        }
    }

    /// A client that made a new connection went through every stage: one that nobody saw is not one that was short.
    private func part(_ duration: Duration?) -> RecoveryStage {
        if let duration { return .took(duration) }
        return connected == nil ? .notNeeded : .untold("neither driver nor wire shows it")
    }

    private func detection(_ from: DetectFrom) -> RecoveryStage {
        let origin: Timestamp? =
            switch from {
            case .strike: struck.time
            case .firstSign: couldKnow?.moment.time
            }
        if let detected {
            // Without any sign it found out by itself, by a heartbeat that did not come: sooner than it had to.
            return .took(max(.zero, origin.map { detected.moment.time - $0 } ?? .zero))
        }
        // Of a moment nothing can be said: there was no time in which to notice it.
        if let origin, owedFrom.time > struck.time, owedFrom.time > origin { return .never(owedFrom.time - origin) }
        return part(nil)
    }

    /// From a SYN, or from the moment that liveness is owed when that came between the two: nothing comes up in the
    /// dark.
    private func sinceOwed(_ from: Timestamp, _ to: Timestamp) -> Duration {
        let start = from < owedFrom.time && to > owedFrom.time ? owedFrom.time : from
        return max(.zero, to - start)
    }

    private var tcp: RecoveryStage {
        if connected == nil && dial == nil { return .notNeeded }
        guard let dial else { return .untold("on the wire its connection cannot be told from others") }
        guard let attempted = dial.attempted, let established = dial.established else {
            return .untold("the wire does not show its handshake")
        }
        return .took(sinceOwed(attempted.time, established.time))
    }

    /// From the client's first word to its last of the handshake.
    private var encryption: RecoveryStage {
        if connected == nil && dial == nil { return .notNeeded }
        guard let tls else { return .untold("the wire shows no TLS on its connection") }
        guard let finished = tls.finished else { return .untold("the wire does not show the end of its TLS handshake") }
        return .took(sinceOwed(tls.hello.time, finished.time))
    }

    /// Where the login began: what its driver said of it, or else its connection.
    private var loginBegan: Timestamp? {
        authenticating?.moment.time ?? tls?.finished?.time ?? dial?.established?.time
    }

    private var authentication: RecoveryStage {
        if connected == nil && dial == nil { return .notNeeded }
        guard let loginBegan else { return .untold("neither driver nor wire shows when its login began") }
        guard let authenticated else { return .untold("its driver does not say when it was logged in") }
        return .took(sinceOwed(loginBegan, authenticated.moment.time))
    }

    private var resumption: RecoveryStage {
        if connected == nil && dial == nil { return .notNeeded }
        guard let resumed else { return .untold("its driver does not say that it resumed") }
        guard resumed.isHonoured else { return .untold("the server did not know its last session: it began anew") }
        guard let loginBegan else { return .untold("neither driver nor wire shows when it began to") }
        return .took(sinceOwed(loginBegan, resumed.moment.time))
    }

    private var steady: RecoveryStage {
        guard case .recovered = outcome else { return .untold("it did not recover") }
        switch rate {
        case .back(let moment): return .took(moment - owedFrom.time)
        case .notBack(let until): return .never(until - owedFrom.time)
        case .untold(let why): return .untold(why)
        }
    }
}

/// From where the stage `detect` counts.
enum DetectFrom: String, CaseIterable {
    case strike
    /// The first moment at which the client could know.
    case firstSign = "first-sign"
}

/// Whether messages came as often after a strike as before it.
enum RecoveryRate {
    /// From here on.
    case back(Timestamp)
    /// Not until here.
    case notBack(Timestamp)
    case untold(String)

    /// How it is measured.
    struct Measure {
        /// 0...1 of the rate before.
        var share: Double
        var window: Duration
    }

    /// Fewer messages than this in a window make no rate.
    private static let fewest = 5

    /// - Parameters:
    ///   - received: when each message came, in time order.
    ///   - from: the first new message.
    ///   - end: what comes later was made by something else.
    init(_ received: [Timestamp], struck: Timestamp, from: Timestamp, end: Timestamp, _ measure: Measure) {
        let window = measure.window
        let before = RecoveryRate.count(received, struck + (.zero - window), struck)
        guard before >= RecoveryRate.fewest else {
            self = .untold(
                "in the \(window.lengthText) before the strike came \(before) messages, too few to be a rate")
            return
        }
        // What was held up comes all at once, and is no rate: each part of the window must have its share.
        let parts = min(10, before / RecoveryRate.fewest)
        let part = window / parts
        let needed = measure.share * Double(before) / Double(parts)
        let first = received.partitioningIndex { $0 >= from }
        for start in received[first...] {
            if start + window > end { break }
            let isSteady = (0..<parts).allSatisfy { index in
                let begin = start + part * index
                return Double(RecoveryRate.count(received, begin, begin + part)) >= needed
            }
            if isSteady {
                self = .back(start)
                return
            }
        }
        self =
            end - from < window
            ? .untold("less than \(window.lengthText) were left after its first new message") : .notBack(end)
    }

    private static func count(_ received: [Timestamp], _ from: Timestamp, _ to: Timestamp) -> Int {
        received.partitioningIndex { $0 >= to } - received.partitioningIndex { $0 >= from }
    }
}

extension RandomAccessCollection {
    /// The first place from which on `isLater` holds; the elements are in that order.
    func partitioningIndex(where isLater: (Element) -> Bool) -> Index {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = index(low, offsetBy: distance(from: low, to: high) / 2)
            if isLater(self[middle]) { high = middle } else { low = index(after: middle) }
        }
        return low
    }
}
