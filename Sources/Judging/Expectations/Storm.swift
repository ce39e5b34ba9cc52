import Recordings
import Scenarios

/// Many clients that lost their server at one moment come back spread over time, not as a herd.
struct Storm: Expectation {
    private static let shares: [(name: String, share: Double)] = [("half", 0.5), ("most", 0.95), ("all", 1)]

    static let definition = ExpectationDefinition(
        name: "storm",
        summary: "After a fault all sessions come back, spread over time and not as a herd.",
        details: """
            Judged for each strike of the fault, over all instances and sessions of the client together, from their \
            drivers' attempt and connected or, where no driver says attempt, from the wire when nobody else dials from \
            that host.

            Herd or spread: of the sessions that lost their connection, the first attempt since they could come back \
            (the heal, or the strike of a moment) is taken; an attempt that was under way by then counts when it \
            came up. Measured is the largest share of them within any tenth of `over`; spread evenly over `over` it \
            would be 10 %. It is a herd when that is more than `share` and would come of an even spread by chance in \
            less than 1 % of cases (scan statistic, Naus' approximation). With fewer than `sessions` of them it is \
            void.

            Optional bounds: `peak` and `peak-100ms`, the most attempts of all within any second or 100 ms since \
            the strike; `back`, how long after they could come back half, most (95 %) and all of the lost \
            sessions are back for good. The next strike, or the end, ends the count; where that came before a \
            time allowed was over, it is void.
            """,
        subject: .client,
        parameters: [
            Parameter("after", .fault, required: true, "The kind of fault that cut them off."),
            Parameter(
                "over", .duration(.milliseconds(10) ... .seconds(86_400)), required: true,
                "Over how long they should spread their return."),
            Parameter(
                "share", .fraction(0.1...1), default: .fraction(0.35),
                "The largest share that may come within a tenth of that."),
            Parameter(
                "sessions", .count(10...1_000_000), default: .count(50), "How many sessions it takes to tell."),
            Parameter("peak", .count(1...100_000_000), "Most attempts within any second."),
            Parameter("peak-100ms", .count(1...100_000_000), "Most attempts within any 100 ms."),
            Parameter("back", .durations(shares.map(\.name)), "Longest time until half, most (95 %) and all are back."),
        ],
        example: "{ storm: subscriber, after: blackhole, over: 20s, peak: 500, back: { most: 30s } }")

