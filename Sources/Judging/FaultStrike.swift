import Recordings
import Scenarios

/// When something happened, and the line of the recording that says so.
package struct Moment: Equatable, Sendable {
    package var time: Timestamp
    package var line: Int
}

/// What became of one planned fault.
package struct FaultStrike: Sendable {
    package let plan: FaultPlan
    /// Nil when the catalogue does not know the kind.
    package let definition: FaultDefinition?
    package internal(set) var applied: Moment?
    /// When it was to be applied: nothing that it did can have happened before.
    package internal(set) var due: Timestamp?
    package internal(set) var firstHit: Moment?
    package internal(set) var healed: Moment?
    package internal(set) var hits: Int64 = 0
    package internal(set) var failure: String?

    /// The kernel acts between the time due and its acknowledgement. Only so much of a late acknowledgement is taken
    /// for that; more means that the engine itself was late.
    private static let longestAction = Duration.milliseconds(10)

    mutating func take(_ change: FaultChange.Change, at moment: Moment) {
        switch change {
        case .applied(let late) where applied == nil:
            applied = FaultStrike.start(moment, late: late)
            due = moment.time + (.zero - .nanoseconds(max(late, 0)))
        case .applied: break
        case .hit(let total): hit(total, at: moment)
        case .healed(let late, let total):
            healed = healed ?? FaultStrike.start(moment, late: late)
            hit(total, at: moment)
        case .failed(let reason): failure = failure ?? reason
        }
    }

    private mutating func hit(_ total: Int64, at moment: Moment) {
        if hits == 0, total > 0 { firstHit = moment }
        hits = max(hits, total)
    }

    /// The first moment at which the change may have acted.
    private static func start(_ moment: Moment, late: Int64) -> Moment {
        let action = min(max(.nanoseconds(late), .zero), longestAction)
        return Moment(time: moment.time + (.zero - action), line: moment.line)
    }

    package var strikesAtFirstHit: Bool {
        switch definition?.strike {
        case .firstHit: true
        case .applied, nil: false
        }
    }

    /// When it struck, not looking at one client: applied, or for faults that wait for their prey the first hit.
    package var struck: Moment? { strikesAtFirstHit ? firstHit : applied }

    /// `blackhole at 10m on phone-home`
    package var name: String { "\(plan.kind) at \(plan.at.timelineText)\(FaultStrike.target(plan))" }

    /// ` on phone-home`; empty for a fault of the whole lab.
    package static func target(_ plan: FaultPlan) -> String {
        switch plan.target {
        case .link(let link, nil): " on \(link)"
        case .link(let link, let from?): " on \(link) from \(from)"
        case .host(let host): " on \(host)"
        case .actor(let actor): " of \(actor)"
        case .actors(let actors): " of \(actors.joined(separator: ", "))"
        case .connections(let choice): " of \(choice.inWords)"
        case .name(let name): " of the name \(name)"
        case .lab: ""
        case .groups: " of \(plan.target.inWords)"
        }
    }
}
