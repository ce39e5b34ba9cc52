import CLinux
import Faults
import Glibc
import Kernel
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// An echo server on host b, and its peers on host a.
    @Suite struct FaultsOnActors {
        let field: TestField
        private let broker = FaultTarget.actor("broker")
        private let connections = FaultTarget.connections(ConnectionChoice(actor: "broker"))

        init() throws {
            field = try TestField(TestLab.pair())
            try start("broker", port: 7000)
        }

        private func start(_ name: String, port: Int) throws {
            try field.testActors.start(
                name, on: "b", in: field.namespace(of: "b"), TestProgram.echoServer(port: port))
        }

        /// A connection that has been accepted and works.
        private func connect() throws -> TestConnection {
            let connection = try knock()
            #expect(connection.echoes("hello"))
            return connection
        }

        private func knock(port: Int = 7000) throws -> TestConnection {
            try TestConnection(from: field.namespace(of: "a"), to: field.lab.host("b").addresses[0], port: port)
        }

        @Test func `hang-up ends every live connection with FIN, and the server goes on`() throws {
            let peers = try (0..<3).map { _ in try connect() }
            let fault = try field.strike("hang-up", connections)
            for peer in peers { #expect(peer.hear() == .end) }
            #expect(try fault.hits() == 3)
            #expect(field.testActors.lines(of: "broker", within: .seconds(1)) == ["end", "end", "end"])
            try fault.heal()
            _ = try connect()
        }

        @Test func `hang-up puts its FIN behind the data that was sent before`() throws {
            let peer = try connect()
            peer.say("last words")
            // Time for the echo to be on its way back; nobody has read it.
            usleep(100_000)
            let fault = try field.strike("hang-up", connections)
            #expect(peer.hear() == .bytes("last words"))
            #expect(peer.hear() == .end)
            #expect(try fault.hits() == 1)
        }

        @Test func `reset tears every live connection down by RST, and the server goes on`() throws {
            let peers = try (0..<3).map { _ in try connect() }
            let fault = try field.strike("reset", connections)
            for peer in peers { #expect(peer.hear() == .failed(ECONNRESET)) }
            #expect(try fault.hits() == 3)
            let aborted = "failed \(ECONNABORTED)"
            #expect(field.testActors.lines(of: "broker", within: .seconds(1)) == [aborted, aborted, aborted])
            _ = try connect()
        }

        @Test func `reset reaches connections that were not accepted yet`() throws {
            let freeze = try field.strike("freeze", broker)
            let peer = try knock()
            // The handshake's last packet is under way.
            usleep(100_000)
            let fault = try field.strike("reset", connections)
            #expect(peer.hear() == .failed(ECONNRESET))
            #expect(try fault.hits() == 1)
            try freeze.heal()
            _ = try connect()
        }

        @Test func `hang-up and reset leave other actors of the host alone`() throws {
            try start("other", port: 7001)
            let other = try knock(port: 7001)
            #expect(other.echoes("hello"))
            #expect(try field.strike("hang-up", connections).hits() == 0)
            #expect(try field.strike("reset", connections).hits() == 0)
            #expect(other.echoes("still here"))
        }

        @Test func `kill ends every process, and asks for the restart`() throws {
            let peer = try connect()
            let fault = try field.strike("kill", broker, ["restart-after": .duration(.seconds(10))])
            #expect(peer.hear() == .end)
            #expect(try fault.hits() == 1)
            #expect(field.testActors.state(of: "broker") == "Z")
            #expect(field.testActors.expectedEnds == ["broker"])
            #expect(field.testActors.restarts.map(\.after) == [.seconds(10)])
            #expect(throws: SystemError.self) { try knock() }
        }

        @Test func `kill of an actor that is dead has no hits`() throws {
            _ = try field.strike("kill", broker)
            // The engine would have collected it; the rig's table is asked whether the process is there.
            waitpid(field.testActors.running["broker"]!.process.pid, nil, 0)
            let again = try field.strike("kill", broker)
            #expect(try again.hits() == 0)
            #expect(field.testActors.restarts.isEmpty)
        }

        @Test func `freeze is silence with the connection open, and everything is answered after the heal`() throws {
            let peer = try connect()
            let fault = try field.strike("freeze", broker)
            #expect(field.testActors.state(of: "broker") == "T")
            #expect(peer.say("anybody there?"))
            #expect(peer.hear(within: .seconds(600)) == .silence)
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(peer.hear() == .bytes("anybody there?"))
            #expect(try fault.hits() == 1)
            #expect(field.testActors.state(of: "broker") != "T")
        }

        @Test func `freeze counts those that knock meanwhile`() throws {
            let fault = try field.strike("freeze", broker)
            #expect(try fault.hits() == 0)
            let peers = try (0..<2).map { _ in try knock() }
            for peer in peers { #expect(peer.say("knock")) }
            #expect(peers[0].hear(within: .seconds(60)) == .silence)
            #expect(try fault.hits() == 2)
            try fault.heal()
            for peer in peers { #expect(peer.hear() == .bytes("knock")) }
            #expect(try fault.hits() == 2)
        }

        @Test func `freeze that nobody noticed has no hits`() throws {
            let fault = try field.strike("freeze", broker)
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        // MARK: several processes

        private func startForking() throws -> TestConnection {
            try field.testActors.start(
                "forking", on: "b", in: field.namespace(of: "b"), TestProgram.forkingServer(port: 7002))
            let peer = try knock(port: 7002)
            #expect(peer.echoes("hello"))
            #expect(field.testActors.processes(of: "forking").count == 2)
            return peer
        }

        @Test func `a connection that two processes hold is one connection`() throws {
            let peer = try startForking()
            let fault = try field.strike("hang-up", .connections(ConnectionChoice(actor: "forking")))
            #expect(peer.hear() == .end)
            #expect(try fault.hits() == 1)
        }

        @Test func `freeze and kill reach every process of an actor`() throws {
            let peer = try startForking()
            let processes = field.testActors.processes(of: "forking")
            let freeze = try field.strike("freeze", .actor("forking"))
            #expect(processes.map(TestActors.state) == ["T", "T"])
            #expect(try freeze.hits() == 1)
            try freeze.heal()
            #expect(peer.echoes("thawed"))
            #expect(try field.strike("kill", .actor("forking")).hits() == 2)
            #expect(peer.hear() == .end)
        }
    }
}
