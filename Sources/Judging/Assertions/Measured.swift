import Recordings
import Scenarios

/// One side of a comparison, measured.
struct Measured {
    private(set) var value: Double?
    private(set) var unit = Assertion.Unit.count
    /// Why there is no value.
    private(set) var void: String?
    /// What was counted or measured; empty for a number that stands in the scenario.
    private(set) var what = ""
    /// `count of ...`
    private(set) var summary = ""
    private(set) var isCount = false
    /// Of a count: why nothing proves nothing.
    private(set) var silence: String?
    private(set) var evidence: [Evidence] = []

    init(_ run: RunView, _ operand: Assertion.Operand) {
        switch operand {
        case .value(let value, let unit):
            self.value = value
            self.unit = unit
        case .measure(let measure, let factor):
            measured(run, measure)
            value = value.map { $0 * factor }
            if factor != 1 { summary = "\(Units.text(number: factor)) times \(summary)" }
        }
    }

    private mutating func measured(_ run: RunView, _ measure: Assertion.Measure) {
        switch measure {
        case .count(let events):
            let found = Occurrences(run, events)
            take(count: found.all.count, found, events, "the count of \(events.inWords)", found.evidence)
        case .peak(let span, let events):
            let found = Occurrences(run, events)
            let peak = found.peak(span)
            let evidence = peak.map { [run.evidence($0.last.moment, "the last of these: \($0.last.text)")] } ?? []
            take(
                count: peak?.count ?? 0, found, events, "the most of \(events.inWords) in any \(span.lengthText)",
                evidence)
        case .summary(let summary, let series): take(run, summary, series)
        }
    }

    private mutating func take(
        count: Int, _ found: Occurrences, _ events: Assertion.Events, _ summary: String, _ evidence: [Evidence]
    ) {
        isCount = true
        value = Double(count)
        what = events.inWords
        silence = found.silence
        self.summary = summary
        self.evidence = evidence
    }

    private mutating func take(_ run: RunView, _ summary: Assertion.Summary, _ series: Assertion.Series) {
        let all = Series(run, series)
        unit = all.unit
        what = all.what
        self.summary = "\(summary.inWords) \(all.what)"
        let values = all.values.sorted { $0.value < $1.value }
        guard let least = values.first, let most = values.last else {
            void = "There was nothing to measure: \(all.what) had no values."
            return
        }
        let total = values.reduce(0) { $0 + $1.value }
        var shown: Series.Sample?
        switch summary {
        case .min: shown = least
        case .max: shown = most
        case .mean: value = total / Double(values.count)
        case .sum: value = total
        case .quantile(let share): shown = NearestRank.of(share, sorted: values)
        }
        if let shown {
            value = shown.value
            evidence = [run.evidence(shown.moment, "\(shown.text): \(unit.text(shown.value))")]
        }
        self.summary += " (of \(values.count))"
    }
}

extension Assertion.Summary {
    fileprivate var inWords: String {
        switch self {
        case .min: "the least of"
        case .max: "the most of"
        case .mean: "the mean of"
        case .sum: "the sum of"
        case .quantile(let share): "the quantile \(Units.text(fraction: share)) of"
        }
    }
}

/// Many values of one kind.
private struct Series {
    struct Sample {
        var value: Double
        var moment: Moment
        var text: String
    }

    private(set) var values: [Sample] = []
    let unit: Assertion.Unit
    let what: String

    init(_ run: RunView, _ series: Assertion.Series) {
        switch series {
        case .gap(let events):
            (unit, what) = (.seconds, "the times between \(events.inWords)")
            values = Occurrences(run, events).gaps.map {
                Sample(value: $0.seconds, moment: $0.at.moment, text: "\($0.at.text), after the one before it")
            }
        case .field(let name, let events):
            let isTime = name.text.hasSuffix("_ns") || name.text == "retry_after"
            (unit, what) = (isTime ? .seconds : .unknown, "\(name.text) of \(events.inWords)")
            values = Occurrences(run, events).all.compactMap { occurrence in
                occurrence.report?.field(name.text)?.number.map {
                    Sample(value: isTime ? $0 / 1e9 : $0, moment: occurrence.moment, text: occurrence.text)
                }
            }
        case .latency(let from, let to, let window):
            let part = window.map { " \($0.inWords)" } ?? ""
            (unit, what) = (.seconds, "the latency from \(from.text) to \(to.text)\(part)")
            let flow = Flow(run, .flow(from: from.text, to: to.text))
            let sendings = Sendings(run, flow)
            let isIn = run.filter(window)
            for name in flow.sessions {
                let arrivals = Arrivals(sendings, run.sessions[name]?.received ?? [])
                for place in arrivals.order where isIn(sendings.sent[place].moment.time) {
                    guard let moment = arrivals.first[place] else { continue }
                    let taken = max(.zero, moment.time - sendings.sent[place].moment.time)
                    let text = "\(name) received \(run.text(of: sendings.sent[place]))"
                    values.append(Sample(value: taken.seconds, moment: moment, text: text))
                }
            }
        case .resource(let resource, let actor, let window):
            let index = actor.index.map { "#\($0)" } ?? ""
            let part = window.map { " \($0.inWords)" } ?? ""
            (unit, what) = (resource.unit, "\(resource.rawValue) of \(actor.name.text)\(index)\(part)")
            let isIn = run.filter(window)
            for (place, event) in run.recording.events.enumerated() {
                guard case .process(let sample) = event.body, sample.instance.actor == actor.name.text,
                    actor.index.map({ $0 == sample.instance.index }) ?? true, isIn(event.time)
                else { continue }
                values.append(
                    Sample(
                        value: resource.value(sample), moment: Moment(time: event.time, line: place + 2),
                        text: "\(resource.rawValue) of \(sample.instance)"))
            }
        }
    }
}

extension Assertion.Resource {
    fileprivate var unit: Assertion.Unit {
        switch self {
        case .memory: .bytes
        case .cpu: .seconds
        case .descriptors, .threads: .count
        }
    }

    fileprivate func value(_ sample: ProcessSample) -> Double {
        switch self {
        case .memory: Double(sample.memory)
        case .cpu: Double(sample.cpu) / 1e9
        case .descriptors: Double(sample.descriptors)
        case .threads: Double(sample.threads)
        }
    }
}
