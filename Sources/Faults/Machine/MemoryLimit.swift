import Actors
import CLinux
import Glibc
import Kernel
import Scenarios

/// A container that is too small.
package struct MemoryLimit: Fault {
    package static let definition = FaultDefinition(
        name: "memory-limit",
        summary:
            "An actor may take so much more memory and no more; then the kernel kills it, as in a small container.",
        wire: """
            Nothing until the memory is used up. Then the kernel kills all processes of the instance at once (SIGKILL, \
            Kubernetes' OOMKilled): its sockets are closed with FIN, or RST where data was unread, and whoever knocks \
            is refused. What the kernel keeps for it counts too: buffers of its sockets, pages of files that it reads; \
            those of files are given back first.
            """,
        heals: """
            There is no limit any more. An instance that was killed is started again, with the same command.
            """,
        hit: "One for each instance that the kernel killed for want of memory, by its own count (memory.events).",
        mechanism: """
            A control group (cgroup v2) of its own for each instance's processes, with memory.max and \
            memory.oom.group. Memory that they had before stays where it was counted, so that the limit is of what \
            they take from then on. In the virtual lab; on a host only where the lab may make control groups.
            """,
        target: .actor, extent: .interval, strike: .firstHit,
        labs: .hostNeeds("control groups that the lab may make (cgroup v2 with memory)"),
        parameters: [
            Parameter(
                "left", .size((1 << 20)...(64 << 30)), required: true,
                "How much memory each instance's processes may take from then on, together.")
        ],
        example: "- { at: 5m, until: 9m, fault: memory-limit, of: subscriber, left: 16 MiB }")

    private let actor: String
    private let left: Int64
    private let id: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        left = plan.size("left") ?? 0
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let missing = (
            what: "control groups that the lab may make (cgroup v2 with memory)",
            codes: [ENODEV, EPERM, EACCES, EROFS, EBUSY, ENOENT]
        )
        return try Self.attempt(missing: missing) {
            let active = Active(actor: actor, field: field)
            do {
                let processes = Set(field.actors.processes(of: actor))
                // The processes of an instance are a session.
                for entry in ProcessTable.entries(from: processes.min() ?? 0) where processes.contains(entry.pid) {
                    try active.group(of: entry.session, id: id, limit: left).add(entry.pid)
                }
                field.actors.expectEnd(of: actor)
            } catch {
                active.free()
                throw error
            }
            return active
        }
    }

    private final class Active: ActiveFault {
        private let actor: String
        private var groups: [Int32: ControlGroup] = [:]
        private let field: any FaultField
        /// What it came to, once healed.
        private var total: Int64?

        init(actor: String, field: any FaultField) {
            self.actor = actor
            self.field = field
        }

        func group(of session: Int32, id: String, limit: Int64) throws(SystemError) -> ControlGroup {
            if let group = groups[session] { return group }
            let group = try ControlGroup("\(id)-\(session)")
            groups[session] = group
            try group.write("memory.max", "\(limit)")
            try group.write("memory.oom.group", "1")
            return group
        }

        func free() {
            let processes = field.actors.processes(of: actor)
            for group in groups.values { group.remove(processes: processes) }
        }

        func hits() -> Int64 { total ?? groups.values.reduce(0) { $0 + $1.kills } }

        func heal() {
            if total != nil { return }
            total = hits()
            free()
            field.actors.start(actor)
        }
    }
}

/// A control group of the lab's own hierarchy, which is mounted when it is first needed and vanishes with the lab.
private struct ControlGroup {
    private static let root = "/run/halfopen-groups"
    private let path: String

    init(_ name: String) throws(SystemError) {
        path = "\(Self.root)/\(name)"
        if !Files.exists("\(Self.root)/cgroup.procs") {
            try Files.makeFolder(Self.root)
            _ = try System.call("mount control groups at", Self.root) {
                halfopen_mount("cgroup2", Self.root, 0, nil)
            }
        }
        try Self.write("\(Self.root)/cgroup.subtree_control", "+memory")
        try Files.makeFolder(path)
    }

    private static func write(_ path: String, _ text: String) throws(SystemError) {
        let file = try Descriptor.open(path, O_WRONLY)
        try file.write(Array(text.utf8), to: path)
    }

    func write(_ file: String, _ text: String) throws(SystemError) { try Self.write("\(path)/\(file)", text) }

    /// Fine for one that has ended.
    func add(_ process: Int32) throws(SystemError) {
        do throws(SystemError) {
            try write("cgroup.procs", "\(process)")
        } catch {
            if error.code != ESRCH { throw error }
        }
    }

    /// How often all that is in it was killed.
    var kills: Int64 {
        let lines = (Files.text("\(path)/memory.events") ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("oom_group_kill ") }
        return line.flatMap { Int64($0.dropFirst(15)) } ?? 0
    }

    /// Its processes belong to the root of the hierarchy again.
    func remove(processes: [Int32]) {
        for process in processes { try? Self.write("\(Self.root)/cgroup.procs", "\(process)") }
        rmdir(path)
    }
}
