import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    @Suite struct StallingProxyTests {
        let field: TestField
        let listener: TestListener
        let both = FaultTarget.link("a-b", from: nil)

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        private func connect(from source: String = "a", to target: String = "b", port: Int = 7000) throws
            -> TestConnection
        {
            try TestConnection(
                from: field.namespace(of: source), to: field.lab.host(target).addresses[0], port: port)
        }

        @Test func `it takes every attempt, and says nothing for ever`() throws {
            let before = try LabState(of: field.lab)
            let standing = try field.connect(from: "a", to: listener, on: "b")
            let fault = try field.strike("stalling-proxy", both)
            let server = try TestCapture(in: field.lab.host("b").namespace)
            let taken = try (0..<10).map { _ in try connect() }
            // Where nobody listens as well.
            let nowhere = try connect(port: 9999)
            #expect(try fault.hits() == 11)
            for client in taken + [nowhere] {
                #expect(client.say("hello"))
                #expect(client.hear(within: .seconds(100)) == .silence)
                #expect(client.kernelInfo.state == 1)
                // What was said was acknowledged.
                #expect(client.kernelInfo.retransmitted == 0)
            }
            #expect(server.frames().isEmpty)
            #expect(standing.client.talks(to: standing.server))
            #expect(try fault.hits() == 11)
            try fault.heal()
            try fault.heal()
            for client in taken { #expect(client.hear() == .failed(ECONNRESET)) }
            let next = try field.connect(from: "a", to: listener, on: "b")
            #expect(next.client.talks(to: next.server))
            #expect(standing.client.talks(to: standing.server))
            #expect(try fault.hits() == 11)
            try expectSame(field.lab, as: before)
            // Nor does connection tracking remember anything.
            let table = try Conntrack(namespace: field.lab.link("a-b").namespace.raw, host: "a-b")
            #expect(try table.entries().isEmpty)
        }

        @Test func `its buffer fills, and its window stays shut`() throws {
            let fault = try field.strike("stalling-proxy", both)
            let client = try connect()
            try client.descriptor.setNonBlocking()
            let piece = [UInt8](repeating: 120, count: 100_000)
            var sent = 0
            for _ in 0..<100 {
                sent += max(0, send(client.descriptor.raw, piece, piece.count, Int32(MSG_NOSIGNAL)))
                usleep(100_000)
            }
            // It stands in our own buffer, and does not go away.
            func waiting() -> Int32 {
                var bytes: Int32 = 0
                #expect(ioctl(client.descriptor.raw, UInt(TIOCOUTQ), &bytes) == 0)
                return bytes
            }
            let before = waiting()
            #expect(before > 100_000 && sent < 5_000_000)
            sleep(600)
            #expect(waiting() == before)
            #expect(try fault.hits() == 1)
        }

        @Test func `a port and a direction leave the rest alone`() throws {
            let other = try TestListener(in: field.namespace(of: "b"), port: 7001)
            let back = try TestListener(in: field.namespace(of: "a"), port: 7000)
            let fault = try field.strike("stalling-proxy", .link("a-b", from: "a"), ["port": .count(7000)])
            let (client, server) = try field.connect(from: "a", to: other, on: "b", port: 7001)
            #expect(client.talks(to: server))
            let reverse = try connect(from: "b", to: "a")
            #expect(try reverse.talks(to: back.accept()))
            #expect(try fault.hits() == 0)
            _ = try connect()
            #expect(try fault.hits() == 1)
        }

        @Test func `two on one link heal in either order, and a live connection goes on`() throws {
            let before = try LabState(of: field.lab)
            let standing = try field.connect(from: "a", to: listener, on: "b")
            let one = try field.strike("stalling-proxy", .link("a-b", from: "a"))
            let two = try field.strike("captive-portal", .link("a-b", from: "b"), ["others": .text("drop")])
            let client = try connect()
            try one.heal()
            #expect(client.hear() == .failed(ECONNRESET))
            #expect(standing.client.say("one way"))
            #expect(standing.server.hear() == .bytes("one way"))
            try two.heal()
            #expect(standing.client.talks(to: standing.server))
            #expect(try one.hits() == 1)
            try expectSame(field.lab, as: before)
        }
    }
}
