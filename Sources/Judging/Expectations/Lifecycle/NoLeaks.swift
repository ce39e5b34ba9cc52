import Recordings
import Scenarios

/// Coming back leaves nothing behind: after many reconnects a client holds what it held after the first.
struct NoLeaks: Expectation {
    static let definition = ExpectationDefinition(
        name: "no-leaks",
        summary: "After many reconnects descriptors, threads, half-closed sockets and memory have not grown.",
        details: """
            The levels two seconds after each connection of the client's host are compared: open descriptors and \
            threads of the instance's processes, its resident memory, and sockets of its host in CLOSE_WAIT, \
            FIN_WAIT1, FIN_WAIT2, LAST_ACK and CLOSING. Growth is the median of the slopes between all pairs of levels \
            (Theil and Sen), times the number of reconnects between the first and the last: one that is left behind \
            each time shows as their number, single outliers do not. Memory is recorded in whole MiB.

            It is void with fewer reconnects than asked for, and when the run did not record the levels.
            """,
        subject: .client, needs: [.resources],
        parameters: [
            Parameter(
                "reconnects", .count(2...100_000), default: .count(5), "So many reconnects there must be to judge by."),
            Parameter("descriptors", .count(0...1_000_000), default: .count(2), "Growth that is allowed."),
            Parameter("threads", .count(0...1_000_000), default: .count(2), "Growth that is allowed."),
            Parameter("sockets", .count(0...1_000_000), default: .count(2), "Growth that is allowed."),
            Parameter("memory", .size(0...(1 << 40)), default: .size(4 << 20), "Growth that is allowed, bytes."),
        ],
        example: "{ no-leaks: subscriber, reconnects: 5 }")

    private let plan: ExpectationPlan

    init(_ plan: ExpectationPlan) { self.plan = plan }

    /// What there was after so many connections.
    private struct Level {
        var connections: Int
        var moment: Moment
        var sample: ProcessSample
        var halfClosed: Int
    }

    private static let leftOver: Set<String> = ["CLOSE_WAIT", "FIN_WAIT1", "FIN_WAIT2", "LAST_ACK", "CLOSING"]

    func judge(_ run: RunView) -> Finding {
        if let void = plan.unrecorded(.resources, run) { return void }
        return plan.judgeConnections(run) { judge(run, $0, $1) }
    }

    private func judge(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> Finding {
        let levels = levels(run, instance, connections)
        let owed = plan.count("reconnects") ?? 5
        let reconnects = max(0, levels.count - 1)
        guard reconnects >= owed, let first = levels.first, let last = levels.last else {
            return plan.void(
                "\(instance) came back \(reconnects) times with its levels known after it; \(owed) are needed to "
                    + "tell a "
                    + "leak from chance.")
        }
        let span = Double(last.connections - first.connections)
        func growth(_ level: (Level) -> Double) -> Double {
            (TheilSen(levels.map { (Double($0.connections), level($0)) })?.slope ?? 0) * span
        }
        let found: [(name: String, growth: Double, allowed: Double, unit: String)] = [
            (
                "descriptors", growth { Double($0.sample.descriptors) }, Double(plan.count("descriptors") ?? 2),
                "descriptors"
            ),
            ("threads", growth { Double($0.sample.threads) }, Double(plan.count("threads") ?? 2), "threads"),
            ("sockets half closed", growth { Double($0.halfClosed) }, Double(plan.count("sockets") ?? 2), "sockets"),
            (
                "memory", growth { Double($0.sample.memory) / 1048576 },
                Double(plan.parameters["memory"]?.size ?? 4 << 20) / 1048576, "MiB"
            ),
        ]
        let worst = found.max { $0.growth / max($0.allowed, 0.5) < $1.growth / max($1.allowed, 0.5) } ?? found[0]
        let evidence = NoLeaks.shown(levels).map { run.evidence($0.moment, NoLeaks.words($0)) }
        let grown = TimeText.rounded(max(0, worst.growth), digits: 1)
        guard worst.growth > worst.allowed else {
            return plan.pass(
                "After \(reconnects) reconnects \(instance) holds what it held before; the most that grew are "
                    + "\(worst.name), by \(grown).", measured: max(0, worst.growth), bound: worst.allowed,
                unit: worst.unit, evidence)
        }
        return plan.fail(
            "\(instance) leaks: over \(reconnects) reconnects its \(worst.name) grew by \(grown) \(worst.unit), "
                + "\(TimeText.rounded(worst.growth / max(span, 1), digits: 2)) each time; "
                + "\(TimeText.rounded(worst.allowed, digits: 1)) in all were allowed. \(NoLeaks.cause(worst.name))",
            measured: worst.growth, bound: worst.allowed, unit: worst.unit, evidence)
    }

    private static func cause(_ name: String) -> String {
        switch name {
        case "descriptors":
            "What usually causes it: a connection that is given up without close(), or a timer or poller for each."
        case "threads": "What usually causes it: a reader or heartbeat thread for each connection that nobody ends."
        case "memory":
            "What usually causes it: buffers, callbacks or sessions of old connections that are still listed."
        default:
            "What usually causes it: the other side's end is read, and the own end never closed (CLOSE_WAIT), or half "
                + "closed and forgotten (FIN_WAIT2)."
        }
    }

    /// The first sample of play, and the last one after each connection before the next.
    private func levels(
        _ run: RunView, _ instance: Instance, _ connections: [ConnectionInventory.Connection]
    ) -> [Level] {
        guard let play = run.play, let host = run.plan(of: instance.actor)?.host else { return [] }
        let ups = connections.compactMap(\.established?.time).sorted()
        let tables = run.sockets[host] ?? []
        var levels: [Level] = []
        var (seen, table) = (0, 0)
        for (moment, sample) in run.samples[instance] ?? [] where moment.time >= play && moment.time < run.stop {
            while seen < ups.count && ups[seen] <= moment.time { seen += 1 }
            while table + 1 < tables.count && tables[table + 1].moment.time <= moment.time { table += 1 }
            let states = tables.isEmpty || tables[table].moment.time > moment.time ? [] : tables[table].table.states
            let halfClosed = states.filter { NoLeaks.leftOver.contains($0.state) }.reduce(0) { $0 &+ $1.count }
            let level = Level(connections: seen, moment: moment, sample: sample, halfClosed: halfClosed)
            if let last = levels.last, last.connections == seen {
                levels[levels.count - 1] = level
            } else {
                levels.append(level)
            }
        }
        return levels
    }

    private static func shown(_ levels: [Level]) -> [Level] {
        let step = max(1, (levels.count - 1) / 6)
        let some = levels.enumerated().filter { $0.offset % step == 0 }.map(\.element)
        return some.last?.moment == levels.last?.moment ? some : some + levels.suffix(1)
    }

    private static func words(_ level: Level) -> String {
        "after \(level.connections) connections: \(level.sample.descriptors) descriptors, \(level.sample.threads) "
            + "threads, \(level.sample.memory >> 20) MiB, \(level.halfClosed) sockets half closed"
    }
}
