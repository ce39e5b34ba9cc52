import Recordings
import Scenarios

/// What a driver says of its client's breaker, and whether its calls bear that out.
struct BreakerWords {
    private let name: RunView.SessionName
    private let said: [RunView.Report]

    init(_ signs: ClientSigns) {
        name = signs.name
        var said: [RunView.Report] = []
        for report in signs.reports where report.kind == .breaker {
            // Said again is not changed.
            if said.last?.report.text != report.report.text { said.append(report) }
        }
        self.said = said
    }

    /// The first word of a breaker's state is no change of it.
    var changes: [Timestamp] { said.dropFirst().map(\.moment.time) }

    func contradiction(_ run: RunView, _ plan: ExpectationPlan, _ course: BreakerCourse) -> Finding? {
        for (index, report) in said.enumerated() {
            let before = index == 0 ? "closed" : said[index - 1].report.text ?? ""
            let state = report.report.text ?? ""
            if let finding = illegal(run, plan, report, from: before, to: state) { return finding }
            if before == "closed", state == "open", let finding = early(run, plan, course, report) { return finding }
        }
        return said.isEmpty ? nil : notClosed(run, plan, course)
    }

    private static let moves: Set<[String]> = [
        ["closed", "open"], ["open", "half-open"], ["half-open", "open"], ["half-open", "closed"],
        ["closed", "closed"],
    ]

    private func illegal(
        _ run: RunView, _ plan: ExpectationPlan, _ report: RunView.Report, from: String, to: String
    ) -> Finding? {
        guard !BreakerWords.moves.contains([from, to]) else { return nil }
        return plan.fail(
            "\(name) said at \(run.at(report.moment.time)) that its breaker went from \(from) to \(to), which no "
                + "breaker "
                + "does: it opens, tries half-open, and closes or opens again.",
            measured: nil, bound: nil, unit: "",
            [run.evidence(report.moment, "its driver said breaker (\(to)), after (\(from))")])
    }

    private func early(
        _ run: RunView, _ plan: ExpectationPlan, _ course: BreakerCourse, _ report: RunView.Report
    ) -> Finding? {
        guard let needed = course.rule.failures else { return nil }
        let there = course.failures(before: report.moment.time + course.rule.slack)
        guard there < needed else { return nil }
        return plan.fail(
            "\(name)'s breaker opened at \(run.at(report.moment.time)) after \(there) failures in a row; it owed to "
                + "bear "
                + "\(needed - 1). What usually causes it: failures before the last success still count, or other "
                + "failures than those of its calls.",
            measured: Double(there), bound: Double(needed), unit: "failures",
            [run.evidence(report.moment, "its driver said breaker (open)")])
    }

    private func notClosed(_ run: RunView, _ plan: ExpectationPlan, _ course: BreakerCourse) -> Finding? {
        // An answer travels, and a driver's line may wait.
        let grace = course.rule.slack + run.underWay
        for closing in course.closings where closing + grace < run.stop {
            let word = said.last { $0.moment.time <= closing + grace }
            guard let word, word.report.text != "closed" else { continue }
            return plan.fail(
                "\(name)'s probe succeeded at \(run.at(closing)), which closes a breaker; \(grace.lengthText) later "
                    + "its "
                    + "driver's last word was \(word.report.text ?? ""). What usually causes it: the success is "
                    + "counted "
                    + "by nobody, so it stays half-open and turns everything else away.",
                measured: nil, bound: nil, unit: "",
                [run.evidence(word.moment, "its driver said breaker (\(word.report.text ?? ""))")])
        }
        return nil
    }
}
