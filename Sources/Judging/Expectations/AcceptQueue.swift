import Recordings
import Scenarios

/// A server's accept queue has room for those who come.
struct AcceptQueue: Expectation {
    static let definition = ExpectationDefinition(
        name: "accept-queue",
        summary: "No connection is turned away because the server's accept queue is full.",
        details: """
            Measured is how many connections the listening sockets of the actor's host had no room for in play, by the \
            kernel's own count (ListenOverflows of /proc/net/netstat). A client whose connection is turned away so \
            sends its SYN again, a second later at the soonest, and then twice as late each time: a storm that \
            overflows the queue stretches itself. Every actor on that host shares the count.

            It is void when the host's sockets were not sampled before the end of play, and in recordings of before \
            format 2, which do not count.
            """,
        subject: .actor,
        parameters: [
            Parameter("most", .count(0...1_000_000_000), default: .count(0), "Most connections turned away.")
        ],
        example: "{ accept-queue: broker }")

    private let plan: ExpectationPlan
    private let most: Int

    init(_ plan: ExpectationPlan) {
        self.plan = plan
        most = plan.count("most") ?? 0
    }

    func judge(_ run: RunView) -> Finding {
        guard run.recording.header.records.contains(.connections) else {
            return plan.void("The recording does not count what accept queues had no room for: it is of format 1.")
        }
        let host = run.plan(of: plan.actor)?.host ?? ""
        let play = run.play ?? run.stop
        let samples = run.sockets[host] ?? []
        let before = samples.last { $0.moment.time <= play }?.table.overflows ?? 0
        let during = samples.filter { $0.moment.time > play && $0.moment.time <= run.stop }
        guard let last = during.last else { return plan.void("The sockets of \(host) were not sampled in play.") }
        var rises: [(moment: Moment, count: Int64)] = []
        var known = before
        for sample in during where sample.table.overflows > known {
            rises.append((sample.moment, sample.table.overflows - known))
            known = sample.table.overflows
        }
        let total = known - before
        guard total > most else {
            let text = total == 0 ? "turned nobody away" : "turned away \(Int(total).counted("connection"))"
            return plan.pass(
                "The accept queues of \(host) \(text).", measured: Double(total), bound: Double(most),
                unit: "connections", [run.evidence(last.moment, "the last count: \(total)")])
        }
        let first = rises[0].moment.time
        return plan.fail(
            "The accept queues of \(host) had no room for \(Int(total).counted("connection")), from \(run.at(first)) "
                + "on, \(run.context(at: first)); \(most) were allowed. Usually a backlog that is too short for all "
                + "clients at once (listen(2), net.core.somaxconn), or a server that accepts too slowly.",
            measured: Double(total), bound: Double(most), unit: "connections",
            rises.prefix(8).map { run.evidence($0.moment, "\($0.count) more were turned away") })
    }
}
