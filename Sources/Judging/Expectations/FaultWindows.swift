import JSONLines
import Recordings
import Scenarios

/// The times at which faults were on: what was sent or asked then is judged apart from the rest.
struct FaultWindows {
    /// In time order, not touching one another.
    let windows: [Range<Timestamp>]

    /// - Parameters:
    ///   - kind: of the faults that count.
    ///   - lead: so long before a strike something was under way already when it struck.
    ///   - margin: how long after the heal (or the strike of a moment) a fault still counts as on.
    init(_ run: RunView, kind: String, lead: Duration = .zero, margin: Duration = .zero) {
        let all = run.strikes.filter { $0.plan.kind == kind && $0.hits > 0 }.compactMap { strike in
            strike.struck.map { struck -> Range<Timestamp> in
                let isOver = strike.plan.until == nil && strike.definition?.takesTime != true
                let end = isOver ? struck.time : strike.healed?.time ?? run.stop
                let start = struck.time + (.zero - lead)
                // A moment lasts for as long as something can be under way.
                return start..<max(max(end, struck.time) + margin, start + .nanoseconds(1))
            }
        }
        windows = FaultWindows.joined(all.sorted { $0.lowerBound < $1.lowerBound })
    }

    private static func joined(_ sorted: [Range<Timestamp>]) -> [Range<Timestamp>] {
        var joined: [Range<Timestamp>] = []
        for window in sorted {
            guard let last = joined.last, window.lowerBound <= last.upperBound else {
                joined.append(window)
                continue
            }
            joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, window.upperBound)
        }
        return joined
    }

    func contains(_ time: Timestamp) -> Bool {
        var range = 0..<windows.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if windows[middle].contains(time) { return true }
            range =
                time < windows[middle].lowerBound ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
        }
        return false
    }
}

/// Which part of play an expectation is about: while faults of a kind were on, while they were not, or all of it.
struct FaultScope {
    static let parameters = [
        Parameter("during", .fault, "Only while a fault of this kind was on."),
        Parameter("outside", .fault, "Only while no fault of this kind was on."),
        Parameter(
            "margin", .duration(.zero ... .seconds(86_400)), default: .duration(.zero),
            "How long after its heal, or its strike when it is a moment, a fault still counts as on."),
    ]

    private let during: String?
    private let outside: String?
    private let margin: Duration

    init(_ plan: ExpectationPlan) {
        during = plan.text("during")
        outside = plan.text("outside")
        margin = plan.duration("margin") ?? .zero
    }

    /// Play, without what the faults named leave out.
    func filter(_ run: RunView) -> @Sendable (Timestamp) -> Bool {
        let play = run.play ?? run.stop
        let end = run.stop
        let during = during.map { FaultWindows(run, kind: $0, margin: margin) }
        let outside = outside.map { FaultWindows(run, kind: $0, lead: run.underWay, margin: margin) }
        return { time in
            time >= play && time < end && during?.contains(time) ?? true && !(outside?.contains(time) ?? false)
        }
    }

    /// ` during blackhole`, ` outside overload`; empty for all of play.
    var text: String {
        (during.map { " during \($0)" } ?? "") + (outside.map { " outside \($0)" } ?? "")
    }
}

extension RunView {
    /// What a driver said in this line of the recording.
    func report(at moment: Moment) -> DriverReport? {
        let place = moment.line - 2
        guard recording.events.indices.contains(place), case .driver(let report) = recording.events[place].body else {
            return nil
        }
        return report
    }
}

extension DriverReport {
    func extra(_ key: String) -> JSON? { extra.first { $0.key == key }?.value }

    /// How much it matters, in the scenario's own words.
    var importance: String? { extra("class")?.string }
    var id: String? {
        extra("id").flatMap { value in value.string ?? value.integer.map { String($0) } }
    }
    /// False when the driver said so.
    var isOK: Bool { extra("ok")?.bool ?? true }
}
