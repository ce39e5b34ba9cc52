import Actors
import CLinux
import Faults
import Glibc
import JSONLines
import Kernel
import Recordings
import Testing

/// A TCP connection of a test: the oracle at the other end, that knows nothing of faults.
final class TestConnection {
    enum Heard: Equatable {
        case bytes(String)
        /// FIN: a read of 0.
        case end
        /// The read failed, with this errno: ECONNRESET for a RST.
        case failed(Int32)
        case silence
    }

    let descriptor: Descriptor

    init(owning raw: Int32) { descriptor = Descriptor(owning: raw) }

    /// Connects from inside the namespace.
    init(from namespace: Int32, to address: String, port: Int) throws {
        descriptor = Descriptor(
            owning: try System.call("make a socket") {
                halfopen_socket_in(namespace, AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            })
        let raw = descriptor.raw
        var target = TestConnection.address(address, port)
        try System.call("connect to", "\(address):\(port)") {
            withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    static func address(_ address: String, _ port: Int) -> sockaddr_in {
        var result = sockaddr_in()
        result.sin_family = sa_family_t(AF_INET)
        result.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, address, &result.sin_addr)
        return result
    }

    /// What comes next within so long.
    func hear(within time: Duration = .seconds(5)) -> Heard {
        var wait = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, Int32(time / .milliseconds(1))) > 0 else { return .silence }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor.raw, &buffer, buffer.count, 0)
        if count < 0 { return .failed(errno) }
        return count == 0 ? .end : .bytes(String(decoding: buffer[..<count], as: UTF8.self))
    }

