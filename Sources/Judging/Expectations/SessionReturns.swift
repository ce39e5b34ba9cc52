import Recordings
import Scenarios

/// The times that a session lost its connection and was back, by its driver's words.
struct SessionReturns {
    struct Return {
        /// The first word of its being gone.
        var lost: Moment
        var back: Moment
        /// What its driver said of the resume; nil when nothing.
        var resumed: RunView.Report?
        /// When it was lost again; nil when it was not.
        var lostAgain: Timestamp?
    }

    private(set) var returns: [Return] = []
    /// Lost and not back by the end.
    private(set) var gone: Moment?

    init(_ run: RunView, _ name: RunView.SessionName) {
        let reports = run.sessions[name]?.reports ?? []
        let saysConnected = reports.contains { $0.kind == .connected }
        var isUp = false
        /// `resumed` is said beside `connected`, before or after it.
        var heard: RunView.Report?
        for said in reports {
            if said.moment.time >= run.stop { break }
            switch said.kind {
            case .connected: takeUp(said.moment, &isUp, &heard)
            case .state where said.isUpState:
                if !saysConnected { takeUp(said.moment, &isUp, &heard) }
            case .state, .attempt:
                if isUp { takeDown(said.moment) }
                isUp = false
            case .resumed:
                if !isUp {
                    heard = said
                } else if let last = returns.last, last.resumed == nil {
                    returns[returns.count - 1].resumed = said
                }
            case .hello, .sent, .received, .acked, .request, .response, .refused, .queue, .breaker, .error, .note,
                .unsupported:
                break
            }
        }
    }

    private mutating func takeDown(_ moment: Moment) {
        gone = moment
        if !returns.isEmpty { returns[returns.count - 1].lostAgain = moment.time }
    }

    private mutating func takeUp(_ moment: Moment, _ isUp: inout Bool, _ heard: inout RunView.Report?) {
        if let lost = gone { returns.append(Return(lost: lost, back: moment, resumed: heard, lostAgain: nil)) }
        gone = nil
        heard = nil
        isUp = true
    }
}
