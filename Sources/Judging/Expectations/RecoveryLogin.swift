import Recordings

extension RecoveryTrace {
    /// What a driver said of logging in on the connection over which it recovered.
    struct Login {
        var began: Sign?
        var ended: Sign?
        var resumed: (moment: Moment, isHonoured: Bool)?

        init(_ signs: ClientSigns, _ dial: Dial?, since struck: Timestamp, until: Timestamp, stop: Timestamp) {
            let said = signs.reports.filter { $0.moment.time >= struck && $0.moment.time < stop }
            let begins = said.last { $0.isState("authenticating") && $0.moment.time <= until }
            began = begins.map { RecoveryTrace.sign($0, "its driver said state (authenticating)") }
            guard let start = began?.moment.time ?? dial?.established?.time else { return }
            let after = said.filter { $0.moment.time >= start }
            let up = signs.signs.first { $0.fromDriver && $0.kind == .up && $0.moment.time >= start }
            let word = after.first { $0.isState("authenticated") }
            ended = word.map { RecoveryTrace.sign($0, "its driver said state (authenticated)") } ?? up
            if let up, let ended, up.moment.time < ended.moment.time { self.ended = up }
            resumed = after.first { $0.report.kind == .resumed }.map { resumed in
                (resumed.moment, resumed.report.extra.first { $0.key == "ok" }?.value != .bool(false))
            }
        }
    }

    private static func sign(_ said: RunView.Report, _ text: String) -> Sign {
        Sign(moment: said.moment, kind: .down, fromDriver: true, text: text)
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
        let isOurs = { run.isAddress($0, of: signs.name.instance) }
        let told = (signs.wire ?? []).first { seen in
            let change = seen.change
            return (change.change == .fin || change.change == .reset) && seen.moment.time >= struck
                && !isOurs(change.from.address)
        }
        let wrote = signs.sent.first { $0.moment.time >= struck }?.moment
        let asked = signs.reports.first { $0.report.kind == .request && $0.moment.time >= struck }?.moment
        var all: [Sign] = []
        let wired = (signs.wire ?? []).first { seen in
            seen.change.change == .data && seen.moment.time >= struck && isOurs(seen.change.from.address)
        }
        if let wired {
            all.append(Sign(moment: wired.moment, kind: .complaint, fromDriver: false, text: "it sent something"))
        }
        if let told {
            let word = told.change.change == .fin ? "FIN" : "RST"
            all.append(
                Sign(
                    moment: told.moment, kind: .down, fromDriver: false,
                    text: "\(told.change.from) sent it a \(word)"))
        }
        for moment in [wrote, asked].compactMap({ $0 }) {
            all.append(Sign(moment: moment, kind: .complaint, fromDriver: true, text: "it sent something"))
        }
        return all.filter { $0.moment.time < run.stop }.min { $0.moment.time < $1.moment.time }
    }
}

extension RunView.Report {
    func isState(_ name: String) -> Bool { report.kind == .state && report.text == name }
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
