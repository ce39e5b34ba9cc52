import CLinux
import Glibc
import Kernel

/// A tiny process that takes down what this one leaves, whatever ends it, `kill -9` too. Tell it of a folder or a
/// process group before it is made; it acts once this process is gone (the pipe between them is at its end).
package final class Keeper: Sendable {
    private let pipe: Int32

    /// Call it at the very start, while there is one thread and little memory to copy.
    package init() throws(SystemError) {
        pipe = try System.call("start the process that cleans up") { halfopen_keeper_start() }
    }

    /// It acts now, unless another process holds a copy of the pipe.
    deinit { close(pipe) }

    /// The folder or file at `path` (absolute) is to be removed, with all in it.
    package func remove(_ path: String) { send("remove \(path)") }
    /// It has been removed, or is to stay.
    package func forget(_ path: String) { send("forget \(path)") }
    /// The processes of this group are to be killed.
    package func kill(group: Int32) { send("kill \(group)") }
    /// The group has ended; its number may be given to others.
    package func spare(group: Int32) { send("spare \(group)") }

    /// A keeper that is gone (someone killed it) must not end the run: SIGPIPE is avoided by looking first.
    private func send(_ line: String) {
        precondition(!line.contains("\n") && line.utf8.count < 4000, "the keeper takes one short line")
        var state = pollfd(fd: pipe, events: Int16(POLLOUT), revents: 0)
        guard poll(&state, 1, 1000) == 1, state.revents & Int16(POLLERR) == 0 else { return }
        try? Kernel.write(pipe, Array("\(line)\n".utf8), to: "the keeper")
    }
}
