import Glibc
import JSONLines
import Kernel

/// The near end of a driver's standard input. A command goes in whole or not at all, and nobody ever waits for a driver
/// that does not read.
package final class CommandInput {
    private let pipe: Descriptor

    /// - Parameter writer: the writing end of a pipe.
    package init(owning writer: Int32) throws(SystemError) {
        pipe = Descriptor(owning: writer)
        try pipe.setNonBlocking()
        Signals.ignoreBrokenPipes()
    }

    /// Sends a command as a line. Nil when it is on its way, otherwise why the driver does not get it.
    package func send(_ command: JSON) -> String? {
        let line = command.utf8Line + [0x0A]
        // A longer one could go in by half (pipe(7)); the check of a scenario refuses it.
        precondition(line.count <= PIPE_BUF, "a command of \(line.count) bytes")
        let raw = pipe.raw
        do throws(SystemError) {
            let written = try System.attempt("send a command") { write(raw, line, line.count) }
            return written == nil ? "it does not read its standard input, which is full" : nil
        } catch {
            return error.code == EPIPE ? "it has closed its standard input" : error.description
        }
    }
}
