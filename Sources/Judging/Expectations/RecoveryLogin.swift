import Recordings

extension RecoveryTrace {
    /// What a driver said of logging in on the connection over which it recovered.
    struct Login {
        var began: Sign?
        var ended: Sign?
        var resumed: (moment: Moment, isHonoured: Bool)?

        init(_ signs: ClientSigns, _ dial: Dial?, since struck: Timestamp, until: Timestamp, stop: Timestamp) {
            let reports = signs.reports
            let first = reports.partitioningIndex { $0.moment.time >= struck }
            let said = reports[first..<max(first, reports.partitioningIndex { $0.moment.time >= stop })]
            let begins = said.last { $0.isState("authenticating") && $0.moment.time <= until }
            began = begins.map { Sign($0, .down) }
            guard let start = began?.moment.time ?? dial?.established?.time else { return }
            let after = said[said.partitioningIndex { $0.moment.time >= start }...]
            let signs = signs.signs
            let up = signs[signs.partitioningIndex { $0.moment.time >= start }...].first {
                $0.fromDriver && $0.kind == .up
            }
            let word = after.first { $0.isState("authenticated") }
            ended = word.map { Sign($0, .down) } ?? up
            if let up, let ended, up.moment.time < ended.moment.time { self.ended = up }
            resumed = after.first { $0.kind == .resumed }.map { resumed in
                (resumed.moment, resumed.report.extra.first { $0.key == "ok" }?.value != .bool(false))
            }
        }
    }

    static func tls(_ run: RunView, _ dial: Dial) -> (hello: Moment, finished: Moment?)? {
        guard let began = dial.began?.time else { return nil }
        let end = dial.ended?.moment.time ?? run.stop
        let since = run.tls[run.tls.partitioningIndex { $0.moment.time >= began }...]
        var hello: Moment?
        for seen in since.lazy.prefix(while: { $0.moment.time <= end })
        where seen.change.from == dial.client && seen.change.to == dial.server {
            switch seen.change.change {
            case .clientHello: hello = hello ?? seen.moment
            case .finished, .data: if let hello { return (hello, seen.moment) }
            case .serverHello, .alert, .plain: break
            }
        }
        return hello.map { ($0, nil) }
    }

    /// The first thing from `struck` on by which the client could know that something was wrong.
    static func couldKnow(_ run: RunView, _ signs: ClientSigns, since struck: Timestamp) -> Sign? {
        let all = signs.wire ?? []
        let wire = all[all.partitioningIndex { $0.moment.time >= struck }...]
        let told = wire.first { seen in
            (seen.kind == .fin || seen.kind == .reset) && !seen.sends
        }
        let wrote = signs.sent.first { $0.moment.time >= struck }?.moment
        let asked = signs.reports.first { $0.kind == .request && $0.moment.time >= struck }?.moment
        var known: [Sign] = []
        if let wired = wire.first(where: { $0.kind == .data && $0.sends }) {
            known.append(Sign(wired, .complaint, .wrote))
        }
        if let told { known.append(Sign(told, .down, .wasEnded)) }
        for moment in [wrote, asked].compactMap({ $0 }) {
            known.append(Sign(moment: moment, kind: .complaint, fromDriver: true, words: .wrote, run: run))
        }
        return known.filter { $0.moment.time < run.stop }.min { $0.moment.time < $1.moment.time }
    }
}

extension RunView.Report {
    func isState(_ name: String) -> Bool { kind == .state && report.text == name }
}

extension RecoveryRate {
    /// Of a session from its first new message on, until something else strikes.
    init(
        _ run: RunView, _ signs: ClientSigns, _ strike: FaultStrike, struck: Timestamp, from: Timestamp,
        _ measure: Measure
    ) {
        let others = run.strikes.filter { $0.plan.index != strike.plan.index }.compactMap { $0.struck?.time }
        let end = min(others.filter { $0 > from }.min() ?? run.playEnd, run.playEnd)
        guard !signs.received.isEmpty else {
            self = .untold("its driver reports no received messages")
            return
        }
        self.init(signs.received.map(\.moment.time), struck: struck, from: from, end: end, measure)
    }
}