    /// False when the kernel refused it.
    @discardableResult
    func say(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return send(descriptor.raw, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Says it and hears the same.
    func echoes(_ text: String, within time: Duration = .seconds(5)) -> Bool {
        say(text) && hear(within: time) == .bytes(text)
    }
}

/// Actors of a test: programs with their output, in namespaces of hosts.
final class TestActors: ActorControl {
    /// A class: a dictionary cannot hold what cannot be copied.
    final class Running {
        let host: String
        let process: ChildProcess
        let output: Descriptor
        let input: CommandInput
        init(
            host: String, process: consuming ChildProcess, output: consuming Descriptor, input: consuming CommandInput
        ) {
            self.host = host
            self.process = process
            self.output = output
            self.input = input
        }
    }
    /// How each was started, and the line that says that it is ready.
    private var starts: [String: Start] = [:]
    private struct Start {
        var host: String
        var namespace: Int32
        var program: [String]
        var ready: String
        /// Its standard error is heard too.
        var hasErrors: Bool
    }
    /// What each has said since it was last started.
    private var said: [String: [UInt8]] = [:]
    private var heard: [String: Int] = [:]
    private(set) var running: [String: Running] = [:]
    private(set) var expectedEnds: [String] = []
    private(set) var restarts: [(actor: String, after: Duration)] = []

    /// Starts it and waits for its first line.
    func start(
        _ name: String, on host: String, in namespace: Int32, _ program: [String], ready: String = "ready",
        hearsErrors: Bool = false
    ) throws {
        starts[name] = Start(
            host: host, namespace: namespace, program: program, ready: ready, hasErrors: hearsErrors)
        try launch(name)
        #expect(lines(of: name, within: .seconds(30), until: ready).last?.contains(ready) == true)
    }

    /// Starts it.
    func launch(_ name: String, on host: String, in namespace: Int32, _ program: [String]) throws {
        starts[name] = Start(host: host, namespace: namespace, program: program, ready: "ready", hasErrors: false)
        try launch(name)
    }

    private func launch(_ name: String) throws {
        guard let start = starts[name] else { return }
        let program = start.program
        let ends = try Descriptor.pipe()
        let output = Descriptor(owning: ends.reader)
        let writer = Descriptor(owning: ends.writer)
        let commands = try Descriptor.pipe()
        let reader = Descriptor(owning: commands.reader)
        // Programs read with blocking reads.
        _ = fcntl(reader.raw, F_SETFL, 0)
        var request = SpawnRequest(
            program: program[0], arguments: Array(program.dropFirst()),
            environment: [("PATH", ChildProcess.searchPath.joined(separator: ":"))], input: reader.raw,
            output: writer.raw, error: start.hasErrors ? writer.raw : 2)
        request.networkNamespace = start.namespace
        request.startsStopped = holds.isHeld(name)
        let process = try ChildProcess(request)
        let input = try CommandInput(owning: commands.writer)
        (said[name], heard[name]) = ([], 0)
        running[name] = Running(host: start.host, process: process, output: output, input: input)
    }

    /// All that it has said by now.
    private func listen(to name: String) -> [UInt8] {
        while let bytes = try? running[name]?.output.read(), !bytes.isEmpty { said[name, default: []] += bytes }
        return said[name] ?? []
    }

    /// What it has written since the last call, waiting until `last` is in a line of it.
    func lines(of name: String, within time: Duration = .seconds(5), until last: String? = nil) -> [String] {
        guard let actor = running[name] else { return [] }
        let deadline = Clock.now + time.wholeNanoseconds
        while true {
            let all = listen(to: name)
            let text = String(decoding: all[heard[name, default: 0]...], as: UTF8.self)
            let lines = text.split(separator: "\n").map(String.init)
            let left = deadline - Clock.now
            if last.map({ last in lines.contains { $0.contains(last) } }) ?? false || left <= 0 {
                heard[name] = all.count
                return lines
            }
            var wait = pollfd(fd: actor.output.raw, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, Int32(left / 1_000_000 + 1))
            // It has ended: to ask again and again would take no time at all.
            if wait.revents & Int16(POLLIN) == 0, wait.revents & Int16(POLLHUP) != 0 {
                heard[name] = all.count
                return lines
            }
        }
    }

    func state(of name: String) -> Character? {
        running[name].flatMap { TestActors.state($0.process.pid) }
    }

    /// As proc_pid_stat(5) has it: `T` is stopped, `Z` dead.
    static func state(_ process: Int32) -> Character? {
        guard let text = Files.text("/proc/\(process)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        return text[text.index(close, offsetBy: 2)...].first
    }

    func processes(of actor: String) -> [Int32] {
        guard let actor = running[actor], kill(actor.process.pid, 0) == 0 else { return [] }
        if TestActors.state(actor.process.pid) == "Z" { return [] }
        let children = Files.text("/proc/\(actor.process.pid)/task/\(actor.process.pid)/children") ?? ""
        return [actor.process.pid] + children.split(separator: " ").compactMap { Int32($0) }
    }
    func host(of actor: String) -> String { running[actor]?.host ?? "" }
    func signal(_ actor: String, _ signal: Int32) throws {
        for process in processes(of: actor) { kill(process, signal) }
    }
    func expectEnd(of actor: String) { expectedEnds.append(actor) }
    func restart(_ actor: String, after delay: Duration) { restarts.append((actor, delay)) }

    let holds = ActorHolds()
    func actors(on host: String) -> [String] { running.keys.filter { running[$0]?.host == host }.sorted() }
    func terminate(_ actor: String) {
        expectedEnds.append(actor)
        try? signal(actor, SIGTERM)
    }
    func start(_ actor: String) {
        guard let former = running[actor] else { return }
        // Nobody else collects it here.
        if TestActors.state(former.process.pid) == "Z" { waitpid(former.process.pid, nil, 0) }
        if kill(former.process.pid, 0) == 0 { return }
        do { try launch(actor) } catch { Issue.record("cannot start \(actor): \(error)") }
    }
    func isReady(_ actor: String) -> Bool {
        String(decoding: listen(to: actor), as: UTF8.self).contains(starts[actor]?.ready ?? "")
    }
    func leaders(of actor: String) -> [Int32] { Array(processes(of: actor).prefix(1)) }
    /// By actor; without one, nothing is there.
    var folders: [String: ActorPlaces] = [:]
    func places(of actor: String) -> [ActorPlaces] {
        guard let place = folders[actor] else { return [] }
        // As a run keeps it.
        try? Files.write(place.log, String(decoding: listen(to: actor), as: UTF8.self))
        return [place]
    }
    func send(_ actor: String, fault: String, on isOn: Bool, _ fields: [JSON.Member]) {
        if isOn { floor = listen(to: actor).count }
        let head: [JSON.Member] = [
            JSON.Member("command", "fault"), JSON.Member("name", .string(fault)), JSON.Member("on", .bool(isOn)),
        ]
        #expect(running[actor]?.input.send(.object(head + fields)) == nil)
    }
    /// Of the last fault that was asked for.
    private var floor = 0
    func reports(of actor: String) -> [DriverReport] {
        listen(to: actor).split(separator: 0x0A).compactMap {
            DriverProtocol.parse(Array($0), of: Instance(actor, 0))?.report
        }
    }
    func objection(of actor: String, toFault name: String) -> String? {
        let named = reports(of: actor).first { $0.kind == .hello }?.faults ?? []
        return named.contains(name) ? nil : "\(actor) names only \(named)"
    }
    func ownHits(of actor: String, fault: String) -> Int64 {
        listen(to: actor).dropFirst(floor).split(separator: 0x0A).compactMap {
            DriverProtocol.parse(Array($0), of: Instance(actor, 0))?.report.faultHits
        }.last { $0.fault == fault }?.total ?? 0
    }

    deinit {
        for actor in running.values {
            kill(actor.process.pid, SIGKILL)
            _ = waitpid(actor.process.pid, nil, 0)
        }
    }
}

/// Programs in Python: what a fault meets in life.
enum TestProgram {
    /// Echoes on a port; says `end` when a peer ends, `failed ERRNO` when a read fails.
    static func echoServer(port: Int = 7000) -> [String] {
        let text = """
            import socket, threading
            def serve(peer):
                while True:
                    try: data = peer.recv(65536)
                    except OSError as error: return print("failed", error.errno, flush=True)
                    if not data: peer.close(); return print("end", flush=True)
                    peer.sendall(data)
            listener = socket.create_server(("0.0.0.0", \(port)), backlog=64)
            print("ready", flush=True)
            while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            """
        return ["/usr/bin/python3", "-c", text]
    }

    /// Like it, with two processes that hold every connection: a parent that accepts and a child that answers.
    static func forkingServer(port: Int = 7000) -> [String] {
        let text = """
            import os, signal, socket
            listener = socket.create_server(("0.0.0.0", \(port)), backlog=64)
            print("ready", flush=True)
            peer = listener.accept()[0]
            if os.fork() != 0: os.wait()
            while True:
                data = peer.recv(65536)
                if not data: break
                peer.sendall(data)
            signal.pause()
            """
        return ["/usr/bin/python3", "-c", text]
    }
}

enum TestRig {
    /// Runs a system tool inside a namespace, to its end.
    static func run(_ command: [String], in namespace: Int32) throws {
        var request = SpawnRequest(
            program: command[0], arguments: Array(command.dropFirst()), input: 0, output: 1, error: 2)
        request.networkNamespace = namespace
        let child = try ChildProcess(request)
        var status: Int32 = 0
        waitpid(child.pid, &status, 0)
        #expect(status == 0, "\(command)")
    }

    static func raiseLoopback(in namespace: Int32) throws { try run(["ip", "link", "set", "lo", "up"], in: namespace) }
}

/// A listening socket of a test.
final class TestListener {
    let descriptor: Descriptor

    init(in namespace: Int32, port: Int, family: Int32 = AF_INET) throws {
        descriptor = Descriptor(
            owning: try System.call("make a socket") {
                halfopen_socket_in(namespace, family, Int32(SOCK_STREAM.rawValue), 0)
            })
        let raw = descriptor.raw
        var four = TestConnection.address("0.0.0.0", port)
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = in_port_t(port).bigEndian
        let isFour = family == AF_INET
        let size = isFour ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        try withUnsafePointer(to: &four) { four in
            try withUnsafePointer(to: &six) { six in
                let address = isFour ? UnsafeRawPointer(four) : UnsafeRawPointer(six)
                try System.call("bind to port", "\(port)") {
                    bind(raw, address.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
                }
            }
        }
        try System.call("listen on port", "\(port)") { listen(raw, 64) }
    }

    func accept() throws -> TestConnection {
        let raw = descriptor.raw
        return TestConnection(owning: try System.call("accept") { Glibc.accept(raw, nil, nil) })
    }
}

extension TestRig {
    static func inode(of descriptor: Int32) -> UInt32 {
        var status = stat()
        fstat(descriptor, &status)
        return UInt32(truncatingIfNeeded: status.st_ino)
    }
}
