import Judging
import Recordings
import Scenarios

// Messages as numbers against time.
extension LaneBuilder {
    /// Streams of a session that have a lane each.
    private static let mostStreams = 3

    /// - Parameter promised: gaps and repetitions are flaws, as somebody was owed each number once.
    mutating func takeMessages(
        _ messages: [RunView.Message], _ group: String, _ verb: String, promised: Bool
    ) {
        var streams: [Int: [RunView.Message]] = [:]
        for message in messages where message.sequence != nil { streams[message.stream, default: []].append(message) }
        let busiest = streams.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        for (stream, messages) in busiest.prefix(LaneBuilder.mostStreams) {
            var points = points(messages, flaws: promised)
            let (gaps, again) = LaneBuilder.flaws(points)
            let count = points.count
            if count > limit {
                points = LaneBuilder.cells(points, limit / 2)
                note(
                    "\(group), \(verb): \(count) messages are \(points.count) cells; gaps and repeats are kept."
                )
            }
            let name = view.streams[stream]
            add(
                group, "\(verb)\(name.isEmpty ? "" : " \(name)")", .sequence(points),
                told: "\(count) messages \(verb), \(gaps) gaps, \(again) more than once.")
        }
        if streams.count > LaneBuilder.mostStreams {
            note("\(group), \(verb): the \(LaneBuilder.mostStreams) busiest of \(streams.count) streams are drawn.")
        }
        let unnumbered = messages.filter { $0.sequence == nil }
        if !unnumbered.isEmpty {
            takeCounts(
                unnumbered.map(\.moment.time), group, "\(verb), without numbers", .info, of: "messages",
                told: "\(unnumbered.count) messages without numbers \(verb).")
        }
    }

    private func points(_ messages: [RunView.Message], flaws: Bool) -> [Lane.Point] {
        var seen: Set<Int64> = []
        var highest: Int64?
        let arrived = flaws ? Set(messages.compactMap(\.sequence)) : []
        var restarts = view.restarts[...]
        return messages.map { message in
            let number = message.sequence ?? 0
            if let restart = restarts.first, restart <= message.moment.time {
                restarts = restarts.drop { $0 <= message.moment.time }
                (seen, highest) = ([], nil)
            }
            var point = Lane.Point(time: time(message.moment.time), low: number, high: number)
            guard flaws else { return point }
            if !seen.insert(number).inserted {
                point.flaw = (false, "again")
            } else if let before = highest, number > before + 1, number - before < 100_000 {
                let missing = (before + 1..<number).filter { !arrived.contains($0) }
                if let first = missing.first, let last = missing.last {
                    let which = first == last ? "\(first)" : "\(missing.count) messages of \(first) to \(last)"
                    point.flaw = (true, "before it \(which) never came")
                }
            }
            highest = max(highest ?? number, number)
            return point
        }
    }

    private static func flaws(_ points: [Lane.Point]) -> (gaps: Int, again: Int) {
        let flawed = points.compactMap(\.flaw)
        let gaps = flawed.count { $0.isGap }
        return (gaps, flawed.count - gaps)
    }

    /// Neighbours in time become one; what is flawed stays by itself, as far as it is seldom.
    private static func cells(_ points: [Lane.Point], _ count: Int) -> [Lane.Point] {
        guard let first = points.first?.time, let last = points.last?.time else { return [] }
        let width = max(1, (last - first) / Int64(count) + 1)
        var kept = count
        var cells: [Lane.Point] = []
        for point in points {
            let isKept = point.flaw != nil && kept > 0
            if isKept { kept -= 1 }
            guard let cell = cells.last, !isKept, cell.flaw == nil, cell.time / width == point.time / width else {
                var point = point
                if !isKept { point.flaw = nil }
                cells.append(point)
                continue
            }
            let place = cells.count - 1
            cells[place].low = min(cell.low, point.low)
            cells[place].high = max(cell.high, point.high)
            cells[place].count += 1
        }
        return cells
    }
}

// Sums of many.
extension LaneBuilder {
    private static let bins = 1200

    /// How many happened in each part of the run.
    mutating func takeCounts(
        _ times: [Timestamp], _ group: String, _ name: String, _ tone: Lane.Tone, of unit: String, told: String
    ) {
        guard let first = view.recording.events.first?.time, let last = view.recording.events.last?.time else { return }
        let (start, end) = (time(first), time(last))
        let width = max(1000, (end - start) / Int64(LaneBuilder.bins) + 1)
        var counts = [Int](repeating: 0, count: LaneBuilder.bins)
        for moment in times {
            let place = Int((time(moment) - start) / width)
            if counts.indices.contains(place) { counts[place] += 1 }
        }
        while counts.last == 0 { counts.removeLast() }
        let each = Duration.microseconds(width).lengthText
        add(group, "\(name) (in \(each))", .counts(start: start, width: width, counts, tone, of: unit), told: told)
    }

    /// An actor of many sessions as one.
    mutating func takeSums(_ actor: ActorPlan, _ names: [RunView.SessionName], shown: Int) {
        let group = "all \(names.count) of \(actor.name)"
        note(
            "\(actor.name) has \(names.count) sessions: \(shown) have lanes of their own, those that findings rest on "
                + "first; attempts, errors and messages of all are summed up.")
        var (attempts, errors, received, sent) = ([Timestamp](), [Timestamp](), [Timestamp](), [Timestamp]())
        var changes: [(time: Timestamp, by: Int)] = []
        for name in names {
            guard let session = view.sessions[name] else { continue }
            var isUp = false
            for said in session.reports {
                let at = said.moment.time
                switch said.kind {
                case .attempt: attempts.append(at)
                case .error, .refused: errors.append(at)
                default: break
                }
                guard let up = LaneBuilder.isUp(said), up != isUp else { continue }
                isUp = up
                changes.append((at, up ? 1 : -1))
            }
            received += session.received.map(\.moment.time)
            sent += session.sent.map(\.moment.time)
        }
        changes.sort { $0.time < $1.time }
        takeLine(changes, group)
        takeCounts(attempts, group, "attempts", .busy, of: "attempts", told: "\(attempts.count) attempts.")
        takeCounts(errors, group, "errors", .bad, of: "errors and refusals", told: "\(errors.count) errors.")
        takeCounts(received, group, "received", .info, of: "messages", told: "\(received.count) messages received.")
        takeCounts(sent, group, "sent", .info, of: "messages", told: "\(sent.count) messages sent.")
    }

    /// What a driver's word says of its connection; nil when nothing.
    private static func isUp(_ said: RunView.Report) -> Bool? {
        switch said.kind {
        case .connected: true
        case .attempt: false
        case .state: said.isUpState
        default: nil
        }
    }

    private mutating func takeLine(_ changes: [(time: Timestamp, by: Int)], _ group: String) {
        guard let first = changes.first?.time, let last = changes.last?.time else { return }
        // One step for each part of the run: many changes in one look like one.
        let width = max(1, (time(last) - time(first)) / Int64(limit) + 1)
        var steps: [(time: Int64, value: Int)] = []
        var value = 0
        for change in changes {
            value += change.by
            let at = time(change.time)
            if let step = steps.last, step.time / width == at / width {
                steps[steps.count - 1].value = value
            } else {
                steps.append((at, value))
            }
        }
        let most = steps.map(\.value).max() ?? 0
        add(
            group, "sessions connected", .line(steps, of: "sessions connected"),
            told: "Sessions connected: at most \(most).")
    }
}
