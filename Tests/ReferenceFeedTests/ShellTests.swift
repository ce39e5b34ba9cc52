import CLinux
import Glibc
import JSONLines
import Kernel
import Testing

@testable import ReferenceFeed

/// Both shells on one event loop, over the loopback and in real time, with everything a hundred times faster than
/// usual.
final class Stage {
    let loop: EventLoop
    private let reader: Descriptor
    private let writer: Descriptor
    private(set) var events: [JSON] = []
    private(set) var client: ClientShell?
    private(set) var server: ServerShell?
    private(set) var sessions: ClientSessions?
    private(set) var port = 0

    init() throws {
        loop = try EventLoop()
        let ends = try Descriptor.pipe()
        reader = Descriptor(owning: ends.reader)
        writer = Descriptor(owning: ends.writer)
    }

    func startServer(_ arguments: [String] = []) throws {
        var options = try ServerOptions(parsing: ["--interval", "20ms", "--heartbeat", "50ms"] + arguments)
        // The kernel's choice at first; the same again after a restart.
        options.port = port
        let transports = try ServerTransports(options.transport, mutant: options.settings.mutant)
        let server = try ServerShell(options, over: transports, on: loop, saying: DriverOutput(descriptor: writer.raw))
        try server.start()
        port = server.port
        self.server = server
    }

    func startClient(_ arguments: [String] = []) throws {
        var options = try ClientOptions(
            parsing: ["--to", "localhost", "--backoff-initial", "10ms", "--backoff-cap", "40ms"] + arguments)
        options.port = port
        let transports = try ClientTransports(options.transport, mutant: options.settings.mutant)
        let client = ClientShell(options, over: transports, on: loop, saying: DriverOutput(descriptor: writer.raw))
        client.start()
        self.client = client
    }

    /// Sessions of one process.
    func startSessions(_ count: Int, _ more: [String] = [], commandsFrom input: Int32? = nil) throws {
        let arguments = "--to localhost --backoff-initial 10ms --backoff-cap 40ms --ramp 20ms --sessions \(count)"
        var options = try ClientOptions(parsing: arguments.split(separator: " ").map(String.init) + more)
        options.port = port
        let output = DriverOutput(descriptor: writer.raw, on: loop)
        let transports = try ClientTransports(options.transport, mutant: nil)
        let sessions = try ClientSessions(options, over: transports, on: loop, saying: output)
        sessions.start(commandsFrom: input)
        self.sessions = sessions
    }

    func stopServer() { server = nil }

    /// Runs until an event of this name was said `count` times; false after five seconds.
    func run(until name: String, _ count: Int) throws -> Bool {
        let end = Clock.now + 5_000_000_000
        while all(name).count < count, Clock.now < end {
            _ = try loop.run(until: Clock.now + 5_000_000) { false }
            let lines = try reader.read()?.split(separator: 0x0A) ?? []
            events += try lines.map { try JSON(parsing: [UInt8]($0)) }
        }
        return all(name).count >= count
    }

    /// Lets everything happen that happens meanwhile.
    func wait(milliseconds: Int64) throws {
        _ = try loop.run(until: Clock.now + milliseconds * 1_000_000) { false }
        let lines = try reader.read()?.split(separator: 0x0A) ?? []
        events += try lines.map { try JSON(parsing: [UInt8]($0)) }
    }

    func all(_ name: String) -> [JSON] { events.filter { $0["event"]?.string == name } }
    var states: [String] { all("state").compactMap { $0["state"]?.string } }
    var received: [Int64] { all("received").compactMap { $0["seq"]?.integer } }
}

@Suite(.serialized) struct ShellTests {
    @Test func everyMessageArrivesOnceAndInOrder() throws {
        let stage = try Stage()
        try stage.startServer()
        try stage.startClient()
        #expect(try stage.run(until: "received", 20))
        #expect(stage.states == ["connecting", "authenticating", "connected"])
        #expect(stage.received == Array(stage.received[0]..<(stage.received[0] + Int64(stage.received.count))))
        #expect(stage.all("hello").count == 2)
    }

    @Test func manySessionsShareAProcess() throws {
        let stage = try Stage()
        try stage.startServer(["--heartbeat", "500ms"])
        try stage.startSessions(40)
        #expect(try stage.run(until: "received", 400))
        let names = Set((0..<40).map { "s\($0)" })
        for event in ["attempt", "connected", "received"] {
            #expect(Set(stage.all(event).compactMap { $0["session"]?.string }) == names, "\(event)")
        }
        let numbers = Dictionary(grouping: stage.all("received")) { $0["session"]?.string ?? "" }
            .mapValues { $0.compactMap { $0["seq"]?.integer } }
        for (name, received) in numbers {
            #expect(received == Array(received[0]..<(received[0] + Int64(received.count))), "\(name)")
        }
        // Each says which connection is its own.
        let ends = stage.all("attempt").compactMap { $0["local"]?.string }
        #expect(Set(ends).count == 40 && ends.allSatisfy { $0.hasPrefix("127.0.0.1:") || $0.hasPrefix("[::1]:") })
        #expect(stage.all("connected").allSatisfy { ends.contains($0["local"]?.string ?? "") })
        #expect(stage.all("hello").count == 2)
    }

