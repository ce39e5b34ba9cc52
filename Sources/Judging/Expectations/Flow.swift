import Recordings
import Scenarios

/// The messages of a flow, by the drivers at both ends.
struct Flow {
    let from: String
    let to: String
    /// What any instance of the sender said that it sent, in time order, numbered ones only.
    let sent: [RunView.Message]
    let sessions: [RunView.SessionName]
    /// Why the flow cannot be judged; nil when it can.
    let void: String?

    init(_ run: RunView, _ subject: Subject) {
        switch subject {
        case .actor(let name): (from, to) = (name, name)
        case .flow(let sender, let receiver): (from, to) = (sender, receiver)
        case .assertion: (from, to) = ("", "")
        }
        let senders = run.sessionNames(of: from).compactMap { run.sessions[$0] }
        let receivers = run.sessionNames(of: to)
        let received = receivers.compactMap { run.sessions[$0]?.received }.joined()
        let all = senders.flatMap(\.sent)
        sent = all.filter { $0.sequence != nil }.sorted {
            ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line)
        }
        sessions = receivers
        if all.isEmpty {
            void = "\(from) reported nothing sent: there is no flow to judge."
        } else if received.isEmpty {
            void = "\(to) reported nothing received: there is no flow to judge."
        } else if sent.isEmpty {
            void = "\(from) reports its messages without sequence numbers (seq): what is missing cannot be told."
        } else if !received.contains(where: { $0.sequence != nil }) {
            void = "\(to) reports its messages without sequence numbers (seq): what is missing cannot be told."
        } else {
            void = nil
        }
    }
}

/// Messages of one stream whose numbers follow one another.
struct MessageRange {
    var stream: Int
    var first: RunView.Message
    var last: RunView.Message
    var count: Int

    /// Joins neighbours: messages of one stream, each number one above the one before.
    static func ranges(_ messages: [RunView.Message]) -> [MessageRange] {
        var ranges: [MessageRange] = []
        /// Which range of a stream may still grow.
        var open: [Int: Int] = [:]
        for message in messages {
            if let place = open[message.stream], let sequence = message.sequence,
                ranges[place].last.sequence == sequence &- 1
            {
                ranges[place].last = message
                ranges[place].count += 1
            } else {
                open[message.stream] = ranges.count
                ranges.append(MessageRange(stream: message.stream, first: message, last: message, count: 1))
            }
        }
        return ranges
    }

    /// `ticks 301...420 (120 messages)`
    func text(_ run: RunView) -> String {
        let first = run.text(of: first)
        return count == 1 ? first : "\(first)...\(last.sequence ?? 0) (\(count) messages)"
    }
}

extension Array<Evidence> {
    /// Findings are read by people: so many ranges show what there is to see.
    static let shownRanges = 20
}
