import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// A server on b that sends what it is asked for; what its client on a receives, to the byte, and how it ends.
    @Suite struct ConnectionCuts {
        let field: TestField
        let server = FaultTarget.connections(ConnectionChoice(actor: "server", port: 7000))
        private let address: String

        init() throws {
            field = try TestField(TestLab.pair())
            address = field.lab.host("b").addresses[0]
            try field.testActors.start(
                "server", on: "b", in: field.namespace(of: "b"), TestProgram.source(port: 7000))
        }

        private func connect() throws -> TestConnection {
            try #require(try field.connect(from: "a", to: address))
        }

        private func cut(
            _ bytes: Int, _ ending: String, _ direction: String = "out", _ target: FaultTarget? = nil
        ) throws -> any ActiveFault {
            try field.strike(
                "cut-after-bytes", target ?? server,
                ["bytes": .size(Int64(bytes)), "direction": .text(direction), "ending": .text(ending)])
        }

        private func end(_ ending: String) -> TestConnection.Heard {
            switch ending {
            case "fin": .end
            case "rst": .failed(ECONNRESET)
            default: .silence
            }
        }

        // MARK: after bytes

        @Test(arguments: ["fin", "rst", "silence"], [1, 1000, 1448, 1449, 100_000])
        func `not one byte passes beyond the stated one`(ending: String, bytes: Int) throws {
            let before = try field.rulesets()
            let client = try connect()
            let fault = try cut(bytes, ending)
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            #expect(client.say("300000\n"))
            let (text, after) = try field.hearAll(client, quiet: .seconds(60))
            #expect(text == TestProgram.sourced(bytes))
            #expect(after == end(ending))
            #expect(try fault.hits() == 1)
            // On the wire as well, whatever was sent again.
            let data = capture.segments(port: 7000).filter { $0.source.port == 7000 && !$0.payload.isEmpty }
            let first = try #require(data.first?.sequence)
            let last = data.map { $0.sequence &+ UInt32($0.payload.count) &- first }.max()
            #expect(last == UInt32(bytes))
            // The sender: told, but for silence, once the receiver has acknowledged it all.
            try field.pass(.seconds(2))
            let told = field.testActors.lines(of: "server", within: .seconds(60), until: "failed \(ECONNRESET) 0")
            #expect(told == (ending == "silence" ? [] : ["failed \(ECONNRESET) 0"]))
            try fault.heal()
            #expect(try field.rulesets() == before)
            #expect(try fault.hits() == 1)
        }

        @Test func `after a cut by FIN the receiver can say goodbye, or be told that nobody listens`() throws {
            let fault = try cut(5000, "fin")
            // Connections that begin later are cut as well, each from its first byte.
            let (polite, talker) = (try connect(), try connect())
            for client in [polite, talker] {
                client.say("300000\n")
                let (text, after) = try field.hearAll(client)
                #expect(text == TestProgram.sourced(5000))
                #expect(after == .end)
            }
            #expect(try fault.hits() == 2)
            #expect(talker.say("still there?"))
            try field.pass(.seconds(1))
            #expect(!talker.say("no"))
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            shutdown(polite.descriptor.raw, Int32(SHUT_RDWR))
            try field.pass(.seconds(1))
            // FIN, and its acknowledgement: no RST, nothing sent again.
            #expect(capture.segments(port: 7000).map(\.flags) == [[.fin, .ack], .ack])
            #expect(try field.sockets(of: "a").isEmpty)
            #expect(try field.sockets(of: "b").filter { !$0.hasPrefix("LISTEN") }.isEmpty)
            try fault.heal()
        }

        @Test func `silence is over when it heals`() throws {
            let client = try connect()
            let fault = try cut(10_000, "silence")
            client.say("30000\n")
            #expect(try field.hearAll(client, quiet: .seconds(100)).text == TestProgram.sourced(10_000))
            try fault.heal()
            let rest = try field.hearAll(client, quiet: .seconds(200))
            #expect(TestProgram.sourced(10_000) + rest.text == TestProgram.sourced(30_000))
            #expect(try fault.hits() == 1)
        }

        @Test func `what is sent to the actor can be cut, too`() throws {
            let client = try connect()
            client.say("1\n")
            #expect(client.hear() == .bytes("a"))
            usleep(100_000)
            // The client's data, seen from either end.
            let fault = try cut(50_001, "fin", "in")
            client.say(String(repeating: ".", count: 60_000))
            #expect(try field.hear(client) == .failed(ECONNRESET))
            try field.pass(.seconds(1))
            #expect(field.testActors.lines(of: "server", until: "end 50001").last == "end 50001")
            #expect(try fault.hits() == 1)
        }

        @Test(arguments: [
            ConnectionChoice(actor: "server", port: 7001), ConnectionChoice(actor: "server", peer: "b"),
            ConnectionChoice(actor: "other"),
        ])
        func `others are not cut`(choice: ConnectionChoice) throws {
            try field.testActors.start(
                "other", on: "b", in: field.namespace(of: "b"), TestProgram.echoServer(port: 7002))
            let client = try connect()
            let fault = try cut(10, "rst", "out", .connections(choice))
            let later = try connect()
            for client in [client, later] {
                client.say("20000\n")
                #expect(try field.hearAll(client, quiet: .seconds(1)).text == TestProgram.sourced(20_000))
            }
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        @Test func `a number of bytes that is not reached cuts nothing`() throws {
            let client = try connect()
            let fault = try cut(20_001, "fin")
            client.say("20000\n")
            #expect(try field.hearAll(client, quiet: .seconds(100)).text == TestProgram.sourced(20_000))
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(client.say("."))
            #expect(field.testActors.lines(of: "server", until: "got 1") == ["got 1"])
        }

        @Test(arguments: ["fin", "rst"], [0.02, 0.1, 0.2, 0.3])
        func `on a lossy link all of it arrives, and is counted once`(ending: String, share: Double) throws {
            let client = try connect()
            let loss = try field.strike("loss", .link("a-b", from: nil), ["loss": .fraction(share)])
            let fault = try cut(200_000, ending)
            client.say("300000\n")
            let (text, after) = try field.hearAll(client, quiet: .seconds(600))
            // A RST may be there before what was lost is sent again; a FIN has its place in the stream.
            #expect(TestProgram.sourced(200_000).hasPrefix(text))
            #expect(text.utf8.count == 200_000 || ending == "rst")
            #expect(after == end(ending))
            #expect(try fault.hits() == 1)
            // Segments came by more than once.
            #expect(try loss.hits() > 3)
            try loss.heal()
            try field.pass(.seconds(200))
            #expect(field.testActors.lines(of: "server", within: .seconds(1)) == ["failed \(ECONNRESET) 0"])
            try fault.heal()
        }

        // MARK: after a message

        private func cutAfter(_ parameters: [String: Value]) throws -> any ActiveFault {
            try field.strike("cut-after-message", server, parameters)
        }

        private func greeted() throws -> TestConnection {
            let client = try connect()
            client.say("1\n")
            #expect(try field.hear(client) == .bytes("a"))
            try field.pass(.milliseconds(100))
            return client
        }

        @Test(arguments: ["fin", "rst", "silence"])
        func `the message arrives, and nothing after it`(ending: String) throws {
            let client = try greeted()
            let fault = try cutAfter([
                "direction": .text("in"), "messages": .count(2), "containing": .text("order"),
                "ending": .text(ending),
            ])
            for text in ["order 1.", "noise.", "order 2."] {
                client.say(text)
                try field.pass(.seconds(1))
            }
            #expect(try field.hear(client) == (ending == "silence" ? .silence : .failed(ECONNRESET)))
            client.say("order 3.")
            try field.pass(.seconds(1))
            let (count, code) = (8 + 6 + 8, ending == "fin" ? "end" : "failed \(ECONNRESET)")
            let lines = ["got 8", "got 14", "got \(count)"] + (ending == "silence" ? [] : ["\(code) \(count)"])
            #expect(field.testActors.lines(of: "server", within: .seconds(60)) == lines)
            #expect(try fault.hits() == 1)
            try fault.heal()
        }

        @Test(arguments: ["fin", "rst", "silence"])
        func `the message arrives, and its sender is never told`(ending: String) throws {
            let client = try greeted()
            let fault = try cutAfter([
                "direction": .text("in"), "messages": .count(1), "when": .text("before-ack"),
                "ending": .text(ending),
            ])
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            client.say("order.")
            #expect(try field.hear(client, within: .seconds(600)) == end(ending))
            let lines = ["got 6"] + (ending == "silence" ? [] : ["failed \(ECONNRESET) 6"])
            #expect(field.testActors.lines(of: "server", within: .seconds(1)) == lines)
            // Six bytes are under way, and no segment that the client got acknowledges any of them.
            let segments = capture.segments(port: 7000)
            let message = try #require(segments.first { !$0.payload.isEmpty })
            #expect(message.payload.count == 6)
            #expect(!segments.contains { $0.source.port == 7000 && $0.acknowledgement.isAfter(message.sequence) })
            #expect(ending != "silence" || client.kernelInfo.retransmitted > 5)
            #expect(try fault.hits() == 1)
            try fault.heal()
        }

        @Test func `a message that never comes cuts nothing`() throws {
            let client = try greeted()
            let fault = try cutAfter(["direction": .text("in"), "containing": .text("order"), "ending": .text("rst")])
            for _ in 0..<3 { client.say("noise.") }
            try field.pass(.seconds(10))
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(field.testActors.lines(of: "server", until: "got 18").last == "got 18")
        }
    }
}
