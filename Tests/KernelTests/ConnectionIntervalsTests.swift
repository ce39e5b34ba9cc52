import CLinux
import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// Windows, handshakes and storms: an echo server on b, its clients on a.
    @Suite struct ConnectionIntervals {
        let field: TestField
        let server = FaultTarget.connections(ConnectionChoice(actor: "server", port: 7000))
        private let address: String
        private let before: [String]

        init() throws {
            field = try TestField(TestLab.pair())
            address = field.lab.host("b").addresses[0]
            before = try field.rulesets()
            try field.testActors.start(
                "server", on: "b", in: field.namespace(of: "b"), TestProgram.echoServer(port: 7000))
        }

        private func connect() throws -> TestConnection {
            let client = try #require(try field.connect(from: "a", to: address))
            #expect(try field.echoes(client, "hello"))
            try field.pass(.milliseconds(100))
            return client
        }

        // MARK: zero-window

        @Test func `zero-window stops the peer for as long as it lasts, and probes are answered`() throws {
            let listener = try TestListener(in: field.namespace(of: "b"), port: 8000)
            let near = field.lab.host("b").addresses[0]
            try field.testActors.start(
                "listener", on: "a", in: field.namespace(of: "a"), TestProgram.talker(to: near, port: 8000))
            let peer = try listener.accept()
            #expect(peer.hear() == .bytes("hello"))
            try field.pass(.milliseconds(100))
            let fault = try field.strike("zero-window", .connections(ConnectionChoice(actor: "listener", port: 8000)))
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            // What is under way while the window was open arrives; then there is no room.
            #expect(peer.say("one?"))
            try field.pass(.seconds(1))
            #expect(field.testActors.lines(of: "listener", until: "heard one?").last == "heard one?")
            // The actor's own data arrives as ever.
            #expect(peer.hear() == .bytes("yes"))
            let text = String(repeating: "x", count: 20_000)
            #expect(peer.say(text))
            sleep(3600)
            #expect(field.testActors.lines(of: "listener", within: .seconds(1)).isEmpty)
            #expect(peer.kernelInfo.state == 1)
            let segments = capture.segments(port: 8000).filter { $0.destination.port == 8000 || $0.source.port == 8000 }
            let struck = segments.filter { $0.destination.port == 8000 }
            #expect(struck.allSatisfy { $0.window == 0 })
            #expect(try fault.hits() == Int64(struck.count))
            // A probe every two minutes in the end, each answered.
            #expect(struck.count > 30)
            #expect(segments.allSatisfy { $0.source.port != 8000 || $0.payload.count < 100 })
            try fault.heal()
            #expect(try field.rulesets() == before)
            let total = try fault.hits()
            let heard = field.testActors.lines(of: "listener", within: .seconds(125))
            #expect(heard.joined().filter { $0 == "x" }.count == 20_000)
            #expect(peer.kernelInfo.state == 1)
            #expect(try fault.hits() == total)
        }

        @Test func `zero-window leaves other connections alone`() throws {
            let client = try connect()
            let idle = try connect()
            let lot: [String: Value] = ["count": .count(1)]
            let fault = try field.strike("zero-window", .connections(ConnectionChoice(actor: "server", port: 7001)))
            #expect(try field.echoes(client, "still here"))
            #expect(try fault.hits() == 0)
            try fault.heal()
            // Nobody spoke: nobody was struck.
            let mine = try field.strike("zero-window", server, lot)
            try field.pass(.seconds(3600))
            #expect(try mine.hits() == 0)
            try mine.heal()
            #expect(try field.echoes(idle, "still here"))
        }

        // MARK: handshake-stall

        @Test(arguments: ["syn", "syn-ack"]) func `handshakes are not answered, connections go on`(lost: String) throws
        {
            let old = try connect()
            let fault = try field.strike("handshake-stall", server, ["lost": .text(lost)])
            let (here, there) = (
                try TestCapture(in: field.lab.host("a").namespace), try TestCapture(in: field.lab.host("b").namespace)
            )
            #expect(try field.connect(from: "a", to: address, within: .seconds(60)) == nil)
            #expect(try field.echoes(old, "still here"))
            let sent = here.segments(port: 7000).filter { $0.flags.contains(.syn) }
            let seen = there.segments(port: 7000).filter { $0.flags.contains(.syn) }
            #expect(sent.count > 6 && sent.allSatisfy { $0.flags == .syn })
            let answers = seen.count { $0.flags == [.syn, .ack] }
            #expect(lost == "syn" ? seen.isEmpty : answers >= sent.count)
            #expect(try fault.hits() == Int64(lost == "syn" ? sent.count : answers))
            try fault.heal()
            #expect(try field.rulesets() == before)
            _ = try connect()
        }

        @Test func `a handshake whose last packet is lost is open at one end only`() throws {
            let fault = try field.strike("handshake-stall", server, ["lost": .text("ack")])
            let client = try #require(try field.connect(from: "a", to: address))
            #expect(client.say("hello"))
            #expect(try field.hear(client, within: .seconds(20)) == .silence)
            #expect(client.kernelInfo.state == 1)
            #expect(try field.sockets(of: "b").filter { $0.hasPrefix("ESTABLISHED") }.isEmpty)
            #expect(try fault.hits() > 3)
            try fault.heal()
            // The server still waits: the next packet completes it.
            #expect(try field.hear(client, within: .seconds(60)) == .bytes("hello"))
        }

        @Test func `a client's handshakes are stalled, and its neighbour's are not`() throws {
            let program = """
                import socket, time
                print("ready", flush=True)
                time.sleep(1)
                try: socket.create_connection(("\(address)", 7000), timeout=30); print("connected", flush=True)
                except OSError: print("failed", flush=True)
                """
            let a = field.namespace(of: "a")
            try field.testActors.start("client", on: "a", in: a, ["/usr/bin/python3", "-c", program])
            let choice = ConnectionChoice(actor: "client", peer: "b", port: 7000)
            let fault = try field.strike("handshake-stall", .connections(choice))
            _ = try connect()
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            try field.pass(.seconds(32))
            #expect(field.testActors.lines(of: "client", until: "failed") == ["failed"])
            let attempts = capture.segments(port: 7000).filter { $0.flags == .syn }.count
            #expect(attempts > 4)
            #expect(try fault.hits() == Int64(attempts))
            try fault.heal()
        }

        @Test func `no handshake, no hits`() throws {
            let client = try connect()
            let stall = try field.strike("handshake-stall", server)
            let other = try field.strike(
                "handshake-stall", .connections(ConnectionChoice(actor: "server", port: 7001)), ["lost": .text("ack")])
            #expect(try field.echoes(client, "still here"))
            #expect(try stall.hits() == 0)
            try stall.heal()
            _ = try connect()
            #expect(try other.hits() == 0)
            try other.heal()
            #expect(try field.rulesets() == before)
        }

        // MARK: storm

        @Test(arguments: ["fin", "rst", "silence"], ["refused", "unanswered"])
        func `a storm takes every session at one instant`(ending: String, meanwhile: String) throws {
            let clients = try (0..<200).map { _ in try connect() }
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            let start = Clock.now
            let fault = try field.strike(
                "storm", server, ["ending": .text(ending), "meanwhile": .text(meanwhile)])
            // One instant, in virtual time.
            #expect(Clock.now - start < 20_000_000)
            #expect(try fault.hits() == 200)
            try field.pass(.seconds(1))
            let expected: TestConnection.Heard =
                ending == "fin" ? .end : ending == "rst" ? .failed(ECONNRESET) : .silence
            #expect(clients.allSatisfy { $0.hear(within: .zero) == expected })
            if ending == "silence" { #expect(capture.segments(port: 7000).isEmpty) }
            #expect(try field.sockets(of: "b").filter { $0.hasPrefix("ESTABLISHED") }.isEmpty)

            // Nobody gets in.
            let knocked = Clock.now
            #expect(try field.connect(from: "a", to: address, within: .seconds(30)) == nil)
            let refused = Duration.nanoseconds(Clock.now - knocked)
            #expect(meanwhile == "refused" ? refused < .milliseconds(10) : refused >= .seconds(30))
            try fault.heal()
            #expect(try field.rulesets() == before)
            if ending == "silence" {
                #expect(clients[7].say("anybody?"))
                #expect(try field.hear(clients[7]) == .failed(ECONNRESET))
            }
            _ = try connect()
            #expect(try fault.hits() == 200)
        }

        @Test func `a storm without a session has no hits`() throws {
            let storm = try field.strike("storm", server)
            #expect(try field.connect(from: "a", to: address) == nil)
            #expect(try storm.hits() == 0)
            try storm.heal()
            let client = try connect()
            let other = try field.strike("storm", .connections(ConnectionChoice(actor: "server", port: 7001)))
            #expect(try field.echoes(client, "still here"))
            // Other doors are closed, if any.
            _ = try connect()
            #expect(try other.hits() == 0)
            try other.heal()
        }

        @Test func `a storm and what overlaps it heal in either order`() throws {
            let clients = try (0..<3).map { _ in try connect() }
            let storm = try field.strike("storm", server, ["ending": .text("silence")])
            let stall = try field.strike("handshake-stall", server)
            try storm.heal()
            #expect(try field.connect(from: "a", to: address) == nil)
            try stall.heal()
            #expect(try field.rulesets() == before)
            #expect(clients[0].say("x"))
            #expect(try field.hear(clients[0]) == .failed(ECONNRESET))
            _ = try connect()
        }
    }
}
