import CLinux
import Glibc
import Kernel

/// Performs what a `FeedServer` decides: its listeners and connections, one timer, events on standard output.
final class ServerShell {
    private let loop: EventLoop
    private let stream: String
    private let output: DriverOutput
    private let listeners: [Listener]
    private let transports: ServerTransports
    private var server: FeedServer
    private var connections: [FeedServer.ConnectionID: LineSocket] = [:]
    private var nextID = 1
    private var accepting: [EventLoop.Token] = []
    private var timer: (due: Moment, token: EventLoop.Token)?
    private var commands: EventLoop.Token?
    /// Half a line of commands.
    private var unread: [UInt8] = []

    /// Listens at once: whoever started us may wait for the port.
    init(
        _ options: ServerOptions, over transports: ServerTransports, on loop: EventLoop,
        saying output: DriverOutput = DriverOutput()
    ) throws(SystemError) {
        self.loop = loop
        self.transports = transports
        self.output = output
        stream = options.stream
        var random = SystemRandomNumberGenerator()
        let secret = options.settings.secret
        // The nodes of one feed number alike, so theirs is one life.
        let epoch = secret.isEmpty ? String(random.next(), radix: 16) : "\(SipHash.hash(secret, keys: (5, 6)))"
        server = FeedServer(settings: options.settings, log: FeedLog(epoch: epoch, capacity: options.window))
        var listeners: [Listener] = []
        for place in 0..<options.ports {
            listeners.append(try Listener(port: options.port + place, backlog: options.settings.backlog))
        }
        self.listeners = listeners
        if let connections = options.connections { try Descriptors.allow(connections) }
        if options.transport.kind.isEncrypted { TLSContext.reserve(options.connections ?? 0) }
    }

    /// A class, because an array cannot hold a descriptor that is not to be copied.
    private final class Listener {
        let socket: Descriptor
        init(port: Int, backlog: Int) throws(SystemError) {
            socket = try Sockets.listen(port: port, backlog: backlog)
        }
    }

    deinit {
        accepting.forEach { loop.cancel($0) }
        if let timer { loop.cancel(timer.token) }
        if let commands { loop.cancel(commands) }
    }

    /// The first port that it listens on: the kernel's choice when none (0) was asked for.
    var port: Int { Sockets.port(of: listeners[0].socket.raw) }

    /// - Parameter input: where commands come from, line by line; none come when it cannot be waited for, as a file.
    func start(commandsFrom input: Int32? = nil) throws(SystemError) {
        output.hello(
            library: "reference-feed", version: Feed.version, faults: ServerFault.allCases.map(\.rawValue))
        if let input { commands = try? loop.watch(input) { [unowned self] in readCommands(input) } }
        for listener in listeners {
            let number = listener.socket.raw
            accepting.append(try loop.watch(number) { [unowned self] in acceptAll(number) })
        }
        happened { $0.started(at: $1) }
    }

    private func happened(_ fact: (inout FeedServer, Moment) -> [FeedServer.Action]) {
        for action in fact(&server, Moment(nanoseconds: loop.now)) { perform(action) }
        setTimer()
    }

    private func perform(_ action: FeedServer.Action) {
        switch action {
        case .send(let message, let id):
            connections[id]?.send(message.line)
            if case .heartbeat = message { connections[id]?.ping() }
        case .close(let id): connections.removeValue(forKey: id)?.part()
        case .report(.published(let sequence)): output.sent(stream, sequence)
        case .report(.subscribed(_, replayed: 0)): break  // As the first answer on its connection shows.
        case .report(.subscribed(let id, let replayed)): output.note("\(id) subscribed, \(replayed) messages replayed")
        case .report(.ended(let id, because: "silence")): output.error("\(id) ended: silence")
        case .report(.ended(let id, let reason)): output.note("\(id) ended: \(reason)")
        case .report(.hit(let fault, let total)): output.fault(fault.rawValue, hits: total)
        case .report(.acked(let sequence)): output.acked(stream, sequence)
        case .report(.requested(let id, let priority)): output.request(id, priority)
        case .report(.responded(let id, let priority, let ok, let reason)): output.response(id, priority, ok, reason)
        case .report(.took(let stream, let sequence, let priority)): output.received(stream, sequence, priority)
        }
    }

    private func setTimer() {
        guard timer?.due != server.deadline else { return }
        if let timer { loop.cancel(timer.token) }
        timer = server.deadline.map { due in
            (
                due,
                loop.at(due.nanoseconds) { [unowned self] in
                    timer = nil
                    happened { $0.deadlinePassed(at: $1) }
                }
            )
        }
    }

    private func acceptAll(_ listener: Int32) {
        do throws(SystemError) {
            while let socket = try Sockets.accept(listener) { try open(socket) }
        } catch {
            // Such as no descriptors left, or a connection that was gone before we came to it: the others go on.
            output.error(error.description)
        }
    }

    /// Certificate and key may have changed.
    func reload() {
        do throws(TLSError) {
            try transports.reload()
            output.note("read the certificate and its key again")
        } catch {
            output.error("goes on with the certificate that it has: \(error)")
        }
    }

    private func open(_ socket: consuming Descriptor) throws(SystemError) {
        let id = nextID
        nextID += 1
        let transport: Transport?
        do throws(TLSError) {
            transport = try transports.begin()
        } catch {
            return output.error("\(error)")
        }
        connections[id] = try LineSocket(
            socket, on: loop, over: transport,
            LineSocket.Handlers(
                received: { [unowned self] in received($0, from: id) }, lost: { [unowned self] in lost(id, $0) },
                complained: { [output] in output.error($0) }))
        happened { $0.connectionOpened(id, at: $1) }
    }

    private func received(_ line: [UInt8], from id: FeedServer.ConnectionID) {
        do throws(MalformedMessage) {
            guard let message = try ClientMessage(parsing: line) else { return }
            happened { $0.received(message, from: id, at: $1) }
        } catch {
            connections[id]?.close()
            lost(id, error.description)
        }
    }

    private func readCommands(_ input: Int32) {
        guard let bytes = try? Kernel.read(input), !bytes.isEmpty else {
            if let commands { loop.cancel(commands) }
            commands = nil
            return
        }
        unread += bytes
        while let end = unread.firstIndex(of: 0x0A) {
            let line = Array(unread[..<end])
            unread.removeFirst(end + 1)
            if let order = ServerFaultOrder(parsing: line) {
                happened { $0.faultOrdered(order, at: $1) }
            } else {
                output.error("a command that this server does not know")
            }
        }
    }

    private func lost(_ id: FeedServer.ConnectionID, _ reason: String) {
        connections[id] = nil
        happened { $0.connectionLost(id, reason, at: $1) }
    }
}
