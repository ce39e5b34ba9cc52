import Recordings
import Scenarios

/// A client's memory stays within a bound, above all while it is cut off.
struct Memory: Expectation {
    static let definition = ExpectationDefinition(
        name: "memory",
        summary: "The client's memory grows by so much at most, in all of play or while a fault is on.",
        details: """
            Judged for each instance by its resident memory (whole MiB): the highest sample against the last one \
            before. Without `during`, from the beginning of play to its end; with it, from each strike of that fault \
            to the first sample after its heal. Samples are taken every 1 to 8 minutes and two seconds after each \
            connection that the client's host opens.

            It is void when there is no sample before, or none after it in that time.
            """,
        subject: .client, needs: [.resources],
        parameters: [
            Parameter("growth", .size(0...(1 << 40)), required: true, "Growth that is allowed, bytes."),
            Parameter("during", .fault, "Only while this fault is on."),
        ],
        example: "{ memory: subscriber, growth: 8 MiB, during: blackhole }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    func judge(_ run: RunView) -> Finding {
        guard let play = run.play else { return plan.void("The timeline was not played.") }
        var windows: [(name: String, from: Timestamp, to: Timestamp)] = [("play", play, run.playEnd)]
        if let fault = plan.text("during") {
            windows = run.strikes.filter { $0.plan.kind == fault }.compactMap { strike in
                strike.struck.map { (strike.name, $0.time, strike.healed?.time ?? run.playEnd) }
            }
        }
        let findings = run.instances(of: plan.actor).flatMap { instance in
            windows.map { judge(run, instance, $0.name, from: $0.from, to: $0.to) }
        }
        return Finding.worst(findings) ?? plan.void("No such fault struck.")
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ name: String, from: Timestamp, to: Timestamp
    ) -> Finding {
        let samples = (run.samples[instance] ?? []).filter { $0.moment.time < run.stop }
        // The one at the beginning of play is taken a moment after it.
        let limit = name == "play" ? from + .seconds(1) : from
        guard let before = samples.last(where: { $0.moment.time <= limit }) else {
            return plan.void("No sample of \(instance) was taken before \(name).")
        }
        let later = samples.filter { $0.moment.line > before.moment.line }
        let inside = later.filter { $0.moment.time <= to } + later.filter { $0.moment.time > to }.prefix(1)
        guard let highest = inside.max(by: { $0.sample.memory < $1.sample.memory }) else {
            return plan.void("No sample of \(instance) was taken during \(name).")
        }
        let bound = Double(plan.parameters["growth"]?.size ?? 0) / 1048576
        let growth = (Double(highest.sample.memory) - Double(before.sample.memory)) / 1048576
        let evidence = [before, highest].map {
            run.evidence($0.moment, "\(instance) held \($0.sample.memory >> 20) MiB")
        }
        let words =
            "\(instance) held \(highest.sample.memory >> 20) MiB at \(run.at(highest.moment.time)), "
            + "\(TimeText.rounded(max(0, growth), digits: 0)) MiB more than before \(name)"
        if growth <= bound {
            return plan.pass(words + ".", measured: max(0, growth), bound: bound, unit: "MiB", evidence)
        }
        return plan.fail(
            words
                + "; \(TimeText.rounded(bound, digits: 1)) MiB were allowed. What usually causes it: messages that "
                + "wait "
                + "for a connection in a queue without a bound, or something that each attempt leaves behind.",
            measured: growth, bound: bound, unit: "MiB", evidence)
    }
}
