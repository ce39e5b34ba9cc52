import Foundation
import Testing

/// `kill -9` of the runner or of the lab's first process at any moment leaves nothing: no process, no namespace, no
/// mount, no file but the run that was there before.
@Suite(.serialized) struct LeftBehindTests {
    enum Victim: String, CaseIterable { case runner, lab }

    /// The moments are drawn from this; a failure names its own.
    private static let seed: UInt64 = 20_260_101

    @Test(arguments: Victim.allCases) func `kill -9 in the virtual lab`(_ victim: Victim) throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "5m"))
        try kill(victim, times: 25, scratch, ["--seed", "1"], folder: "seed-1")
    }

    @Test(arguments: Victim.allCases) func `kill -9 in the host lab`(_ victim: Victim) throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "2s", link: "delay: 0ms"))
        try kill(victim, times: 5, scratch, ["--lab", "host"], folder: "seed-1-host")
    }

    @Test func `an interrupt ends everything and says so`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "60d"))
        let before = Leftovers.now()
        let run = try Running(["run", "test.yaml", "--seeds", "1..4", "--jobs", "2"], in: scratch.path)
        // Well into the run.
        let deadline = Date() + 20
        while !scratch.list("reports/test").contains(where: {
            scratch.bytes("reports/test/\($0)/recording.jsonl").count > 2000
        }) {
            guard run.process.isRunning, Date() < deadline else { break }
            usleep(20_000)
        }
        let family = ProcessTable.family(of: run.pid)
        #expect(family.count > 4)
        Foundation.kill(run.pid, SIGINT)
        let outcome = try run.end()
        #expect(outcome.status == 130, "\(outcome.all)")
        #expect(outcome.errors.contains("interrupted; 0 of 4 runs were finished"), "\(outcome.all)")
        #expect(Leftovers.wait(for: family, since: before, namespaces: []) == [])
        #expect(scratch.list("reports/test") == [])
    }

    private func kill(
        _ victim: Victim, times: Int, _ scratch: Scratch, _ options: [String], folder: String
    ) throws {
        // A run that stands there before. The moments are all over the time that it took.
        let start = Date()
        let first = try Played.play(scratch, options)
        let latest = Date().timeIntervalSince(start)
        #expect(first.outcome.status == 0, "\(first.outcome.all)")
        let recording = "reports/test/\(folder)/recording.jsonl"
        var old = scratch.bytes(recording)
        var moments = Moments(state: LeftBehindTests.seed &+ UInt64(times))
        for _ in 0..<times {
            let moment = moments.next() * latest
            let (before, mounts) = (Leftovers.now(), Leftovers.mounts())
            let run = try Running(["run", "test.yaml"] + options, in: scratch.path)
            usleep(UInt32(moment * 1e6))
            // Nobody is born while the family is counted.
            guard run.process.isRunning else { continue }
            Foundation.kill(run.pid, SIGSTOP)
            let family = ProcessTable.family(of: run.pid)
            let namespaces = ProcessTable.namespaces(family.map(\.pid))
            let target = victim == .runner ? run.pid : labProcess(family) ?? run.pid
            Foundation.kill(target, SIGKILL)
            Foundation.kill(run.pid, SIGCONT)
            let outcome = try run.end()
            let left = Leftovers.wait(for: family, since: before, namespaces: namespaces)
            #expect(left == [], "\(victim) killed after \(moment) s: \(outcome.all)")
            #expect(Leftovers.mounts() == mounts, "\(victim) killed after \(moment) s")
            #expect(scratch.list("reports/test") == [folder], "\(victim) killed after \(moment) s: \(outcome.all)")
            if target == run.pid {
                // The old run, or the whole new one.
                let now = scratch.bytes(recording)
                #expect(now == old || now.contains("\"reason\":\"finished\""), "\(victim) killed after \(moment) s")
            } else if outcome.status != 0 {
                #expect(outcome.status == 70, "\(victim) killed after \(moment) s: \(outcome.all)")
                #expect(
                    outcome.all.contains("killed by signal 9"), "\(victim) killed after \(moment) s: \(outcome.all)")
            }
            old = scratch.bytes(recording)
        }
    }

    /// The lab kernel, or the first process of a host lab. Its children have the same command line, and where numbers
    /// have come round to the start they may be the lower ones; killing one of those is a crash of an actor.
    private func labProcess(_ family: Set<ProcessTable.Process>) -> Int32? {
        func isOfLab(_ pid: Int32) -> Bool {
            let line = ProcessTable.commandLine(pid)
            return line.contains(" umid=") || line.contains(" guest host ")
        }
        return family.map(\.pid).first { pid in
            isOfLab(pid) && !isOfLab(ProcessTable.entry(pid)?.parent ?? 0)
        }
    }
}

extension Data {
    fileprivate func contains(_ text: String) -> Bool { range(of: Data(text.utf8)) != nil }
}

/// What runs keep outside of their reports.
enum Leftovers {
    private static let places: Set<String> = [
        "/dev/shm", "/tmp", NSTemporaryDirectory().trimmingSuffix("/"),
        ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? "/tmp",
    ]

    /// Private folders of labs.
    static func now() -> Set<String> {
        Set(
            places.flatMap { place in
                ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [])
                    .filter { $0.range(of: "^halfopen-[0-9a-f]{16}$", options: .regularExpression) != nil }
                    .map { "\(place)/\($0)" }
            })
    }

    static func mounts() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count { $0.contains("halfopen") }
    }

    /// What is still there after half a minute, at once when nothing is: a busy machine takes its time to take killed
    /// processes apart, and to reap them, and that is the kernel's affair and init's. Other runs on this machine go on
    /// meanwhile: folders that somebody works in are not ours, and a namespace's number may be given to somebody born
    /// later.
    static func wait(
        for family: Set<ProcessTable.Process>, since before: Set<String>, namespaces: Set<String>
    ) -> [String] {
        let (deadline, killed) = (Date() + 30, ProcessTable.now)
        // Others make folders a moment before anybody works in them: ours would be there at every look.
        var suspects = now().subtracting(before)
        while true {
            let processes = ProcessTable.entries().keys
            var left = family.filter(ProcessTable.isAlive).map(\.description)
            suspects.formIntersection(now())
            if !suspects.isEmpty {
                let used = Set(processes.compactMap { ProcessTable.link("/proc/\($0)/cwd") })
                let lines = processes.map(ProcessTable.commandLine)
                suspects = suspects.filter { folder in
                    !used.contains(folder) && !lines.contains { $0.contains(folder) }
                }
                left += suspects
            }
            for process in namespaces.isEmpty ? [] : Array(processes) {
                let held = namespaces.intersection(ProcessTable.namespaces([process]))
                guard !held.isEmpty, let entry = ProcessTable.entry(process), !entry.isZombie else { continue }
                guard Int(entry.process.start) ?? 0 <= killed else { continue }
                left.append("\(entry.process), state \(entry.state), in \(held.sorted())")
            }
            if left.isEmpty || Date() > deadline { return left.sorted() }
            usleep(20_000)
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}

/// Moments that look random and are not.
struct Moments {
    var state: UInt64
    /// 0...1
    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / Double(UInt64(1) << 53)
    }
}
