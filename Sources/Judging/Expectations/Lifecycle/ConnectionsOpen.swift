import Recordings
import Scenarios

/// How many connections stand at once.
struct ConnectionsOpen: Expectation {
    static let definition = ExpectationDefinition(
        name: "connections-open",
        summary: "So many connections stand at once at most, or so many are reached.",
        details: """
            Counted on the wire, from the first start to the end of the timeline. A connection stands from its \
            handshake until its own side sends a FIN or anybody sends a RST: one that is dead and was never closed \
            counts. Of a client: those that it opened, for each instance. Of a server or publisher: those that came to \
            its host. `most` bounds the peak; `least` must be reached by it.

            A FIN stays behind data that nobody acknowledges, and may never come to the wire. So where the sockets of \
            a client's host, as sampled, are fewer than the connections that seem to stand, those that were silent \
            for longest count as closed since the sample before.

            It is void when no connection stood, and when nobody can tell whose the connections are.
            """,
        subject: .actor,
        parameters: [
            Parameter("most", .count(0...1_000_000), "How many may stand at once."),
            Parameter("least", .count(1...1_000_000), "How many must have stood at once at some time."),
        ],
        example: "{ connections-open: subscriber, most: 1 }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    /// A connection that stood.
    private struct Span {
        var from: Moment
        var to: Timestamp?
        var text: String
    }

    func judge(_ run: RunView) -> Finding {
        guard plan.count("most") != nil || plan.count("least") != nil else {
            return plan.void("Neither `most` nor `least` is given: there is nothing to hold it against.")
        }
        if run.plan(of: plan.actor)?.role == .client {
            return plan.judgeConnections(run) { instance, connections in
                judge(
                    run, "\(instance)",
                    connections.compactMap { connection in
                        connection.established.map {
                            Span(from: $0, to: connection.released?.time, text: connection.text)
                        }
                    })
            }
        }
        return judge(run, plan.actor, incoming(run))
    }

    /// Those that came to this actor's host.
    private func incoming(_ run: RunView) -> [Span] {
        guard let host = run.plan(of: plan.actor)?.host else { return [] }
        let addresses = run.addresses(of: host)
        var spans: [Span] = []
        var standing: [[Endpoint]: Int] = [:]
        for seen in run.wire[host] ?? [] {
            let (from, to) = (seen.change.from, seen.change.to)
            switch seen.change.change {
            case .established where addresses.contains(to.address):
                standing[[from, to]] = spans.count
                spans.append(Span(from: seen.moment, to: nil, text: "\(from) to \(to)"))
            case .fin where addresses.contains(from.address):
                if let place = standing.removeValue(forKey: [to, from]) { spans[place].to = seen.moment.time }
            case .reset:
                let place = standing.removeValue(forKey: [to, from]) ?? standing.removeValue(forKey: [from, to])
                if let place { spans[place].to = seen.moment.time }
            case .established, .fin, .attempt, .firstRequest, .firstResponse, .data, .keepAlive: break
            }
        }
        return spans
    }

    private func judge(_ run: RunView, _ who: String, _ spans: [Span]) -> Finding {
        let end = run.playEnd
        let judged = spans.filter { $0.from.time < end }
        guard !judged.isEmpty else { return plan.void("No connection of \(who) stood.") }
        // What ends at a moment makes room for what begins then.
        let steps = judged.map { ($0.from.time, 1) } + judged.compactMap { span in span.to.map { ($0, -1) } }
        var (open, peak, when) = (0, 0, judged[0].from.time)
        for (time, step) in steps.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) where time < end {
            open += step
            if open > peak { (peak, when) = (open, time) }
        }
        let standing = judged.filter { $0.from.time <= when && $0.to.map { $0 > when } ?? true }
        let evidence = standing.prefix(8).map { run.evidence($0.from, "\($0.text) was established") }
        let words = "\(peak) \(peak == 1 ? "connection" : "connections") of \(who) stood at once, at \(run.at(when))"
        if let most = plan.count("most"), peak > most {
            return plan.fail(
                "\(words), \(run.context(at: when)); \(most) at most were owed. What usually causes it: a new "
                    + "connection "
                    + "that is opened before the old one is closed, or an old one that nobody closes because it seems "
                    + "dead.", measured: Double(peak), bound: Double(most), unit: "connections", evidence)
        }
        if let least = plan.count("least"), peak < least {
            return plan.fail(
                "\(words), the most that ever did; \(least) were owed. What usually causes it: a pool that opens "
                    + "connections only when others are busy, or gives up after the first failure.",
                measured: Double(peak), bound: Double(least), unit: "connections", evidence)
        }
        return plan.pass(
            words + ".", measured: Double(peak), bound: Double(plan.count("most") ?? plan.count("least") ?? 0),
            unit: "connections", [])
    }
}