    private let plan: ExpectationPlan
    private let fault: String
    private let over: Duration
    private let share: Double
    private let least: Int
    private let back: [Value.NamedDuration]

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? ""
        over = plan.duration("over") ?? .seconds(1)
        share = plan.fraction("share") ?? 0.35
        least = plan.count("sessions") ?? 50
        back = plan.durations("back")
    }

    func judge(_ run: RunView) -> Finding {
        let names = run.sessionNames(of: plan.actor)
        let host = run.plan(of: plan.actor)?.host
        let dialing = run.scenario.actors.filter { $0.host == host && $0.role != .server }
        let findings = run.strikes.filter { $0.plan.kind == fault }.flatMap { strike -> [Finding] in
            guard let course = StormCourse(run, strike, names, host: dialing.count == 1 ? host : nil) else {
                return [plan.void("\(strike.name) did not strike, or what it took away never came back.")]
            }
            return judge(run, course)
        }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func judge(_ run: RunView, _ course: StormCourse) -> [Finding] {
        guard course.lost > 0 else {
            return [
                plan.void(
                    "No session of \(plan.actor) is known to have lost its connection to \(course.strike.name): "
                        + "neither drivers nor wire tell.")
            ]
        }
        return peaks(run, course) + back.map { returned(run, course, $0) } + [shape(run, course)]
    }

    private func shape(_ run: RunView, _ course: StormCourse) -> Finding {
        let strike = course.strike.name
        guard course.firsts.count >= least else {
            return plan.void(
                "\(course.firsts.count.counted("session")) of \(plan.actor) tried to come back after \(strike); it "
                    + "takes \(least) to tell a herd.")
        }
        let times = course.firsts.map { ($0.time - course.owedFrom.time).seconds }
        let tenth = over / 10
        let most = ScanStatistic.most(times, within: tenth.seconds)
        let largest = Double(most.count) / Double(times.count)
        let chance = ScanStatistic.probability(ofMost: most.count, of: times.count, share: 0.1)
        let first = course.firsts[most.first]
        let evidence = [
            run.evidence(course.owedFrom, "\(course.lost.counted("session")) could come back after \(strike)"),
            run.evidence(
                first, "first of \(most.count) sessions that tried to come back within \(tenth.lengthText)"),
        ]
        .sorted { ($0.at, $0.line) < ($1.at, $1.line) }
        let summary =
            "\(times.count) sessions of \(plan.actor) tried to come back after \(strike), at most "
            + "\(TimeText.rounded(largest * 100, digits: 1)) % of them within any \(tenth.lengthText), from "
            + "\(run.at(first.time)) on"
        let story = "\(summary). \(backText(course))"
        guard largest > share else {
            return plan.pass(
                "They came back spread: \(story)", measured: largest * 100, bound: share * 100, unit: "%", evidence)
        }
        guard chance < 0.01 else {
            return plan.void(
                "\(story) With so few sessions an even spread over \(over.lengthText) does that by chance in "
                    + "\(TimeText.rounded(chance * 100, digits: 1)) % of cases.", evidence)
        }
        return plan.fail(
            "They came back as a herd: \(story) \(Units.text(fraction: share)) were allowed, and an even spread over "
                + "\(over.lengthText) has 10 %. Usually a wait without jitter, jitter that is the same in all, or a "
                + "hint of the server's that all obey to the millisecond.",
            measured: largest * 100, bound: share * 100, unit: "%", evidence)
    }

    /// `Half were back after 2 s, 95 % after 12 s, all after 20 s.`
    private func backText(_ course: StormCourse) -> String {
        let words = ["half", "95 %", "all"]
        let parts = zip(words, Storm.shares).map { word, share in
            course.time(toShare: share.share).map { "\(word) were back after \($0.0.lengthText)" } ?? "\(word) never"
        }
        return "Of the \(course.lost.counted("session")) lost, \(parts.joined(separator: ", "))."
    }

    private func peaks(_ run: RunView, _ course: StormCourse) -> [Finding] {
        let bounds: [(String, Duration)] = [("peak", .seconds(1)), ("peak-100ms", .milliseconds(100))]
        return bounds.compactMap { name, span in
            guard let bound = plan.count(name) else { return nil }
            guard let peak = course.peak(span) else {
                return plan.void("\(plan.actor) made no attempt after \(course.strike.name).")
            }
            let summary =
                "\(plan.actor) made up to \(peak.count.counted("attempt")) within \(span.lengthText) after "
                + "\(course.strike.name), from \(run.at(peak.first.time)) on"
            let evidence = [
                run.evidence(course.struck, "\(course.strike.name) struck"),
                run.evidence(peak.first, "first of \(peak.count.counted("attempt")) within \(span.lengthText)"),
            ]
            return peak.count <= bound
                ? plan.pass(
                    summary + ".", measured: Double(peak.count), bound: Double(bound), unit: "attempts", evidence)
                : plan.fail(
                    "\(summary); \(bound) were allowed. Usually all try at once when they lose their connection, or "
                        + "wait equally long.",
                    measured: Double(peak.count), bound: Double(bound), unit: "attempts", evidence)
        }
    }

    private func returned(_ run: RunView, _ course: StormCourse, _ bound: Value.NamedDuration) -> Finding {
        let share = Storm.shares.first { $0.name == bound.name }?.share ?? 1
        let origin = run.evidence(course.owedFrom, "\(course.lost.counted("session")) could come back")
        guard let (taken, moment) = course.time(toShare: share) else {
            let waited = course.until - course.owedFrom.time
            guard waited >= bound.duration else {
                return plan.void(
                    "What came next began \(waited.lengthText) after \(plan.actor) could come back from "
                        + "\(course.strike.name), before the \(bound.duration.lengthText) allowed were over.", [origin])
            }
            return plan.fail(
                "Of the \(course.lost.counted("session")) of \(plan.actor) that \(course.strike.name) cut off, "
                    + "\(course.back.count) were back for good \(waited.lengthText) later; "
                    + "\(Units.text(fraction: share)) were owed after \(bound.duration.lengthText).",
                measured: waited.seconds, bound: bound.duration.seconds, unit: "s", [origin])
        }
        let evidence = [origin, run.evidence(moment, "\(Units.text(fraction: share)) of them were back")]
        let summary =
            "\(Units.text(fraction: share)) of the \(course.lost.counted("session")) of \(plan.actor) that "
            + "\(course.strike.name) cut off were back \(taken.lengthText) after they could come back"
        return taken <= bound.duration
            ? plan.pass(
                summary + ".", measured: taken.seconds, bound: bound.duration.seconds, unit: "s", evidence)
            : plan.fail(
                "\(summary); \(bound.duration.lengthText) were allowed.", measured: taken.seconds,
                bound: bound.duration.seconds, unit: "s", evidence)
    }
}
