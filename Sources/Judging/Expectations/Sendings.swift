import Recordings
import Scenarios

/// What a flow's sender sent, and which of it a receipt is.
struct Sendings {
    /// In time order; a message is known by its place here.
    let sent: [RunView.Message]
    private var places: [RunView.MessageKey: Int] = [:]
    /// Places of numbers that were sent more than once: a publisher that was started anew begins at 1.
    private var again: [RunView.MessageKey: [Int]] = [:]
    private let slack: Duration

    init(_ run: RunView, _ flow: Flow) {
        sent = flow.sent
        slack = run.underWay
        places.reserveCapacity(sent.count)
        for (place, message) in sent.enumerated() {
            guard let key = message.key else { continue }
            guard let first = places[key] else {
                places[key] = place
                continue
            }
            again[key, default: [first]].append(place)
        }
    }

    /// Nil for what the sender never said that it sent.
    func place(of message: RunView.Message) -> Int? {
        message.key.flatMap { place(of: $0, at: message.moment.time) }
    }

    /// The last sending before `time`. A driver that speaks after it has sent may be read later than who received.
    func place(of key: RunView.MessageKey, at time: Timestamp) -> Int? {
        guard let first = places[key] else { return nil }
        guard let all = again[key] else { return first }
        return all.last { sent[$0].moment.time <= time + slack } ?? first
    }

    /// Places of what was sent from `start` to `end`, both left out.
    func between(_ start: Timestamp, _ end: Timestamp) -> Range<Int> {
        let first = firstPlace { $0 > start }
        return first..<max(first, firstPlace { $0 >= end })
    }

    /// What a receiver is owed: sent after its first message, before the timeline's end, and early enough to arrive.
    func owed(_ run: RunView, from first: Timestamp) -> Range<Int> {
        between(first, min(run.playEnd, run.stop + (.zero - slack)))
    }

    private func firstPlace(where isThere: (Timestamp) -> Bool) -> Int {
        var range = 0..<sent.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if isThere(sent[middle].moment.time) {
                range = range.lowerBound..<middle
            } else {
                range = (middle + 1)..<range.upperBound
            }
        }
        return range.lowerBound
    }
}

/// What one session received of it.
struct Arrivals {
    struct Repetition {
        var message: RunView.Message
        var earlier: Moment
    }

    /// The first receipt of each sending, by its place.
    private(set) var first: [Moment?]
    /// Places in the order in which they were received first.
    private(set) var order: [Int] = []
    private(set) var repeated: [Repetition] = []
    /// The session's first message of all: from then on it listened.
    let listened: Timestamp?
    /// Its last message of all.
    let last: RunView.Message?

    init(_ sendings: Sendings, _ received: [RunView.Message]) {
        first = Array(repeating: nil, count: sendings.sent.count)
        listened = received.first?.moment.time
        last = received.last
        for message in received {
            guard let place = sendings.place(of: message) else { continue }
            if let earlier = first[place] {
                repeated.append(Repetition(message: message, earlier: earlier))
            } else {
                first[place] = message.moment
                order.append(place)
            }
        }
    }

    func missing(_ places: Range<Int>) -> [Int] { places.filter { first[$0] == nil } }
}

extension Array<Evidence> {
    /// So many ranges as there is to see, then how many more.
    static func ranges(
        _ run: RunView, _ messages: [RunView.Message], _ text: (MessageRange) -> String
    ) -> [Evidence] {
        let ranges = MessageRange.ranges(messages)
        var evidence = ranges.prefix(shownRanges).map { run.evidence($0.first.moment, text($0)) }
        if let next = ranges.dropFirst(shownRanges).first {
            evidence.append(
                run.evidence(next.first.moment, "and \(ranges.count - shownRanges) more ranges from here on"))
        }
        return evidence
    }
}

extension Int {
    /// `1 message`, `3 messages`.
    func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(self) \(noun)s" }
}
