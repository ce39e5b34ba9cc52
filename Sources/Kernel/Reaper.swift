import CLinux
import Glibc

/// The first process's duty: every process that ends is collected, its own children and the orphans it inherits.
package final class Reaper {
    private let signals: Descriptor
    private var handlers: [Int32: (ChildProcess.Ending) -> Void] = [:]
    private var token: EventLoop.Token?

    /// Blocks SIGCHLD for this process and reads it from a descriptor instead.
    package init(loop: EventLoop) throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGCHLD)
        try System.call("block SIGCHLD") { sigprocmask(SIG_BLOCK, &set, nil) }
        signals = Descriptor(
            owning: try System.call("make a signal descriptor") {
                signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
            })
        token = try loop.watch(signals.raw) { [unowned self] in collect() }
    }

    /// Calls `handler` once, when `pid` has ended.
    package func onEnd(of pid: Int32, _ handler: @escaping (ChildProcess.Ending) -> Void) {
        handlers[pid] = handler
    }

    /// Collects whoever has ended by now.
    package func collect() {
        while let bytes = try? signals.read(limit: 4096), !bytes.isEmpty {}
        var status: Int32 = 0
        while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
            handlers.removeValue(forKey: pid)?(ChildProcess.ending(of: status))
        }
    }
}
