import CLinux
import Glibc
import Kernel

/// Performs what a `FeedClient` decides: one connection, one timer, events on standard output. Every fact goes through
/// `happened`, the only place that performs actions.
final class ClientShell {
    private typealias Client = ReferenceClient

    private let loop: EventLoop
    private let hosts: [String]
    private let port: Int
    private let stream: String
    private let output: DriverOutput
    private var client: Client
    private var connection: LineSocket?
    private var transports: ClientTransports
    /// The transport of the connection is not ready yet.
    private var shakesHands = false
    /// The server knows that this connection is over: it is parted from, not only closed.
    private var isParting = false
    /// The one that was parted from last, while that lasts.
    private weak var parted: LineSocket?
    private var connecting: (watch: EventLoop.Token, socket: Int32)?
    /// An attempt that failed at once, about to be told.
    private var failure: EventLoop.Token?
    private var timer: (due: Moment, token: EventLoop.Token)?
    private let resolver: Resolver
    /// Both ends of the connection, as far as they are known.
    private var ends: (address: String, local: String)?
    /// Which of the hosts it goes to.
    private var server = 0
    /// What the name stood for when it was last asked for.
    private var addresses: [Int: [Sockets.Address]] = [:]
    private var commands: CommandLines?
    /// What is to be done once nothing is under way any more and no connection stands.
    private var whenEnded: (() -> Void)?
    /// What a client that errs leaves behind.
    private let leavings = Leavings()

    init(
        _ options: ClientOptions, over transports: ClientTransports, on loop: EventLoop,
        saying output: DriverOutput = DriverOutput(), resolver: Resolver = Resolver(), random: SplitMix = SplitMix()
    ) {
        self.loop = loop
        self.transports = transports
        self.resolver = resolver
        self.output = output
        hosts = options.hosts
        port = options.port
        stream = options.stream
        var random = random
        var settings = options.settings
        // By which servers and judges tell its requests and messages from those of others.
        settings.name = String(random.next(), radix: 36)
        client = FeedClient(settings: settings, random: random)
    }

    deinit {
        close()
        if let timer { loop.cancel(timer.token) }
    }

    /// - Parameter input: where commands come from, line by line; none come when it cannot be waited for, as a file.
    func start(commandsFrom input: Int32? = nil) {
        output.hello(library: "reference-feed", version: Feed.version, commands: ClientCommand.names)
        if let input {
            commands = CommandLines(input, on: loop) { [unowned self] in
                if !obey($0) { output.error("a command that this client does not know") }
            }
        }
        begin()
    }

    /// For one of many, whose process has said hello already.
    func begin() {
        let delay = client.settings.startsAfter
        if delay == .zero { return happened { $0.started(at: $1) } }
        _ = loop.after(delay) { [unowned self] in happened { $0.started(at: $1) } }
    }

    /// Does what a line of the driver protocol tells; false when it tells nothing that a client knows.
    func obey(_ line: [UInt8]) -> Bool {
        guard let command = ClientCommand(parsing: line) else { return false }
        happened { command.perform(on: &$0, at: $1) }
        return true
    }

    /// Finishes what is under way, and then ends the process, or does what else is wanted.
    func endInPeace(_ whenEnded: @escaping () -> Void = { exit(0) }) {
        self.whenEnded = whenEnded
        happened { $0.drained(at: $1) }
    }

    private func happened(_ fact: (inout Client, Moment) -> [Client.Action]) {
        let (actions, deadline) = ClientShell.learn(fact, at: now, &client)
        for action in actions { perform(action) }
        setTimer(deadline)
        switch client.state {
        case .disconnected, .fatal:
            guard let ended = whenEnded else { return }
            whenEnded = nil
            end(ended)
        case .connecting, .authenticating, .connected, .reconnecting: break
        }
    }

    /// The machine in place: asking it in the shell for its deadline would copy it, with all that it holds, each time.
    private static func learn(
        _ fact: (inout Client, Moment) -> [Client.Action], at now: Moment, _ client: inout Client
    ) -> (actions: [Client.Action], deadline: Moment?) {
        let actions = fact(&client, now)
        return (actions, client.deadline)
    }

    /// After a turn of the loop, in which the last lines are written, and once the server knows.
    private func end(_ ended: @escaping () -> Void) {
        loop.after(.milliseconds(1)) { [self] in
            if parted?.isHeld ?? false { end(ended) } else { ended() }
        }
    }

    private var now: Moment { Moment(nanoseconds: loop.now) }

    private func perform(_ action: Client.Action) {
        switch action {
        case .connect(let destination): connect(to: destination)
        case .send(let message):
            if case .goodbye = message { isParting = true }
            connection?.send(message.line)
            if case .heartbeat = message { connection?.ping() }
        case .close: close()
        case .abort:
            connection?.abort()
            close()
        case .abandon:
            if let connection { leavings.keep(connection) }
            connection = nil
        case .leak(let leak): leavings.leak(leak)
        case .deliver(let sequence, _): output.received(stream, sequence)
        case .report(let report): say(report)
        }
    }