    @Test func sessionsObeyAndEndTogether() throws {
        let stage = try Stage()
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.reader)
        let writer = Descriptor(owning: ends.writer)
        try stage.startServer()
        try stage.startSessions(5, commandsFrom: reader.raw)
        #expect(try stage.run(until: "connected", 5))
        try Kernel.write(writer.raw, Array("{\"command\":\"request\"}\n".utf8))
        // The server tells of its answers too.
        #expect(try stage.run(until: "response", 10))
        let answered = stage.all("response").compactMap { $0["session"]?.string }
        #expect(answered.sorted() == (0..<5).map { "s\($0)" })
        var ended = 0
        stage.sessions?.endInPeace { ended += 1 }
        _ = try stage.loop.run(until: Clock.now + 50_000_000) { false }
        #expect(ended == 1)
        #expect(try stage.run(until: "state", 20))
        #expect(stage.states.count { $0 == "disconnected" } == 5)
        // Lest it be read when it is gone.
        #expect(reader.raw >= 0)
    }

    @Test func aClientWithoutServerTriesAgainAndGetsIn() throws {
        let stage = try Stage()
        try stage.startServer()
        stage.stopServer()
        try stage.startClient()
        #expect(try stage.run(until: "error", 3))
        #expect(stage.all("error").allSatisfy { $0["text"]?.string == "cannot connect: Connection refused" })
        try stage.startServer()
        #expect(try stage.run(until: "received", 2))
    }

    @Test func anUnknownNameIsAFailureLikeAnother() throws {
        let stage = try Stage()
        try stage.startServer()
        try stage.startClient(["--to", "nowhere.invalid"])
        #expect(try stage.run(until: "error", 2))
        #expect(stage.states.contains("reconnecting"))
    }

    @Test func anotherLifeOfTheServerIsNoticed() throws {
        let stage = try Stage()
        try stage.startServer()
        try stage.startClient()
        #expect(try stage.run(until: "received", 3))
        stage.stopServer()
        #expect(try stage.run(until: "error", 1))
        try stage.startServer()
        #expect(try stage.run(until: "connected", 2))
        #expect(stage.all("error").contains { $0["text"]?.string?.contains("numbers its messages anew") ?? false })
    }

    @Test func aWrongTokenEndsIt() throws {
        let stage = try Stage()
        try stage.startServer(["--token", "right"])
        try stage.startClient(["--token", "wrong"])
        #expect(try stage.run(until: "error", 1))
        #expect(stage.states.last == "fatal")
    }
}

@Suite struct FeedOptionsTests {
    @Test func everythingCanBeSet() throws {
        let client = try ClientOptions(
            parsing: "--to h --port 1 --stream s --connect-timeout 250ms --missed 3 --stable-after 5m --token t"
                .split(separator: " ").map(String.init)
                + ["--backoff-initial", "2s", "--backoff-factor", "3", "--backoff-cap", "1h", "--coalesce", "10ms"])
        #expect(client.coalescing == .milliseconds(10))
        #expect(client.hosts == ["h"] && client.port == 1 && client.stream == "s")
        #expect(client.settings.connectTimeout == .milliseconds(250) && client.settings.missedHeartbeats == 3)
        #expect(client.settings.stableAfter == .seconds(300) && client.settings.token == "t")
        #expect(client.settings.backoff == Backoff(initial: .seconds(2), factor: 3, cap: .seconds(3600)))
        let server = try ServerOptions(
            parsing:
                "--port 2 --stream s --window 7 --interval 1s --heartbeat 2s --missed 3 --hello-timeout 4s --token t"
                .split(separator: " ").map(String.init) + ["--coalesce", "20ms"])
        #expect(server.coalescing == .milliseconds(20))
        #expect(server.port == 2 && server.stream == "s" && server.window == 7)
        #expect(server.settings.interval == .seconds(1) && server.settings.heartbeat == .seconds(2))
        #expect(server.settings.missedHeartbeats == 3 && server.settings.helloTimeout == .seconds(4))
        #expect(server.settings.token == "t")
    }

    @Test(arguments: [
        (["--port"], "--port needs a value"), (["--port", "0"], "--port 0: a whole number from 1 to 65535"),
        (["--prots", "1"], "unknown option --prots"),
        (["--connect-timeout", "10"], "--connect-timeout 10: a duration such as 250ms, 10s or 5m, at most a day"),
        (["--connect-timeout", "0s"], "--connect-timeout 0s: a duration such as 250ms, 10s or 5m, at most a day"),
        (["--connect-timeout", "25h"], "--connect-timeout 25h: a duration such as 250ms, 10s or 5m, at most a day"),
        (["--port", "1"], "--to HOST is missing"),
        (["--to", "h", "--backoff-cap", "1ms"], "--backoff-cap must not be less than --backoff-initial"),
    ]) func mistakesAreNamed(arguments: [String], message: String) {
        #expect(throws: UsageError(message: message)) { try ClientOptions(parsing: arguments) }
    }
}
