import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// Accept queues that overflow: an echo server on b whose queue has room for 64, its clients on a.
    @Suite struct ConnectionAccept {
        let field: TestField
        let server = FaultTarget.actor("server")
        private let address: String

        init() throws {
            field = try TestField(TestLab.pair())
            address = field.lab.host("b").addresses[0]
            try field.testActors.start(
                "server", on: "b", in: field.namespace(of: "b"), TestProgram.echoServer(port: 7000))
        }

        private func knock(within time: Duration = .seconds(10)) throws -> TestConnection? {
            try field.connect(from: "a", to: address, within: time)
        }

        private func overflow(_ backlog: Int64, port: Int64? = nil) throws -> any ActiveFault {
            var parameters: [String: Value] = ["backlog": .count(backlog)]
            if let port { parameters["port"] = .count(port) }
            return try field.strike("accept-queue-overflow", server, parameters)
        }

        /// Of the kernel's counters of the whole host: what listening sockets had no room for, and dropped.
        private func counters() throws -> (overflows: Int64, drops: Int64) {
            let text = try LabState.output(of: ["cat", "/proc/net/netstat"], in: field.namespace(of: "b"))
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("TcpExt:") }.map { $0.split(separator: " ") }
            func value(_ name: String) -> Int64 { Int64(lines[1][lines[0].firstIndex(of: name[...])!])! }
            return (value("ListenOverflows"), value("ListenDrops"))
        }

        /// How many connections may wait, as the kernel has it.
        private func room() throws -> [Int] {
            let table = try SocketDiagnosis(namespace: field.namespace(of: "b"), host: "b")
            return try table.sockets(in: [.listen]).map(\.unsent)
        }

        @Test func `so many come up and wait, and whoever comes after them is dropped`() throws {
            let old = try #require(try knock())
            #expect(try field.echoes(old, "hello"))
            let before = try counters()
            let fault = try overflow(2)
            #expect(try room() == [2])
            let waiting = try (0..<3).map { _ in try #require(try knock()) }
            for client in waiting { #expect(client.say("knock")) }
            #expect(try knock(within: .seconds(30)) == nil)
            #expect(try field.hear(waiting[0], within: .seconds(100)) == .silence)
            #expect(old.say("anybody?"))
            #expect(try field.hear(old, within: .seconds(100)) == .silence)
            let after = try counters()
            #expect(try fault.hits() == after.overflows - before.overflows)
            #expect(try fault.hits() == after.drops - before.drops)
            #expect(try fault.hits() > 5)
            let total = try fault.hits()

            try fault.heal()
            #expect(try room() == [64])
            #expect(field.testActors.state(of: "server") != "T")
            for client in waiting { #expect(try field.hear(client) == .bytes("knock")) }
            #expect(try field.hear(old) == .bytes("anybody?"))
            let late = try #require(try knock())
            #expect(try field.echoes(late, "hello"))
            try fault.heal()
            #expect(try room() == [64])
            #expect(try fault.hits() == total)
            // What was dropped before is nobody's hit.
            let again = try overflow(0)
            #expect(try again.hits() == 0)
            try again.heal()
        }

        @Test func `a queue that nobody fills drops nothing`() throws {
            let fault = try overflow(1)
            let waiting = try [#require(try knock()), #require(try knock())]
            try field.pass(.seconds(600))
            #expect(try fault.hits() == 0)
            try fault.heal()
            for client in waiting { #expect(try field.echoes(client, "hello")) }
            // Of no port of this server.
            let other = try overflow(0, port: 7001)
            #expect(try room() == [64])
            _ = try (0..<5).map { _ in try #require(try knock()) }
            #expect(try other.hits() == 0)
            try other.heal()
        }

        @Test(arguments: ["freeze", "unresponsive"], [true, false])
        func `what overlaps it heals in either order`(kind: String, itFirst: Bool) throws {
            let other: any ActiveFault
            let fault: any ActiveFault
            if itFirst {
                fault = try overflow(0)
                other = try field.strike(kind, server)
            } else {
                other = try field.strike(kind, server)
                fault = try overflow(0)
            }
            #expect(try room() == [itFirst && kind == "unresponsive" ? 4096 : 0])
            try other.heal()
            #expect(try room() == [0])
            #expect(field.testActors.state(of: "server") == "T")
            _ = try #require(try knock())
            #expect(try knock() == nil)
            #expect(try fault.hits() > 0)
            let again = try field.strike(kind, server)
            try fault.heal()
            #expect(try room() == [kind == "unresponsive" ? 4096 : 64])
            #expect(field.testActors.state(of: "server") == "T")
            try again.heal()
            #expect(try room() == [64])
            let client = try #require(try knock())
            #expect(try field.echoes(client, "hello"))
        }
    }
}
