import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Blackholes that take some connections and leave others; the plain one is in FaultsOnLinks.
    @Suite struct BlackholeTests {
        let field: TestField
        let listener: TestListener
        let address: String
        let both = FaultTarget.link("a-b", from: nil)

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
            address = field.lab.host("b").addresses[0]
        }

        private func connect() throws -> (client: TestConnection, server: TestConnection) {
            let pair = try field.connect(from: "a", to: listener, on: "b")
            #expect(pair.client.talks(to: pair.server))
            usleep(100_000)
            return pair
        }

        private func strike(_ connections: String, _ share: Double = 1) throws -> any ActiveFault {
            try field.strike(
                "blackhole", both, ["connections": .text(connections), "share": .fraction(share)])
        }

        @Test func `new takes attempts alone, each of them`() throws {
            let before = try LabState(of: field.lab)
            let standing = try connect()
            let capture = try TestCapture(in: field.lab.link("a-b").namespace)
            let fault = try strike("new")
            #expect { try field.connect(from: "a", to: listener, on: "b") } throws: {
                ($0 as? SystemError)?.code == ETIMEDOUT
            }
            #expect(standing.client.talks(to: standing.server))
            // What came into the wire is seen once, what left it as well.
            let attempts = capture.frames().filter { $0.count > 47 && $0[23] == 6 && $0[47] & 0x12 == 0x02 }
            #expect(attempts.count > 5)
            #expect(try fault.hits() == Int64(attempts.count))
            // The other way about, and UDP.
            let back = try TestListener(in: field.namespace(of: "a"), port: 7001)
            let datagrams = try TestDatagrams(from: field.lab.host("a"), to: field.lab.host("b"))
            for number in 0..<10 { try datagrams.send(UInt32(number)) }
            #expect(datagrams.received().count == 10)
            #expect(try fault.hits() == Int64(attempts.count))
            #expect(throws: SystemError.self) { try field.connect(from: "b", to: back, on: "a", port: 7001) }
            let total = try fault.hits()
            #expect(total > Int64(attempts.count))
            try fault.heal()
            try fault.heal()
            _ = try connect()
            #expect(try fault.hits() == total)
            try expectSame(field.lab, as: before)
        }

        @Test func `established takes whoever is connected, and nobody who comes later`() throws {
            let before = try LabState(of: field.lab)
            let standing = try connect()
            let fault = try strike("established")
            #expect(standing.client.say("anybody there?"))
            #expect(standing.server.hear(within: .seconds(100)) == .silence)
            #expect(try fault.hits() == 1 + Int64(standing.client.kernelInfo.retransmitted))
            let total = try fault.hits()
            let later = try connect()
            let back = try TestListener(in: field.namespace(of: "a"), port: 7001)
            let other = try field.connect(from: "b", to: back, on: "a", port: 7001)
            sleep(500)
            #expect(later.client.talks(to: later.server))
            #expect(other.client.talks(to: other.server))
            #expect(try fault.hits() >= total)
            try fault.heal()
            #expect(standing.server.hear(within: .seconds(121)) == .bytes("anybody there?"))
            #expect(standing.client.talks(to: standing.server))
            #expect(later.client.talks(to: later.server))
            try expectSame(field.lab, as: before)
        }

        @Test func `established has no hits when all connections are new`() throws {
            let fault = try strike("established")
            _ = try connect()
            #expect(try fault.hits() == 0)
        }

        @Test func `a share is struck in both directions, always the same, and counted`() throws {
            let server = try TestUDP(in: field.namespace(of: "b"), port: 9000)
            let clients = try (0..<400).map { try TestUDP(in: field.namespace(of: "a"), port: 20_000 + $0) }
            let home = field.lab.host("a").addresses[0]
            let fault = try strike("all", 0.3)
            func arrived() -> Set<Int> {
                for client in clients { client.say("hello", to: address, port: 9000) }
                var ports: Set<Int> = []
                while let heard = server.hear(within: .seconds(1)) { ports.insert(heard.port) }
                return ports
            }
            let lucky = arrived()
            let struck = 400 - lucky.count
            // Five standard deviations around 120.
            #expect((74...166).contains(struck))
            #expect(try fault.hits() == Int64(struck))
            #expect(arrived() == lucky)
            // The same lot for the way back.
            for number in 0..<400 { server.say("you", to: home, port: 20_000 + number) }
            let answered = clients.indices.filter { clients[$0].hear(within: .milliseconds(10)) != nil }
            #expect(Set(answered.map { 20_000 + $0 }) == lucky)
            #expect(try fault.hits() == Int64(3 * struck))
            try fault.heal()
            #expect(arrived().count == 400)
            // Another fault of the same run draws for itself.
            let second = try strike("all", 0.3)
            #expect(arrived() != lucky)
            try second.heal()
        }

        @Test func `a share of TCP connections is dead at both ends, and the rest alive`() throws {
            let pairs = try (0..<40).map { _ in try connect() }
            let fault = try strike("all", 0.5)
            var alive = 0
            for pair in pairs {
                let there = pair.client.say("one") && pair.server.hear(within: .milliseconds(500)) == .bytes("one")
                let back = pair.server.say("two") && pair.client.hear(within: .milliseconds(500)) == .bytes("two")
                #expect(there == back)
                alive += there ? 1 : 0
            }
            #expect((5...35).contains(alive))
            #expect(try fault.hits() >= Int64(2 * (40 - alive)))
            try fault.heal()
        }
    }
}
