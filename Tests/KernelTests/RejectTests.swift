import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    @Suite struct RejectTests {
        struct Word: Sendable {
            var name: String
            var code: UInt8
            var errno: Int32
        }
        static let words = [
            Word(name: "host-unreachable", code: 1, errno: EHOSTUNREACH),
            Word(name: "net-unreachable", code: 0, errno: ENETUNREACH),
            Word(name: "port-unreachable", code: 3, errno: ECONNREFUSED),
            Word(name: "admin-prohibited", code: 13, errno: EHOSTUNREACH),
        ]

        let field: TestField
        let listener: TestListener
        let both = FaultTarget.link("a-b", from: nil)

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        /// Codes of ICMP's "destination unreachable" among these frames.
        private func unreachables(_ frames: [[UInt8]]) -> [UInt8] {
            frames.filter { $0.count > 35 && $0[12] == 8 && $0[13] == 0 && $0[23] == 1 && $0[34] == 3 }.map { $0[35] }
        }

        @Test(arguments: words)
        func `an attempt fails with the word's errno, and the wire shows the word`(_ word: Word) throws {
            let before = try LabState(of: field.lab)
            let fault = try field.strike("reject", both, ["with": .text(word.name)])
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            #expect { try field.connect(from: "a", to: listener, on: "b") } throws: {
                ($0 as? SystemError)?.code == word.errno
            }
            #expect(unreachables(capture.frames()) == [word.code])
            #expect(try fault.hits() == 1)
            try fault.heal()
            try fault.heal()
            _ = try field.connect(from: "a", to: listener, on: "b")
            #expect(try fault.hits() == 1)
            try expectSame(field.lab, as: before)
        }

        @Test func `every packet is answered, however many there are`() throws {
            let fault = try field.strike("reject", both, ["with": .text("admin-prohibited")])
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            let socket = try TestUDP(in: field.namespace(of: "a"))
            for _ in 0..<200 { socket.say("hello", to: field.lab.host("b").addresses[0], port: 9000) }
            usleep(100_000)
            #expect(unreachables(capture.frames()) == [UInt8](repeating: 13, count: 200))
            #expect(try fault.hits() == 200)
        }

        @Test func `an established connection takes it as a hint and lives`() throws {
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try field.strike("reject", both, ["with": .text("host-unreachable")])
            #expect(client.say("anybody there?"))
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(client.kernelInfo.state == 1)
            #expect(try fault.hits() == 1 + Int64(client.kernelInfo.retransmitted))
            try fault.heal()
            #expect(server.hear(within: .seconds(121)) == .bytes("anybody there?"))
        }

        @Test func `when TCP gives up it names this error`() throws {
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try field.strike("reject", both, ["with": .text("host-unreachable")])
            #expect(client.say("anybody there?"))
            #expect(client.hear(within: .seconds(1200)) == .failed(EHOSTUNREACH))
            #expect(try fault.hits() > 10)
        }

        @Test func `a port and a direction leave the rest alone`() throws {
            let other = try TestListener(in: field.namespace(of: "b"), port: 7001)
            let fault = try field.strike(
                "reject", .link("a-b", from: "a"), ["with": .text("net-unreachable"), "port": .count(7000)])
            let (client, server) = try field.connect(from: "a", to: other, on: "b", port: 7001)
            #expect(client.talks(to: server))
            #expect(try fault.hits() == 0)
            #expect { try field.connect(from: "a", to: listener, on: "b") } throws: {
                ($0 as? SystemError)?.code == ENETUNREACH
            }
            #expect(try fault.hits() == 1)
        }
    }
}
