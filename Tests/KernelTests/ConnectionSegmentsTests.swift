import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// What a server on b sends, in pieces when it comes to its client on a.
    @Suite struct ConnectionSegments {
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

        private func pieces(_ size: Int, _ target: FaultTarget? = nil) throws -> any ActiveFault {
            try field.strike("segments", target ?? server, ["size": .size(Int64(size))])
        }

        @Test(arguments: [1, 3, 536, 1400]) func `everything arrives, in pieces of that size`(size: Int) throws {
            let before = try field.rulesets()
            let client = try connect()
            let fault = try pieces(size)
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            let whole = try TestCapture(in: field.lab.host("b").namespace)
            // Not more pieces at a time than find room in the receiver's buffer.
            let wanted = min(size * 100, 50_000)
            client.say("\(wanted)\n")
            #expect(try field.hearAll(client, quiet: .seconds(1)).text == TestProgram.sourced(wanted))
            let sizes = capture.segments(port: 7000).filter { $0.source.port == 7000 }.map(\.payload.count)
            #expect(sizes.max() == size)
            let sent = whole.segments(port: 7000).filter { $0.source.port == 7000 }.map(\.payload.count)
            #expect(sent.max() == min(wanted, 1448))
            #expect(try fault.hits() == Int64(sent.count { $0 > size }))
            // Nothing was lost, nothing came out of order: nothing was sent again.
            #expect(sizes.reduce(0, +) == wanted)
            #expect(sent.reduce(0, +) == wanted)
            try fault.heal()
            #expect(try field.rulesets() == before)
            // As before: whole segments.
            let later = try connect()
            later.say("50000\n")
            #expect(try field.hearAll(later, quiet: .seconds(1)).text == TestProgram.sourced(50_000))
            #expect(capture.segments(port: 7000).map(\.payload.count).max() == 1448)
            #expect(try fault.hits() == Int64(sent.count { $0 > size }))
        }

        @Test func `a reader sees one byte at a time, and the end behind the last`() throws {
            let fault = try pieces(1)
            let client = try connect()
            client.say("5\n")
            try field.pass(.seconds(1))
            // The end of the server's side, behind what it has said.
            shutdown(client.descriptor.raw, Int32(SHUT_WR))
            #expect(try field.hearAll(client).text == "abcde")
            #expect(try field.hear(client) == .end)
            #expect(try fault.hits() == 1)
            try fault.heal()
        }

        @Test func `what others send passes whole`() throws {
            let client = try connect()
            let fault = try pieces(2, .connections(ConnectionChoice(actor: "server", port: 7001)))
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            client.say("50000\n")
            #expect(try field.hearAll(client, quiet: .seconds(1)).text == TestProgram.sourced(50_000))
            // The client's own line was longer than two bytes, too: only the actor's data is struck.
            let mine = try pieces(2)
            client.say("a line of the client")
            try field.pass(.seconds(1))
            let lines = capture.segments(port: 7000).filter { $0.destination.port == 7000 }.map(\.payload.count)
            #expect(lines.max() == 20)
            #expect(try fault.hits() == 0)
            #expect(try mine.hits() == 0)
            try fault.heal()
            try mine.heal()
        }

        @Test(arguments: [true, false]) func `a cut in pieces is a cut to the byte`(cutFirst: Bool) throws {
            let before = try field.rulesets()
            let client = try connect()
            func cut() throws -> any ActiveFault {
                try field.strike(
                    "cut-after-bytes", server,
                    ["bytes": .size(10_001), "direction": .text("out"), "ending": .text("fin")])
            }
            let first = try cutFirst ? cut() : pieces(100)
            let second = try cutFirst ? pieces(100) : cut()
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            client.say("50000\n")
            let (text, after) = try field.hearAll(client)
            #expect(text == TestProgram.sourced(10_001))
            #expect(after == .end)
            #expect(capture.segments(port: 7000).map(\.payload.count).max() == 100)
            #expect(try min(first.hits(), second.hits()) == 1)
            #expect(try max(first.hits(), second.hits()) == 7)
            // Healed in the order in which they came.
            try first.heal()
            try second.heal()
            #expect(try field.rulesets() == before)
        }
    }
}
