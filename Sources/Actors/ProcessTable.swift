import Glibc
import Kernel

/// What /proc says about processes.
package enum ProcessTable {
    /// The fields of /proc/PID/stat that matter here.
    package struct Entry {
        package var pid: Int32
        package var parent: Int32
        package var state: Character
        package var session: Int32
        package var threads: Int
        /// User and system CPU time, nanoseconds (in steps of 10 ms).
        package var cpu: Int64
        /// Resident memory, bytes.
        package var memory: Int64
    }

    /// Live processes (not zombies) of a session, in the order of their numbers.
    package static func members(ofSession session: Int32) -> [Int32] {
        entries(from: session).filter { $0.session == session && $0.state != "Z" }.map(\.pid)
    }

    /// Processes with this number or a higher one: those of a session come after its leader. A child that made a
    /// session of its own (PostgreSQL does, for every connection) counts to the session of its parent.
    package static func entries(from lowest: Int32) -> [Entry] {
        let names = (try? Files.list("/proc")) ?? []
        var sessions: [Int32: Int32] = [:]
        return names.compactMap(Int32.init).filter { $0 >= lowest }.sorted().compactMap(entry).map { entry in
            var entry = entry
            // A parent is older than its child, so it comes first.
            entry.session = sessions[entry.parent] ?? entry.session
            sessions[entry.pid] = entry.session
            return entry
        }
    }

    /// As /proc has it: with its very own session.
    package static func entry(_ pid: Int32) -> Entry? {
        guard let text = Files.text("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        // After the name in parentheses, which may hold anything: state is field 3 (proc_pid_stat(5)).
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 21, let parent = Int32(fields[1]), let session = Int32(fields[3]),
            let state = fields[0].first
        else { return nil }
        let ticks = (Int64(fields[11]) ?? 0) + (Int64(fields[12]) ?? 0)
        let perSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        return Entry(
            pid: pid, parent: parent, state: state, session: session, threads: Int(fields[17]) ?? 0,
            cpu: ticks * 1_000_000_000 / perSecond,
            memory: (Int64(fields[21]) ?? 0) * Int64(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// How often its threads that live have gone to sleep by themselves (proc_pid_status(5)).
    package static func wakeups(of pid: Int32) -> Int64 {
        let threads = (try? Files.list("/proc/\(pid)/task")) ?? []
        return threads.reduce(0) { sum, thread in
            let name = "voluntary_ctxt_switches:"
            let lines = (Files.text("/proc/\(pid)/task/\(thread)/status") ?? "").split(separator: "\n")
            let line = lines.last { $0.hasPrefix(name) }
            return sum + (line.flatMap { Int64($0.dropFirst(name.count).drop { $0 == "\t" }) } ?? 0)
        }
    }

    /// The sockets that a process holds: its descriptors in order, with the inode of each. None when it has ended.
    package static func sockets(of pid: Int32) -> [(descriptor: Int32, inode: UInt32)] {
        guard let folder = try? Descriptor.open("/proc/\(pid)/fd", O_RDONLY | O_DIRECTORY) else { return [] }
        let place = folder.raw
        let numbers = ((try? Files.list("/proc/\(pid)/fd")) ?? []).compactMap { Int32($0) }.sorted()
        var text = [UInt8](repeating: 0, count: 64)
        return numbers.compactMap { number in
            // By the folder: the kernel would find the process anew for each of thousands of names.
            let length = readlinkat(place, String(number), &text, text.count)
            return length < 0 ? nil : inode(ofSocket: text[..<length]).map { (number, $0) }
        }
    }

    /// From `socket:[12345]`; nil for anything else.
    private static func inode(ofSocket text: ArraySlice<UInt8>) -> UInt32? {
        guard text.starts(with: socketPrefix), text.last == UInt8(ascii: "]") else { return nil }
        return UInt32(String(decoding: text[socketPrefix.count..<(text.count - 1)], as: UTF8.self))
    }

    private static let socketPrefix = Array("socket:[".utf8)

    package static func descriptors(of pid: Int32) -> Int {
        ((try? Files.list("/proc/\(pid)/fd")) ?? []).count
    }
}
