import Recordings
import Scenarios

extension RecoveryTrace {
    /// Looks for the moment at which a client had recovered from a strike.
    struct Course {
        private let run: RunView
        private let signs: ClientSigns
        private let struck: Timestamp
        private let owedFrom: Timestamp
        private let after: ArraySlice<Sign>
        /// The place of the strike in the timeline.
        private let index: Int

        init(
            _ run: RunView, _ strike: FaultStrike, _ signs: ClientSigns, struck: Timestamp, owedFrom: Timestamp,
            signsAfter after: ArraySlice<Sign>
        ) {
            self.run = run
            self.signs = signs
            self.struck = struck
            self.owedFrom = owedFrom
            self.after = after
            index = strike.plan.index
        }

        /// Whether the client kept its connection until another fault struck.
        private var survived: Bool {
            let others = run.strikes.filter { $0.plan.index != index }.compactMap { $0.struck?.time }
            let next = others.filter { $0 > owedFrom }.min() ?? run.stop
            return !after.contains { ($0.kind == .down || $0.kind == .attempt) && $0.moment.time < next }
        }

        var outcome: Outcome {
            if !signs.received.isEmpty { return firstNew.map { .recovered($0) } ?? .notRecovered }
            guard signs.wire != nil else {
                return .untold(
                    "its driver reports no received messages, and on the wire it cannot be told from others on its host"
                )
            }
            guard !survived else {
                return .untold(
                    "its driver reports no received messages, and the wire shows neither an end of its connection "
                        + "nor a new one")
            }
            let connects = after.contains { $0.kind == .up }
            let answer = after.first { $0.kind == .response && $0.moment.time >= owedFrom }
            return connects ? answer.map { .recovered($0) } ?? .notRecovered : .notRecovered
        }

        /// The first message that is new to the client, if it proves that messages flow again.
        private var firstNew: Sign? {
            var highest: [Int: Int64] = [:]
            var restarts = run.restarts[...]
            var receipts = Receipts(signs.received)
            for (place, message) in signs.received.enumerated() {
                if let restart = restarts.first, restart <= message.moment.time {
                    restarts = restarts.drop { $0 <= message.moment.time }
                    highest = [:]
                }
                let before = highest[message.stream]
                if let sequence = message.sequence { highest[message.stream] = max(before ?? sequence, sequence) }
                if message.moment.time < owedFrom { continue }
                if message.moment.time >= run.stop { return nil }
                let isBeyond = before.flatMap { before in message.sequence.map { $0 > before } } ?? true
                guard isBeyond || wasSentSince(receipts.last(before: place), message), flowsAgain(message) else {
                    continue
                }
                return Sign(moment: message.moment, kind: .up, fromDriver: true, words: .received, run: run)
            }
            return nil
        }

        /// A number that is not beyond all others is new if it had not come before since it was sent.
        private func wasSentSince(_ receipt: Timestamp?, _ message: RunView.Message) -> Bool {
            guard let sent = run.sentTime(of: message) else { return false }
            return receipt.map { $0 < sent } ?? true
        }

        /// A message that was on its way when the fault struck proves nothing. This one was not, when the fault was on
        /// for longer than a message travels, or it came over a new connection, or it was sent after the strike; and
        /// when nobody said when it was sent, if the connection survived.
        private func flowsAgain(_ message: RunView.Message) -> Bool {
            if owedFrom - struck >= run.underWay { return true }
            if let up = after.first(where: { $0.kind == .up }), message.moment.time >= up.moment.time { return true }
            return run.sentTime(of: message).map { $0 >= struck } ?? survived
        }
    }
}

/// When each number was received last; read forwards only, and only as far as somebody asks, which is rare.
private struct Receipts {
    private let received: [RunView.Message]
    private var last: [RunView.MessageKey: Timestamp] = [:]
    private var known = 0

    init(_ received: [RunView.Message]) { self.received = received }

    /// The last receipt of this number before `place`.
    mutating func last(before place: Int) -> Timestamp? {
        for message in received[known..<place] {
            if let key = message.key { last[key] = message.moment.time }
        }
        known = place
        return received[place].key.flatMap { last[$0] }
    }
}
