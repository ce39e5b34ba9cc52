import Recordings
import Scenarios

/// What an actor's application asked for, and what came of it, by its driver's words.
struct Requests {
    struct Request {
        var name: RunView.SessionName
        var id: String?
        /// `class`, in the scenario's own words.
        var importance: String?
        var asked: Moment
        /// Nil when nothing ever came.
        var answered: Moment?
        var isOK = false
        /// The kind of failure that the driver gave.
        var reason: String?

        var isServed: Bool { answered != nil && isOK }
    }

    /// In the order in which they were asked.
    private(set) var all: [Request] = []

    /// An answer belongs to the oldest request of its number in its session that waits; one without a number to the
    /// oldest without. A second request under a number that waits is the same one, asked again.
    init(_ run: RunView, of actor: String) {
        for name in run.sessionNames(of: actor) {
            var waiting: [String: Int] = [:]
            var unnumbered: [Int] = []
            var oldest = 0
            for said in run.sessions[name]?.reports ?? [] where said.moment.time < run.stop {
                let id = said.report.id
                switch said.kind {
                case .request:
                    if let id, waiting[id] != nil { continue }
                    if let id { waiting[id] = all.count } else { unnumbered.append(all.count) }
                    all.append(
                        Request(name: name, id: id, importance: said.report.importance, asked: said.moment))
                case .response:
                    var place: Int?
                    if let id {
                        place = waiting.removeValue(forKey: id)
                    } else if oldest < unnumbered.count {
                        place = unnumbered[oldest]
                        oldest += 1
                    }
                    guard let place else { continue }
                    all[place].answered = said.moment
                    all[place].isOK = said.report.isOK
                    all[place].reason = said.report.extra("reason")?.string
                    all[place].importance = all[place].importance ?? said.report.importance
                case .hello, .state, .attempt, .connected, .sent, .received, .acked, .resumed, .refused, .queue,
                    .breaker,
                    .error, .note, .unsupported:
                    break
                }
            }
        }
        all.sort { ($0.asked.time, $0.asked.line) < ($1.asked.time, $1.asked.line) }
    }
}
