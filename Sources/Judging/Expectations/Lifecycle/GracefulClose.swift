import Recordings
import Scenarios

/// A client that is asked to end closes its connections as TCP means it.
struct GracefulClose: Expectation {
    static let definition = ExpectationDefinition(
        name: "graceful-close",
        summary: "Told to close, to drain or to stop, the client ends its connections with FIN, in time.",
        details: """
            Judged for each instance at each moment at which the timeline told it `close` or `drain` and, unless it \
            was told before, when the run stops it (SIGTERM): every connection that it holds then must be ended by \
            its FIN within the bound, or by the server's, and not by its RST. A RST after its own FIN is no breach: \
            what the server still sends then is answered by it. Being killed because it ignored SIGTERM is one. \
            Where its driver reports `acked`, every numbered message that it reported as sent before it was told \
            must be acknowledged in the end.

            It is void when it held no connection at any such moment.
            """,
        subject: .client,
        parameters: [
            Parameter(
                "within", .duration(.milliseconds(1)...(.seconds(86400))), default: .duration(.seconds(5)),
                "Longest time from being told to its FIN.")
        ],
        example: "{ graceful-close: subscriber, within: 5s }")

    private let plan: ExpectationPlan
    private let within: Duration

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        within = plan.duration("within") ?? .seconds(5)
    }

    /// When it was asked to end, and by what.
    private struct Order {
        var moment: Moment
        var text: String
    }

    func judge(_ run: RunView) -> Finding { plan.judgeConnections(run) { judge(run, $0, $1) } }

    private func orders(_ run: RunView, _ instance: Instance) -> [Order] {
        let told = (run.lives[instance] ?? []).compactMap { life -> Order? in
            guard case .told(let command, nil) = life.change, command == "close" || command == "drain" else {
                return nil
            }
            return Order(moment: life.moment, text: "told to \(command)")
        }
        guard let stop = run.phases[.stop] else { return told }
        return told + [Order(moment: stop, text: "stopped (SIGTERM)")]
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        var findings: [Finding] = []
        for order in orders(run, instance) {
            let held = connections.filter { connection in
                connection.established.map { $0.time < order.moment.time } ?? false
                    && connection.endings.first.map { $0.moment.time >= order.moment.time } ?? true
            }
            findings += held.map { judge(run, instance, order, $0) }
            if !held.isEmpty, let lost = lost(run, instance, order) { findings.append(lost) }
        }
        if let killed = killed(run, instance) { findings.append(killed) }
        return Finding.worst(findings)
            ?? plan.void("\(instance) held no connection when it was told to end.")
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ order: Order, _ connection: ConnectionInventory.Connection
    ) -> Finding {
        let evidence = [run.evidence(order.moment, "\(instance) was \(order.text)")]
        guard let end = connection.endings.first else {
            return plan.fail(
                "\(instance) was \(order.text) at \(run.at(order.moment.time)) and never ended \(connection.text): the "
                    + "server must find out by itself.", measured: (lastTime(run) - order.moment.time).seconds,
                bound: within.seconds, unit: "s", evidence)
        }
        let taken = end.moment.time - order.moment.time
        let all =
            evidence + [
                run.evidence(end.moment, "\(end.byInitiator ? "its" : "the server's") \(end.isReset ? "RST" : "FIN")")
            ]
        if end.isReset && end.byInitiator {
            return plan.fail(
                "\(instance) was \(order.text) and ended \(connection.text) with a RST \(taken.lengthText) later: what "
                    + "was still under way is thrown away on both sides. What usually causes it: SO_LINGER with 0, "
                    + "or a "
                    + "close with input that nobody has read.", measured: taken.seconds, bound: within.seconds,
                unit: "s", all)
        }
        if taken > within {
            return plan.fail(
                "\(instance) was \(order.text) and ended \(connection.text) only \(taken.lengthText) later; "
                    + "\(within.lengthText) were allowed.", measured: taken.seconds, bound: within.seconds, unit: "s",
                all)
        }
        return plan.pass(
            "\(instance), \(order.text), ended \(connection.text) with a FIN after \(taken.lengthText).",
            measured: taken.seconds, bound: within.seconds, unit: "s", all)
    }

    private func lastTime(_ run: RunView) -> Timestamp { run.recording.events.last?.time ?? run.stop }

    private func killed(_ run: RunView, _ instance: Instance) -> Finding? {
        let end = run.lives[instance]?.last { $0.change == .stopped(killed: true) }
        guard let end else { return nil }
        return plan.fail(
            "\(instance) did not end when it was asked to (SIGTERM) and had to be killed: nothing of its connections "
                + "was "
                + "closed by it.", measured: (end.moment.time - run.stop).seconds, bound: within.seconds, unit: "s",
            [run.evidence(end.moment, "\(instance) was killed")])
    }

    /// Sent before it was told, and not acknowledged by anybody in the end.
    private func lost(_ run: RunView, _ instance: Instance, _ order: Order) -> Finding? {
        let sessions = run.sessions.filter { $0.key.instance == instance }.values
        let acked = sessions.flatMap(\.reports).filter { $0.kind == .acked }
        guard !acked.isEmpty else { return nil }
        let known = Set(acked.map { Numbered(stream: $0.report.stream ?? "", number: $0.report.sequence) })
        let sent = sessions.flatMap(\.sent).filter { $0.sequence != nil && $0.moment.time < order.moment.time }
        let missing = sent.filter { !known.contains(Numbered(stream: run.streams[$0.stream], number: $0.sequence)) }
        guard let first = missing.min(by: { $0.moment.line < $1.moment.line }) else { return nil }
        return plan.fail(
            "\(instance) was \(order.text) and left \(missing.count) messages that it had taken on without an "
                + "acknowledgement, first \(run.text(of: first)).", measured: Double(missing.count), bound: 0,
            unit: "messages", [run.evidence(first.moment, "\(run.text(of: first)) was sent")])
    }

    private struct Numbered: Hashable {
        var stream: String
        var number: Int64?
    }
}
