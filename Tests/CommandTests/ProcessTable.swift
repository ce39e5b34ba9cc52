import Foundation

/// What /proc says, for tests that ask what a run has left behind.
enum ProcessTable {
    /// A process for ever: numbers are used again, start times are not.
    struct Process: Hashable, CustomStringConvertible {
        var pid: Int32
        var start: String
        var description: String { "process \(pid) (\(ProcessTable.commandLine(pid).prefix(60)))" }
    }

    struct Entry {
        var process: Process
        var parent: Int32
        var session: Int32
        var state: Character
        /// It has ended, and waits for its parent or init to take notice; its namespaces are still named.
        var isZombie: Bool { state == "Z" || state == "X" }
    }

    /// Clock ticks since the machine's start: what `start` counts in.
    static var now: Int { Int((Double(read("/proc/uptime").split(separator: " ").first ?? "") ?? 0) * 100) }

    static func entries() -> [Int32: Entry] {
        var found: [Int32: Entry] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            if let pid = Int32(name), let entry = entry(pid) { found[pid] = entry }
        }
        return found
    }

    static func entry(_ pid: Int32) -> Entry? {
        let text = read("/proc/\(pid)/stat")
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let session = Int32(fields[3]) else { return nil }
        return Entry(
            process: Process(pid: pid, start: String(fields[19])), parent: parent, session: session,
            state: fields[0].first!)
    }

    /// A process, its children, theirs, and whoever is in a session of one of them.
    static func family(of root: Int32) -> Set<Process> {
        let all = entries()
        var members: Set<Int32> = [root]
        var before = 0
        while members.count > before {
            before = members.count
            for entry in all.values where members.contains(entry.parent) || members.contains(entry.session) {
                members.insert(entry.process.pid)
            }
        }
        return Set(members.compactMap { all[$0]?.process })
    }

    /// Neither gone nor a zombie.
    static func isAlive(_ process: Process) -> Bool {
        guard let entry = entry(process.pid), entry.process == process else { return false }
        return !entry.isZombie
    }

    /// Namespaces of these processes, but for our own.
    static func namespaces(_ family: some Sequence<Int32>) -> Set<String> {
        func all(_ pid: String) -> Set<String> {
            Set(["net", "mnt", "pid", "user", "ipc", "uts"].compactMap { link("/proc/\(pid)/ns/\($0)") })
        }
        return family.reduce(into: Set<String>()) { $0.formUnion(all(String($1))) }.subtracting(all("self"))
    }

    static func commandLine(_ pid: Int32) -> String {
        read("/proc/\(pid)/cmdline").replacingOccurrences(of: "\0", with: " ")
    }

    static func commandLines() -> [String] { entries().keys.map(commandLine) }

    static func link(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    private static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
