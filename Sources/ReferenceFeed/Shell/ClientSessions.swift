import CLinux
import Glibc
import Kernel

/// Many clients in one process, each with its own machine, connection and name, on one event loop.
final class ClientSessions {
    private let loop: EventLoop
    private let output: DriverOutput
    private let shells: [ClientShell]
    private let ramp: Duration
    private var commands: CommandLines?
    /// Sessions that have not ended yet, once the process is to end.
    private var remaining = 0

    init(
        _ options: ClientOptions, over transports: ClientTransports, on loop: EventLoop, saying output: DriverOutput
    ) throws(SystemError) {
        self.loop = loop
        self.output = output
        ramp = options.ramp
        try Descriptors.allow(options.sessions)
        if options.transport.kind.isEncrypted { TLSContext.reserve(options.sessions) }
        let resolver = Resolver(keeping: Resolver.together)
        var random = SplitMix()
        shells = (0..<options.sessions).map { number in
            var own = options
            own.port += number % options.ports
            return ClientShell(
                own, over: transports.another(), on: loop, saying: output.naming(session: "s\(number)"),
                resolver: resolver, random: SplitMix(seed: random.next()))
        }
    }

    /// They begin one after the other, evenly over the ramp.
    /// - Parameter input: where commands come from, which every session obeys.
    func start(commandsFrom input: Int32? = nil) {
        output.hello(library: "reference-feed", version: Feed.version, commands: ClientCommand.names)
        if let input {
            commands = CommandLines(input, on: loop) { [unowned self] line in
                let known = shells.count { $0.obey(line) }
                if known == 0 { output.error("a command that this client does not know") }
            }
        }
        let start = loop.now
        for (number, shell) in shells.enumerated() {
            loop.at(start + (ramp * number / shells.count).wholeNanoseconds) { shell.begin() }
        }
    }

    /// Every session finishes what it has under way; with the last of them the process ends, or what else is wanted.
    func endInPeace(_ whenEnded: @escaping () -> Void = { exit(0) }) {
        guard remaining == 0 else { return }
        remaining = shells.count
        for shell in shells {
            shell.endInPeace { [unowned self] in
                remaining -= 1
                if remaining == 0 { whenEnded() }
            }
        }
    }
}

/// How many files and sockets this process may have open.
enum Descriptors {
    /// Room for so many connections, and for what a process needs besides. Beyond the machine's limit only root may go.
    static func allow(_ connections: Int) throws(SystemError) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let wanted = rlim_t(connections + 64)
        if limit.rlim_cur >= wanted { return }
        limit.rlim_cur = wanted
        limit.rlim_max = max(limit.rlim_max, wanted)
        try System.call("have \(wanted) files and sockets open") {
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }
}

/// Asks for a host's addresses. Sessions of one process that ask for the same name within a moment are told the same:
/// asking twenty thousand times would say no more about the name than asking once.
final class Resolver {
    /// For how long an answer serves the other sessions.
    static let together = Duration.milliseconds(100)

    private struct Question: Hashable {
        var host: String
        var port: Int
    }

    private let keeping: Duration
    private var answers: [Question: (addresses: [Sockets.Address], time: Int64)] = [:]

    init(keeping: Duration = .zero) { self.keeping = keeping }

    func addresses(of host: String, port: Int, at now: Int64) throws(Sockets.UnknownHost) -> [Sockets.Address] {
        let question = Question(host: host, port: port)
        if let answer = answers[question], now - answer.time < keeping.wholeNanoseconds { return answer.addresses }
        let addresses = try Sockets.resolve(host, port: port)
        answers[question] = (addresses, now)
        return addresses
    }
}
