import CLinux
import Glibc
import Kernel

/// The reference pair: a feed's server and client that manage their connection right. They are the actors that need no
/// installation, and the client is the model to read (`FeedClient`).
package enum Feed {
    static let version = "1"

    package static let help = """
        usage: halfopen feed server [--port 7000] [--interval 5s] [--heartbeat 10s] [--missed 2] [--window 1000]
                                    [--hello-timeout 10s] [--token TEXT] [--stream ticks]
               halfopen feed client --to HOST [--port 7000] [--connect-timeout 10s] [--missed 2] [--stable-after 30s]
                                    [--backoff-initial 1s] [--backoff-factor 2] [--backoff-cap 20s]
                                    [--token TEXT] [--stream ticks]

        The reference feed, as actors of a scenario. The server publishes a numbered message every --interval and keeps
        the newest --window of them for subscribers that come back. Both sides say a heartbeat every --heartbeat and
        give each other up after --missed of them in a row. Both speak the driver protocol on standard output.

        """

    /// Runs `halfopen feed ARGUMENTS` until it is ended; returns an exit status (64: usage, 70: our own error).
    package static func main(arguments: [String]) -> Int32 {
        do {
            let loop = try EventLoop()
            switch arguments.first {
            case "server":
                let shell = try ServerShell(try ServerOptions(parsing: Array(arguments.dropFirst())), on: loop)
                try shell.start(commandsFrom: STDIN_FILENO)
                try withExtendedLifetime(shell) { try loop.run() }
            case "client":
                let shell = ClientShell(try ClientOptions(parsing: Array(arguments.dropFirst())), on: loop)
                shell.start()
                try withExtendedLifetime(shell) { try loop.run() }
            case "--help", "-h":
                write(help, to: STDOUT_FILENO)
                return 0
            default: throw UsageError(message: "say server or client")
            }
            return 0
        } catch let error as UsageError {
            write("halfopen feed: \(error.message)\n\n\(help)", to: STDERR_FILENO)
            return 64
        } catch {
            write("halfopen feed: \(error)\n", to: STDERR_FILENO)
            return 70
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        // When even that cannot be written there is nobody left to tell.
        try? Kernel.write(descriptor, Array(text.utf8))
    }
}
