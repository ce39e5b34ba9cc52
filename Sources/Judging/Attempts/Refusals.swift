import Recordings
import Scenarios

/// Times at which a server told a session no, as its driver or the server's said.
struct ToldRefusal {
    var refusal: Attempt.Refusal
    /// Who said so, as evidence words it.
    var text: String
    /// The process that was refused: a new one may come again.
    var life: Int
    /// The first attempt after it, of the same process.
    var next: Attempt?
}

extension AttemptHistory {
    /// In time order. The server's driver counts when it can mean nobody else: there is one client session.
    func refusals(_ run: RunView, isAlone: Bool) -> [ToldRefusal] {
        let own = run.sessions[name]?.reports ?? []
        let others = isAlone ? AttemptHistory.serversReports(run) : []
        let starts = (run.lives[name.instance] ?? []).compactMap { life in
            if case .started = life.change { life.moment.time } else { nil }
        }
        let told = own.compactMap { refusal($0, "its driver") } + others.compactMap { refusal($0, "the server") }
        return told.filter { $0.refusal.moment.time < run.stop }
            .sorted {
                ($0.refusal.moment.time, $0.refusal.moment.line) < ($1.refusal.moment.time, $1.refusal.moment.line)
            }
            .map { told in
                var told = told
                told.life = starts.filter { $0 <= told.refusal.moment.time }.count
                let next = attempts.first { $0.start.time > told.refusal.moment.time }
                told.next = next.flatMap { $0.life == told.life ? $0 : nil }
                return told
            }
    }

    private static func serversReports(_ run: RunView) -> [RunView.Report] {
        let servers = run.scenario.actors.filter { $0.role == .server }.map(\.name)
        return run.sessions.filter { servers.contains($0.key.instance.actor) }.flatMap(\.value.reports)
    }

    private func refusal(_ said: RunView.Report, _ who: String) -> ToldRefusal? {
        let report = said.report
        let isFinal = report.kind == .state && report.text == "fatal"
        guard report.kind == .refused || isFinal else { return nil }
        let refusal = Attempt.Refusal(report, at: said.moment)
        let words = "\(who) said \(report.kind.rawValue)\(report.text.map { " (\($0))" } ?? "")"
        return ToldRefusal(refusal: refusal, text: words, life: 0)
    }
}

extension Attempt.Refusal {
    /// From a driver's `refused`, or its state `fatal`.
    init(_ report: DriverReport, at moment: Moment) {
        let hint = report.extra.first { $0.key == "retry_after" }?.value.integer
        let isFinal = report.kind == .state && report.text == "fatal"
        self.init(
            moment: moment, text: report.text ?? "",
            isFatal: isFinal || report.extra.first { $0.key == "fatal" }?.value.bool ?? false,
            // Nobody waits for longer than a year, and no sum of times may overflow.
            retryAfter: hint.map { .nanoseconds(min(max($0, 0), 366 * 86_400_000_000_000)) })
    }
}
