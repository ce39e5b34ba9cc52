import JSONLines
import Kernel

/// What a user of the virtual lab waits for.
enum VirtualMeasures {
    private static let rounds = 5

    static func run(_ halfopen: Subject) throws {
        try start(halfopen)
        try idleHour(halfopen)
        try demo(halfopen)
    }

    private static func sleepers(hours: Int) -> String {
        """
        format: 1
        name: bench
        summary: Nothing happens.
        lab: { hosts: { left: {}, right: {} }, links: [{ between: [left, right] }] }
        actors:
          feed:
            role: server
            on: right
            run: [halfopen, feed, server, --port, "7000", --interval, 24h, --heartbeat, 24h]
            ready: { port: 7000 }
          client: { role: client, on: left, run: [halfopen, feed, client, --to, feed, --port, "7000"] }
        timeline:
          - { end: \(hours)h }
        expect:
          - { connects: client, within: 10s }
        """
    }

    private static func start(_ halfopen: Subject) throws {
        Bench.title("from the command to the first actor started, virtual lab, median of \(rounds)")
        let times = try (0..<rounds).map { _ in
            try halfopen.run(sleepers(hours: 1)) { outcome in
                let run = outcome.runs[0]
                let before = outcome.wallSeconds - (run["wall_seconds"]?.number ?? 0)
                return before + (run["phases_wall_seconds"]?["start"]?.number ?? .infinity)
            }
        }
        Bench.row("first actor started after", "\(Bench.text(Bench.median(times))) s", "0.3 s or less")
    }

    private static func idleHour(_ halfopen: Subject) throws {
        Bench.title("an idle virtual hour more, median of \(rounds)")
        func wall(hours: Int) throws -> Double {
            Bench.median(
                try (0..<rounds).map { _ in try halfopen.run(sleepers(hours: hours)) { $0.wallSeconds } })
        }
        let (short, long) = (try wall(hours: 1), try wall(hours: 161))
        Bench.row("wall time of an idle hour", "\(Bench.text((long - short) / 160, digits: 4)) s", "under 0.05 s")
    }

    private static func demo(_ halfopen: Subject) throws {
        Bench.title("demo scenarios of 30 virtual minutes, one at a time on one processor")
        try halfopen.run(paths: ["scenarios/demo"], options: ["--jobs", "1"]) { outcome in
            for run in outcome.runs {
                let (wall, virtual) = (run["wall_seconds"]?.number ?? 0, run["virtual_seconds"]?.number ?? 0)
                Bench.row(
                    run["scenario"]?.string ?? "",
                    "\(Bench.text(wall, digits: 2)) s, \(Int64(virtual / wall)) times real time",
                    "3 s or less")
            }
        }
    }
}
