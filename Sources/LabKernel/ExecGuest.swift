import Glibc
import Kernel

/// The guest half of `kernel exec`: runs one command as a child of process 1.
package enum ExecGuest {
    /// The first of the orders' arguments.
    package static let word = "exec"

    /// Never returns: the lab ends with the command.
    package static func run(_ orders: GuestOrders) -> Never {
        var status: Int32 = 127
        do {
            status = try play(orders)
        } catch {
            GuestInit.tell("\(error)")
            try? Files.write("\(GuestInit.runFolder)/stderr", "halfopen: \(error)\n")
        }
        try? Files.write("\(GuestInit.runFolder)/status", "\(status)")
        GuestInit.end(orders)
    }

    private static func play(_ orders: GuestOrders) throws -> Int32 {
        let loop = try EventLoop()
        let reaper = try Reaper(loop: loop)
        let input = try Descriptor.open("/dev/null", O_RDONLY)
        // O_SYNC: what is written is on the host's side at once, also when the kernel ends unexpectedly.
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_SYNC
        let output = try Descriptor.open("\(GuestInit.runFolder)/stdout", flags)
        let error = try Descriptor.open("\(GuestInit.runFolder)/stderr", flags)
        let command = Array(orders.arguments.dropFirst(2))
        let child = try ChildProcess(
            SpawnRequest(
                program: command[0], arguments: Array(command.dropFirst()),
                environment: [
                    ("PATH", ChildProcess.searchPath.joined(separator: ":")), ("HOME", "/tmp"), ("TMPDIR", "/tmp"),
                    ("LC_ALL", "C.UTF-8"), ("HALFOPEN_LAB", orders.lab.rawValue),
                ],
                folder: orders.arguments[1], input: input.raw, output: output.raw, error: error.raw))
        var ending: ChildProcess.Ending?
        reaper.onEnd(of: child.pid) {
            ending = $0
            loop.stop()
        }
        try loop.run()
        switch ending {
        case .exited(let status): return status
        // As a shell says it.
        case .killed(let signal): return 128 + signal
        case nil: return 127
        }
    }
}
