import Glibc
import Kernel

/// The watchdog's hands: looks at a guest, and asks it what runs before it is ended.
package struct GuestWatcher {
    private let guest: Guest
    private var watchdog: Watchdog

    package init(_ guest: Guest, patience: Duration = .seconds(20)) {
        self.guest = guest
        var limits = Watchdog.Limits()
        limits.patience = patience
        limits.crawl = patience * 9
        watchdog = Watchdog(limits, bootedAt: guest.startedAt)
    }

    /// Call it a few times a second. Not nil: the guest is to be ended, for this. The host lab is in real time, which
    /// never stands still: there only the start is watched.
    package mutating func look(recorded: Int64 = 0) -> StallReport? {
        let now = Clock.now
        let sight = Watchdog.Sight(
            wall: now, processor: guest.processorTime, virtual: guest.lab == .virtual ? guest.virtualTime : now,
            recorded: recorded, hasStarted: guest.hasStarted)
        switch watchdog.looked(sight) {
        case .wait: return nil
        case .askWhatRuns(let stall):
            // Before the questions, whose answers go to the console too.
            let tail = guest.consoleTail()
            let spinner = guest.lab == .virtual ? askWhatRuns() : nil
            return StallReport(stall: stall, spinner: spinner, console: tail)
        }
    }

    /// Several looks, some milliseconds apart; the process that most of them name.
    private func askWhatRuns() -> StallReport.Spinner? {
        let console = ManagementConsole(guest)
        // What `p` says is of the level of information, which only level 9 shows. (Never `t`: it crashes this kernel.)
        _ = console.ask("sysrq 9")
        var looks: [Int32: [String]] = [:]
        let count = 10
        for _ in 0..<count {
            guard let text = console.ask("sysrq p"), let (pid, name) = GuestWatcher.running(in: text) else { break }
            looks[pid, default: []].append(name)
            usleep(7_000)
        }
        // Ties go to the lowest number, so that equal looks give equal reports.
        guard let most = looks.max(by: { ($0.value.count, -$0.key) < ($1.value.count, -$1.key) }) else { return nil }
        return StallReport.Spinner(
            pid: most.key, name: most.value[0], share: Double(most.value.count) / Double(count))
    }

    /// From a line such as `Pid: 47, comm: python3 Not tainted 6.12.95`.
    static func running(in text: String) -> (pid: Int32, name: String)? {
        for line in text.split(separator: "\n") where line.hasPrefix("Pid: ") {
            let parts = line.dropFirst("Pid: ".count).split(separator: ",", maxSplits: 1)
            guard parts.count == 2, let pid = Int32(parts[0]), parts[1].hasPrefix(" comm: ") else { continue }
            var name = parts[1].dropFirst(" comm: ".count)
            for end in [" Not tainted", " Tainted"] {
                if let found = name.firstRange(of: end) { name = name[..<found.lowerBound] }
            }
            return (pid, String(name))
        }
        return nil
    }
}
