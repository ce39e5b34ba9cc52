import CLinux
import Glibc
import JSONLines
import Kernel

/// The reference pair: a feed's server and client that manage their connection right. They are the actors that need no
/// installation, and the client is the model to read (`FeedClient`).
package enum Feed {
    static let version = "1"

    package static let help = """
        usage: halfopen feed server [--port 7000] [--interval 5s] [--heartbeat 10s] [--missed 2] [--window 1000]
                                    [--hello-timeout 10s] [--token TEXT] [--stream ticks] [--mutant NAME]
                                    [--resume-for 24h] [--node NAME] [--secret TEXT] [--requests-per-second N]
                                    [--request-limit 100] [--ports 1] [--connections N] [--coalesce DURATION]
                                    [--transport tcp|tls|ws|wss] [--certificate FILE --key FILE]
                                    [--tls-min 1.2] [--tls-max 1.3]
               halfopen feed client --to HOST[,HOST...] [--port 7000] [--connect-timeout 10s] [--missed 2]
                                    [--stable-after 30s] [--backoff-initial 1s] [--backoff-factor 2] [--backoff-cap 20s]
                                    [--token TEXT] [--stream ticks] [--mutant NAME] [--acknowledge-after 1s]
                                    [--breaker-after 0] [--breaker-open 30s] [--request-every DURATION]
                                    [--bulk-every DURATION] [--request-deadline 30s] [--publish-every DURATION]
                                    [--publish-stream orders] [--publish-class critical] [--queue-limit 100]
                                    [--in-flight 8] [--drain-timeout 3s] [--sessions 1] [--ports 1] [--ramp DURATION]
                                    [--coalesce DURATION] [--transport tcp|tls|ws|wss] [--ca FILE]
                                    [--server-name NAME] [--tls-min 1.2] [--tls-max 1.3]
               halfopen feed mutants [--format json]

        The reference feed, as actors of a scenario. The server publishes a numbered message every --interval and keeps
        the newest --window of them for subscribers that come back. Both sides say a heartbeat every --heartbeat and
        give each other up after --missed of them in a row. Both speak the driver protocol on standard output. With
        --mutant they make one mistake on purpose; `good` makes none. docs/reference-pair.md tells the rest.

        With --transport tls, ws or wss the lines go through TLS, as messages of a WebSocket (/feed), or both. A client
        trusts the authorities in --ca, or else the machine's, and demands that the certificate is good for the name
        that it connects to, or for --server-name. A server reads --certificate and --key again on SIGHUP.

        A client with --sessions holds so many, each with a connection, a machine and a name of its own, and begins them
        evenly over --ramp. More than some 25,000 connections from one address need several --ports, which both sides
        count from --port; --connections makes room for so many at the server. With --coalesce a side handles together
        what comes within so much time, as a busy process does: with thousands of sessions that is most of its work.

        """

    /// Runs `halfopen feed ARGUMENTS` until it is ended; returns an exit status (64: usage, 70: our own error).
    package static func main(arguments: [String]) -> Int32 {
        do {
            let loop = try EventLoop()
            switch arguments.first {
            case "server":
                let options = try ServerOptions(parsing: Array(arguments.dropFirst()))
                loop.coalescing = options.coalescing.wholeNanoseconds
                let transports = try ServerTransports(options.transport, mutant: options.settings.mutant)
                let shell = try ServerShell(options, over: transports, on: loop, saying: DriverOutput(on: loop))
                try shell.start(commandsFrom: STDIN_FILENO)
                let signals = transports.hasFiles ? try Signals([.hangup], loop: loop) { shell.reload() } : nil
                defer { signals?.restore() }
                try withExtendedLifetime(shell) { try loop.run() }
            case "client":
                try run(try ClientOptions(parsing: Array(arguments.dropFirst())), on: loop)
            case "mutants": write(try mutants(Array(arguments.dropFirst())), to: STDOUT_FILENO)
            case "--help", "-h":
                write(help, to: STDOUT_FILENO)
                return 0
            default: throw UsageError(message: "say server, client or mutants")
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

    private static func run(_ options: ClientOptions, on loop: EventLoop) throws {
        loop.coalescing = options.coalescing.wholeNanoseconds
        let output = DriverOutput(on: loop)
        let transports = try ClientTransports(options.transport, mutant: options.settings.mutant)
        if options.sessions > 1 {
            let sessions = try ClientSessions(options, over: transports, on: loop, saying: output)
            sessions.start(commandsFrom: STDIN_FILENO)
            let signals = try Signals([.terminate], loop: loop) { sessions.endInPeace() }
            defer { signals.restore() }
            try withExtendedLifetime(sessions) { try loop.run() }
        } else {
            let shell = ClientShell(options, over: transports, on: loop, saying: output)
            shell.start(commandsFrom: STDIN_FILENO)
            let signals = try Signals([.terminate], loop: loop) { shell.endInPeace() }
            defer { signals.restore() }
            try withExtendedLifetime(shell) { try loop.run() }
        }
    }

    /// The table of mutants, as text or as one JSON object.
    static func mutants(_ arguments: [String]) throws(UsageError) -> String {
        switch arguments {
        case [], ["--format", "text"]:
            return Mutants.all.map { mutant in
                "\(mutant.name) (\(mutant.side.rawValue)): \(mutant.mistake)\n"
                    + "    caught by \(mutant.caughtBy.joined(separator: ", "))"
                    + " in \(mutant.scenarios.joined(separator: ", "))\n"
            }.joined()
        case ["--format", "json"]:
            func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }
            let rows = Mutants.all.map { mutant -> JSON in
                [
                    "name": .string(mutant.name), "side": .string(mutant.side.rawValue),
                    "mistake": .string(mutant.mistake), "caught_by": texts(mutant.caughtBy),
                    "scenarios": texts(mutant.scenarios),
                ]
            }
            var line = JSONLineWriter()
            line.field("format", 1)
            line.field("mutants", .array(rows))
            line.end()
            return String(decoding: line.bytes, as: UTF8.self)
        default: throw UsageError(message: "feed mutants takes --format json, and nothing else")
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        // When even that cannot be written there is nobody left to tell.
        try? Kernel.write(descriptor, Array(text.utf8))
    }
}