    private func say(_ report: Client.Report) {
        switch report {
        // The attempt is told when it has begun, with both its ends.
        case .connecting: output.state("connecting")
        case .authenticating: output.state("authenticating")
        case .connected(let resumed):
            output.state("connected")
            if let resumed { output.resumed(resumed) }
            output.connected(to: ends?.address, from: ends?.local)
        case .reconnecting(let reason, _, let delay):
            output.error(reason)
            output.state("reconnecting", delay: delay)
        case .missed(let what): output.error("missed: \(what)")
        case .fatal(let reason):
            output.error(reason)
            output.state("fatal")
        case .disconnected: output.state("disconnected")
        case .refused, .breaker, .queue, .requested, .responded, .sent, .acked, .unsent: output.say(report)
        }
    }

    private func setTimer(_ deadline: Moment?) {
        guard timer?.due != deadline else { return }
        if let timer { loop.cancel(timer.token) }
        timer = deadline.map { due in
            (
                due,
                loop.at(due.nanoseconds) { [unowned self] in
                    timer = nil
                    happened { $0.deadlinePassed(at: $1) }
                }
            )
        }
    }
}

// The transport.
extension ClientShell {
    private func connect(to destination: Client.Destination) {
        let began = loop.now
        ends = nil
        defer { output.attempt(to: ends?.address, from: ends?.local, at: began) }
        do {
            let known = destination.resolvesAgain ? nil : addresses[destination.server]
            let port = self.port + destination.portOffset
            let all = try known ?? resolver.addresses(of: hosts[destination.server], port: port, at: began)
            addresses[destination.server] = all
            let address = all[destination.address % all.count]
            let socket = try Sockets.connect(to: address)
            (server, isParting) = (destination.server, false)
            let number = socket.raw
            ends = ("\(address)", "\(Sockets.local(of: number))")
            let watch = try loop.watch(number, for: .writable, telling: { [unowned self] in connectEnded(broken: $0) })
            connecting = (watch, socket.release())
        } catch {
            // Not from inside an action: the facts that the machine gets must come one after another.
            failure = loop.after(.zero) { [unowned self] in lost("\(error)") }
        }
    }

    private func connectEnded(broken isBroken: Bool) {
        guard let (watch, number) = connecting else { return }
        connecting = nil
        let socket = Descriptor(owning: number)
        if isBroken, let failure = Sockets.connectionError(number) {
            loop.cancel(watch, closing: true)
            return lost(failure.description)
        }
        Sockets.sendAtOnce(number)
        do {
            let transport = try transports.begin(to: hosts[server], port: port)
            connection = try LineSocket(
                socket, watchedBy: watch, on: loop, over: transport,
                LineSocket.Handlers(
                    received: { [unowned self] in received($0) }, lost: { [unowned self] in lost($0) },
                    ended: { [unowned self] in happened { $0.inputEnded(at: $1) } },
                    opened: { [unowned self] in
                        shakesHands = false
                        happened { $0.connectionOpened(at: $1) }
                    },
                    refused: { [unowned self] in refused($0) },
                    complained: { [output] in output.error($0) }))
            if transport == nil {
                happened { $0.connectionOpened(at: $1) }
            } else {
                shakesHands = true
                happened { $0.handshakeBegan(at: $1) }
            }
        } catch {
            loop.cancel(watch, closing: true)
            lost("\(error)")
        }
    }

    private func received(_ line: [UInt8]) {
        do throws(MalformedMessage) {
            guard let message = try ServerMessage(parsing: line) else { return }
            // It closes as well.
            if case .refused = message { isParting = true }
            happened { $0.received(message, at: $1) }
        } catch {
            close()
            lost(error.description)
        }
    }

    private func lost(_ reason: String) {
        (connection, failure) = (nil, nil)
        handshakeEnded()
        happened { $0.connectionLost(reason, at: $1) }
    }

    private func refused(_ reason: String) {
        connection = nil
        handshakeEnded()
        happened { $0.connectionRefused(reason, at: $1) }
    }

    /// Together with its connection, before it had come to anything.
    private func handshakeEnded() {
        if shakesHands { transports.failed() }
        shakesHands = false
    }

    private func close() {
        handshakeEnded()
        if isParting { parted = connection }
        if isParting { connection?.part() } else { connection?.close() }
        connection = nil
        if let (watch, number) = connecting {
            loop.cancel(watch, closing: true)
            _ = Descriptor(owning: number)
        }
        if let failure { loop.cancel(failure) }
        (connecting, failure) = (nil, nil)
    }
}
