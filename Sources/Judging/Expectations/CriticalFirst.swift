import Recordings
import Scenarios

/// Where not all can be served at once, what is critical comes first.
struct CriticalFirst: Expectation {
    static let definition = ExpectationDefinition(
        name: "critical-first",
        summary: "After a fault, and while one lasts, critical requests and sessions are served before bulk.",
        details: """
            Judged for each strike of the fault, until the next strike or the end, over all sessions of the actor. Of \
            its requests with a `class`: a critical one is overtaken when a bulk one that was asked no earlier was \
            answered ok while it waited, until it was answered or failed. Where the driver gives a `class` to sessions \
            instead, with attempt or connected, the same of sessions: asked with the first attempt after the strike, \
            served when connected for good. Only critical ones that waited beside bulk count; of these at most the \
            share `overtaken` may be.

            It is void when fewer than `least` critical ones waited beside bulk: there was no contention to judge.
            """,
        subject: .client,
        parameters: [
            Parameter("after", .fault, required: true, "The kind of fault that makes them compete."),
            Parameter("critical", .text, default: .text("critical"), "The class that comes first."),
            Parameter("bulk", .text, default: .text("bulk"), "The class that waits."),
            Parameter(
                "overtaken", .fraction(0...1), default: .fraction(0.05), "The largest share that may be overtaken."),
            Parameter("least", .count(1...1_000_000), default: .count(10), "How many it takes to tell."),
        ],
        example: "{ critical-first: subscriber, after: blackhole, overtaken: 5% }")

    private let plan: ExpectationPlan
    private let fault: String
    private let critical: String
    private let bulk: String
    private let overtaken: Double
    private let least: Int

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        fault = plan.text("after") ?? ""
        critical = plan.text("critical") ?? "critical"
        bulk = plan.text("bulk") ?? "bulk"
        overtaken = plan.fraction("overtaken") ?? 0.05
        least = plan.count("least") ?? 10
    }

    /// A request, or a session that wants to come back.
    private struct Item {
        var what: String
        var importance: String
        var asked: Moment
        var served: Moment?
        /// When it was served or failed: what has failed does not wait any more.
        var ended: Moment?
    }

    func judge(_ run: RunView) -> Finding {
        let requests = Requests(run, of: plan.actor).all.compactMap { request in
            request.importance.map { importance in
                Item(
                    what: request.id.map { "request \($0)" } ?? "a request", importance: importance,
                    asked: request.asked, served: request.isOK ? request.answered : nil, ended: request.answered)
            }
        }
        let findings = run.strikes.filter { $0.plan.kind == fault }.map { strike -> Finding in
            guard let struck = strike.struck, strike.hits > 0 else {
                return plan.void("\(strike.name) did not strike.")
            }
            let next = run.strikes.compactMap(\.struck?.time).filter { $0 > struck.time }.min()
            let until = min(next ?? run.stop, run.stop)
            let items = requests.filter { $0.asked.time >= struck.time && $0.asked.time < until }
            return judge(run, strike, items.isEmpty ? sessions(run, struck.time, until) : items)
        }
        return Finding.worst(findings) ?? plan.void("\(plan.actor) left no trace in the recording.")
    }

    private func sessions(_ run: RunView, _ struck: Timestamp, _ until: Timestamp) -> [Item] {
        run.sessionNames(of: plan.actor).compactMap { name in
            let reports = run.sessions[name]?.reports ?? []
            guard let importance = reports.lazy.compactMap(\.report.importance).first else { return nil }
            var asked: Moment?
            var served: Moment?
            for said in reports where said.moment.time >= struck && said.moment.time < until {
                switch said.kind {
                case .attempt: (asked, served) = (asked ?? said.moment, nil)
                case .connected: served = served ?? said.moment
                default: break
                }
            }
            return asked.map { Item(what: "\(name)", importance: importance, asked: $0, served: served, ended: served) }
        }
    }

    private func judge(_ run: RunView, _ strike: FaultStrike, _ items: [Item]) -> Finding {
        let bulk = items.filter { $0.importance == self.bulk }.sorted { $0.asked.time < $1.asked.time }
        let asked = bulk.map(\.asked.time)
        let ended = bulk.compactMap(\.ended?.time).sorted()
        // The first bulk one to be served of those asked from here on.
        var firstServed: [Item?] = Array(repeating: nil, count: bulk.count + 1)
        for place in bulk.indices.reversed() {
            let (own, later) = (bulk[place], firstServed[place + 1])
            let isFirst = own.served.map { moment in later?.served.map { moment.time < $0.time } ?? true } ?? false
            firstServed[place] = isFirst ? own : later
        }
        var contended = 0
        var overtakings: [(Item, by: Item)] = []
        for item in items where item.importance == critical {
            let end = item.ended?.time ?? run.stop
            // Asked while it waited, less those that were done before it was asked.
            let beside = Self.count(asked, before: end) - Self.count(ended, before: item.asked.time)
            guard beside > 0, end > item.asked.time else { continue }
            contended += 1
            guard let other = firstServed[Self.count(asked, before: item.asked.time)],
                let moment = other.served, moment.time < end
            else { continue }
            overtakings.append((item, other))
        }
        return finding(run, strike, contended, overtakings)
    }

    private func finding(
        _ run: RunView, _ strike: FaultStrike, _ contended: Int, _ overtakings: [(Item, by: Item)]
    ) -> Finding {
        guard contended >= least else {
            return plan.void(
                "After \(strike.name) \(contended) of class \(critical) waited beside \(bulk); it takes \(least) to "
                    + "tell who comes first.")
        }
        let share = Double(overtakings.count) / Double(contended)
        let summary =
            "After \(strike.name) \(overtakings.count) of \(contended) of class \(critical) that waited beside \(bulk) "
            + "were overtaken"
        let evidence = overtakings.prefix(8).compactMap { item, other in
            other.served.map { moment in
                run.evidence(
                    moment,
                    "\(other.what) (\(bulk)), asked at \(run.at(other.asked.time)), was served before \(item.what) "
                        + "(\(critical)), asked at \(run.at(item.asked.time)) (line \(item.asked.line))")
            }
        }
        .sorted { ($0.at, $0.line) < ($1.at, $1.line) }
        return share <= overtaken
            ? plan.pass(summary + ".", measured: share * 100, bound: overtaken * 100, unit: "%", evidence)
            : plan.fail(
                "\(summary); \(Units.text(fraction: overtaken)) were allowed. Usually one queue for all, first come, "
                    + "first served.",
                measured: share * 100, bound: overtaken * 100, unit: "%", evidence)
    }

    /// How many of `sorted` are before `time`.
    private static func count(_ sorted: [Timestamp], before time: Timestamp) -> Int {
        var range = 0..<sorted.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if sorted[middle] < time {
                range = (middle + 1)..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }
}
