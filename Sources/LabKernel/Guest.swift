import CLinux
import Glibc
import Kernel

/// A lab that runs, seen from outside: its process, its console, what it costs. Either the lab kernel's process or, in
/// the host lab, the first process of the lab's namespaces. It dies with this process.
package final class Guest {
    package let lab: LabKind
    /// Of the host: what the lab sees at `GuestInit.runFolder`.
    package let runFolder: String
    /// What it took, once it has ended.
    package private(set) var cost: Cost?
    /// Nil while it runs.
    package private(set) var ending: ChildProcess.Ending?
    /// Wall time of its start, CLOCK_MONOTONIC.
    package let startedAt: Int64

    let folder: PrivateFolder
    private let child: ChildProcess
    private let consolePipe: Descriptor
    private let clockAddress: UInt64?
    private let keeper: Keeper
    private var consoleText: [UInt8] = []
    private var reports: [String] = []
    private var unfinished: [UInt8] = []

    /// What a lab took of the machine.
    package struct Cost: Equatable, Sendable {
        /// Of the kernel and of all processes in it, nanoseconds.
        package var processorTime: Int64
        package var wallTime: Int64
        /// The most memory at one time, bytes: of the lab's kernel, not of what the host keeps for it.
        package var memory: Int64
    }

    init(
        child: consuming ChildProcess, console: consuming Descriptor, folder: PrivateFolder, runFolder: String,
        clockAddress: UInt64?, keeper: Keeper
    ) {
        self.child = child
        consolePipe = console
        self.folder = folder
        self.runFolder = runFolder
        self.clockAddress = clockAddress
        self.keeper = keeper
        lab = clockAddress == nil ? .host : .virtual
        startedAt = Clock.now
        keeper.kill(group: self.child.pid)
    }

    package var pid: Int32 { child.pid }
    /// Readable once it has ended.
    package var descriptor: Int32 { child.descriptor.raw }
    /// Readable when there is something for `readConsole`.
    package var console: Int32 { consolePipe.raw }

    /// Nanoseconds of the lab's CLOCK_MONOTONIC, read from outside without disturbing it; nil when it has ended, when
    /// this machine does not let us, and for the host lab.
    package var virtualTime: Int64? {
        guard let clockAddress, ending == nil else { return nil }
        // The structure that it points to begins with the time (lab-kernel/shared-clock.patch).
        var clock: UInt64 = 0
        var time: Int64 = 0
        guard halfopen_peek(pid, clockAddress, &clock, 8) == 0 else { return nil }
        return halfopen_peek(pid, clock, &time, 8) == 0 ? time : nil
    }

    /// What it took of processors until now, nanoseconds: the kernel, and the processes in which it runs those of the
    /// guest. To 10 ms.
    package var processorTime: Int64 {
        let children = (Files.text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ")
        let ticks = ([String(pid)] + children.map(String.init)).reduce(0) { $0 + Guest.ticks(of: $1) }
        return ticks * (1_000_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// User and system time of a process and of the children it has waited for: fields 14 to 17 of proc(5)'s stat.
    private static func ticks(of process: String) -> Int64 {
        guard let text = Files.text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return 0 }
        let fields = text[end...].split(separator: " ")
        return fields.count > 15 ? fields[12...15].reduce(0) { $0 + (Int64($1) ?? 0) } : 0
    }

    /// Whether the guest half has said that it runs.
    package private(set) var hasStarted = false

    /// Takes what the lab's kernel and its first process printed since the last call. Only the last 64 kB are kept.
    /// False once there will be no more.
    @discardableResult
    package func readConsole() -> Bool {
        while let part = try? consolePipe.read() {
            if part.isEmpty { return false }
            consoleText += part
            collectReports(part)
            if !hasStarted { hasStarted = lines.contains(GuestInit.startedLine) }
            if consoleText.count > 1 << 17 { consoleText.removeFirst(consoleText.count - (1 << 16)) }
        }
        return true
    }

    /// Like `readConsole`, but waits until there is something.
    package func awaitConsole() -> Bool {
        var wait = pollfd(fd: console, events: Int16(POLLIN), revents: 0)
        poll(&wait, 1, -1)
        return readConsole()
    }

    /// The guest half's own lines (they begin with "@") since the last call.
    package func takeReports() -> [String] {
        defer { reports = [] }
        return reports
    }

    private func collectReports(_ part: [UInt8]) {
        unfinished += part
        while let end = unfinished.firstIndex(of: 0x0A) {
            let line = String(decoding: unfinished[..<end], as: UTF8.self).filter { $0 != "\r" && $0 != "\r\n" }
            if line.hasPrefix("@") { reports.append(line) }
            unfinished.removeSubrange(...end)
        }
        if unfinished.count > 1 << 16 { unfinished = [] }
    }

    private var lines: [String] {
        String(decoding: consoleText, as: UTF8.self).split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }.map(String.init)
    }

    /// The last lines of the console, without our own, and of a kernel's last words only what happened: where it was
    /// in its code helps nobody who reads this.
    package func consoleTail(_ count: Int = 12) -> [String] {
        // What the kernel says while it starts is the same each time, and nothing once it has.
        let lines = lines
        let beginning = lines.lastIndex(of: GuestInit.startedLine).map { $0 + 1 } ?? 0
        let told = lines[beginning...].filter { !$0.isEmpty && !$0.hasPrefix("@") }
        let end = told.firstIndex { $0.hasPrefix("Kernel panic") } ?? told.count - 1
        return Array(told.prefix(end + 1).suffix(count))
    }

    /// Ends it at once, with everything in it.
    package func terminate() {
        guard ending == nil else { return }
        halfopen_pidfd_signal(descriptor, SIGKILL)
        Glibc.kill(-pid, SIGKILL)
    }

    /// Whether it has ended; collects its ending and its cost.
    @discardableResult
    package func hasEnded() -> Bool {
        if ending != nil { return true }
        var (status, usage) = (Int32(0), rusage())
        guard wait4(pid, &status, WNOHANG, &usage) == pid else { return false }
        ending = ChildProcess.ending(of: status)
        func nanoseconds(_ time: timeval) -> Int64 { Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000 }
        cost = Cost(
            processorTime: nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
            wallTime: Clock.now - startedAt, memory: Int64(usage.ru_maxrss) * 1024)
        // Processes of a guest that was killed die a moment after its kernel.
        Glibc.kill(-pid, SIGKILL)
        keeper.spare(group: pid)
        return true
    }

    /// Waits for its end, which must be near (`terminate`, or the console at its end).
    package func waitForEnd() {
        while !hasEnded() {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, 1000)
        }
        readConsole()
    }

    /// Removes what it kept on the host, but for the run folder that the options named. It must have ended.
    package func cleanUp() {
        precondition(ending != nil, "a lab that runs still needs its folder")
        folder.remove()
    }
}
