import CLinux
import Faults
import Glibc
import Kernel
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// Faults that act on an actor, in one namespace: what is theirs shows over loopback as over any network.
    @Suite struct FaultsOnActors {
        final class Field: FaultField {
            let host: Descriptor
            let testActors = TestActors()
            var actors: any ActorControl { testActors }
            func namespace(of host: String) -> Int32 { self.host.raw }

            init() throws {
                host = Descriptor(owning: try System.call("make a namespace") { halfopen_network_namespace() })
                try TestRig.raiseLoopback(in: host.raw)
                try testActors.start("broker", on: "cloud", in: host.raw, TestProgram.echoServer())
            }

            /// A connection that has been accepted and works.
            func connect() throws -> TestConnection {
                let connection = try knock()
                #expect(connection.echoes("hello"))
                return connection
            }

            func knock() throws -> TestConnection { try TestConnection(from: host.raw, to: "127.0.0.1", port: 7000) }
        }

        private func strike(
            _ kind: String, on actor: String = "broker", until: Duration? = nil, parameters: [String: Value] = [:],
            in field: Field
        ) throws -> any ActiveFault {
            let plan = FaultPlan(
                index: 0, kind: kind, at: .zero, until: until, target: .actor(actor), parameters: parameters,
                position: "test")
            return try FaultCatalog.make(plan).strike(in: field)
        }

        @Test func `hang-up ends every live connection with FIN, and the server goes on`() throws {
            let field = try Field()
            let peers = try (0..<3).map { _ in try field.connect() }
            let fault = try strike("hang-up", in: field)
            for peer in peers { #expect(peer.hear() == .end) }
            #expect(try fault.hits() == 3)
            #expect(field.testActors.lines(of: "broker", within: .seconds(1)) == ["end", "end", "end"])
            try fault.heal()
            _ = try field.connect()
        }

        @Test func `hang-up puts its FIN behind the data that was sent before`() throws {
            let field = try Field()
            let peer = try field.connect()
            peer.say("last words")
            // Time for the echo to be on its way back; nobody has read it.
            usleep(100_000)
            let fault = try strike("hang-up", in: field)
            #expect(peer.hear() == .bytes("last words"))
            #expect(peer.hear() == .end)
            #expect(try fault.hits() == 1)
        }

        @Test func `reset tears every live connection down by RST, and the server goes on`() throws {
            let field = try Field()
            let peers = try (0..<3).map { _ in try field.connect() }
            let fault = try strike("reset", in: field)
            for peer in peers { #expect(peer.hear() == .failed(ECONNRESET)) }
            #expect(try fault.hits() == 3)
            let aborted = "failed \(ECONNABORTED)"
            #expect(field.testActors.lines(of: "broker", within: .seconds(1)) == [aborted, aborted, aborted])
            _ = try field.connect()
        }

        @Test func `reset reaches connections that were not accepted yet`() throws {
            let field = try Field()
            let freeze = try strike("freeze", in: field)
            let peer = try field.knock()
            let fault = try strike("reset", in: field)
            #expect(peer.hear() == .failed(ECONNRESET))
            #expect(try fault.hits() == 1)
            try freeze.heal()
            _ = try field.connect()
        }

        @Test func `hang-up and reset leave other actors of the host alone`() throws {
            let field = try Field()
            try field.testActors.start("other", on: "cloud", in: field.host.raw, TestProgram.echoServer(port: 7001))
            let other = try TestConnection(from: field.host.raw, to: "127.0.0.1", port: 7001)
            #expect(other.echoes("hello"))
            #expect(try strike("hang-up", in: field).hits() == 0)
            #expect(try strike("reset", in: field).hits() == 0)
            #expect(other.echoes("still here"))
        }

        @Test func `kill ends every process, and asks for the restart`() throws {
            let field = try Field()
            let peer = try field.connect()
            let fault = try strike("kill", parameters: ["restart-after": .duration(.seconds(10))], in: field)
            #expect(peer.hear() == .end)
            #expect(try fault.hits() == 1)
            #expect(field.testActors.state(of: "broker") == "Z")
            #expect(field.testActors.expectedEnds == ["broker"])
            #expect(field.testActors.restarts.map(\.after) == [.seconds(10)])
            #expect(throws: SystemError.self) { try field.knock() }
        }

        @Test func `kill of an actor that is dead has no hits`() throws {
            let field = try Field()
            _ = try strike("kill", in: field)
            // The engine would have collected it; the rig's table is asked whether the process is there.
            waitpid(field.testActors.running["broker"]!.process.pid, nil, 0)
            let again = try strike("kill", in: field)
            #expect(try again.hits() == 0)
            #expect(field.testActors.restarts.isEmpty)
        }

        @Test func `freeze is silence with the connection open, and everything is answered after the heal`() throws {
            let field = try Field()
            let peer = try field.connect()
            let fault = try strike("freeze", until: .seconds(600), in: field)
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
            let field = try Field()
            let fault = try strike("freeze", in: field)
            #expect(try fault.hits() == 0)
            let peers = try (0..<2).map { _ in try field.knock() }
            for peer in peers { #expect(peer.say("knock")) }
            #expect(peers[0].hear(within: .seconds(60)) == .silence)
            #expect(try fault.hits() == 2)
            try fault.heal()
            for peer in peers { #expect(peer.hear() == .bytes("knock")) }
            #expect(try fault.hits() == 2)
        }

        @Test func `freeze that nobody noticed has no hits`() throws {
            let field = try Field()
            let fault = try strike("freeze", in: field)
            try fault.heal()
            #expect(try fault.hits() == 0)
        }
    }
}
