import Recordings
import Scenarios

/// How the sessions of an actor came back after one strike: their attempts, and when each was back for good.
struct StormCourse {
    let strike: FaultStrike
    let struck: Moment
    /// From when on they could come back.
    let owedFrom: Moment
    /// The next strike, or the end.
    let until: Timestamp
    /// Sessions that lost their connection, or knew of it.
    private(set) var lost = 0
    /// All attempts from the strike on, in time order.
    private(set) var attempts: [Moment] = []
    /// The first attempt of each session since it could come back, in time order; of one whose attempt was under way by
    /// then, the moment at which that came up.
    private(set) var firsts: [Moment] = []
    /// When each session was back for good, in time order.
    private(set) var back: [Moment] = []
    let isFromWire: Bool

    /// Nil when the fault did not strike, or what it took away never came back.
    init?(_ run: RunView, _ strike: FaultStrike, _ names: [RunView.SessionName], host: String?) {
        guard let struck = strike.struck, strike.hits > 0, let owedFrom = run.owedFrom(strike, struck: struck) else {
            return nil
        }
        self.strike = strike
        self.struck = struck
        self.owedFrom = owedFrom
        let next = run.strikes.compactMap(\.struck?.time).filter { $0 > max(struck.time, owedFrom.time) }.min()
        until = min(next ?? run.stop, run.stop)
        let speaks = names.contains { name in
            (run.sessions[name]?.reports ?? []).contains { $0.kind == .attempt }
        }
        isFromWire = !speaks
        if speaks {
            for name in names {
                guard let session = run.sessions[name] else { continue }
                take(session.reports, lastReceived: session.received.last?.moment.time)
            }
        } else if let host {
            takeWire(run.wire[host] ?? [])
        }
        attempts.sort { ($0.time, $0.line) < ($1.time, $1.line) }
        firsts.sort { ($0.time, $0.line) < ($1.time, $1.line) }
        back.sort { ($0.time, $0.line) < ($1.time, $1.line) }
    }

    /// One session's words.
    private mutating func take(_ reports: [RunView.Report], lastReceived last: Timestamp?) {
        var (isLost, first, up, complaint) = (false, nil as Moment?, nil as Moment?, nil as Moment?)
        var isUnderWay = false
        var place = StormCourse.firstPlace(reports, from: struck.time)
        while place < reports.count, reports[place].moment.time < until {
            let said = reports[place]
            place += 1
            switch said.kind {
            case .attempt:
                attempts.append(said.moment)
                isUnderWay = said.moment.time < owedFrom.time
                if !isUnderWay { first = first ?? said.moment }
                (isLost, up) = (true, nil)
            case .connected:
                up = up ?? said.moment
                if isUnderWay, said.moment.time >= owedFrom.time { first = first ?? said.moment }
                isUnderWay = false
            case .state where said.isUpState: up = up ?? said.moment
            case .state: (isLost, up) = (true, nil)
            case .error: complaint = complaint ?? said.moment
            case .hello, .sent, .received, .acked, .request, .response, .resumed, .refused, .queue, .breaker,
                .note, .unsupported:
                break
            }
        }
        // Whoever complains and then neither tries nor hears anything has given up.
        if !isLost, let complaint { isLost = up != nil || last.map { $0 < complaint.time } ?? true }
        guard isLost else { return }
        lost += 1
        if let first { firsts.append(first) }
        if let up { back.append(up) }
    }

    /// Connections of a host on the wire: each that stood when it was struck is a session.
    private mutating func takeWire(_ wire: [RunView.Wire]) {
        var (open, underWay): (Set<ConnectionEnds>, Set<ConnectionEnds>) = ([], [])
        var ups: [Moment] = []
        for seen in wire {
            guard seen.moment.time < until else { break }
            let isAfter = seen.moment.time >= struck.time
            switch seen.kind {
            case .established where seen.sends:
                if isAfter { ups.append(seen.moment) } else { open.insert(seen.ends) }
                let wasUnderWay = underWay.remove(seen.ends) != nil
                if wasUnderWay, seen.moment.time >= owedFrom.time { firsts.append(seen.moment) }
            case .fin where !isAfter, .reset where !isAfter:
                if open.remove(seen.ends) == nil { open.remove(seen.ends.turned) }
            case .attempt where seen.sends && !seen.isRepeated && isAfter:
                attempts.append(seen.moment)
                if seen.moment.time >= owedFrom.time {
                    firsts.append(seen.moment)
                } else {
                    underWay.insert(seen.ends)
                }
            case .established, .attempt, .fin, .reset, .firstRequest, .firstResponse, .data, .keepAlive: break
            }
        }
        // Which connection is whose successor cannot be told: no more come back than were lost.
        lost = min(open.count, attempts.count)
        firsts = Array(firsts.prefix(lost))
        back = Array(ups.prefix(lost))
    }

    private static func firstPlace(_ reports: [RunView.Report], from time: Timestamp) -> Int {
        var range = 0..<reports.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if reports[middle].moment.time >= time {
                range = range.lowerBound..<middle
            } else {
                range = (middle + 1)..<range.upperBound
            }
        }
        return range.lowerBound
    }

    /// The most attempts within any time so long, and the first of them.
    func peak(_ span: Duration) -> (count: Int, first: Moment)? {
        let times = attempts.map { ($0.time - struck.time).seconds }
        let most = ScanStatistic.most(times, within: span.seconds)
        return most.count > 0 ? (most.count, attempts[most.first]) : nil
    }

    /// When this share of the lost sessions was back; nil when that never came.
    func time(toShare share: Double) -> (Duration, Moment)? {
        let needed = max(Int((share * Double(lost) - 1e-6).rounded(.up)), 1)
        guard needed <= back.count else { return nil }
        return (max(.zero, back[needed - 1].time - owedFrom.time), back[needed - 1])
    }
}
