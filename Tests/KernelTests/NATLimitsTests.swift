import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone -- home (NAT) -- cloud: nat-table-full and nat-port-exhaustion.
    @Suite struct NATLimitsTests {
        let home = FaultTarget.host("home")
        let field: TestField
        let listener: TestListener
        let cloud: String

        init() throws {
            field = try TestField(TestLab.natted(idleTimeout: .seconds(600)))
            listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
            cloud = field.lab.host("cloud").addresses[0]
        }

        private func connect() throws -> (client: TestConnection, server: TestConnection) {
            let pair = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(pair.client.talks(to: pair.server))
            try field.pass(.milliseconds(50))
            return pair
        }

        /// How many SYNs a failed attempt took, as the phone's own device saw them.
        private func failedAttempt() throws -> Int64 {
            let capture = try TestCapture(in: field.lab.host("phone").namespace)
            #expect { try field.connect(from: "phone", to: listener, on: "cloud") } throws: {
                ($0 as? SystemError)?.code == ETIMEDOUT
            }
            return Int64(capture.frames().filter { $0.count > 47 && $0[23] == 6 && $0[47] & 0x12 == 0x02 }.count)
        }

        // MARK: nat-table-full

        private func full(_ mappings: Int64) throws -> any ActiveFault {
            try field.strike("nat-table-full", home, ["mappings": .count(mappings)])
        }

        @Test func `a table has room for so many, and those that stand count`() throws {
            let before = try LabState(of: field.lab)
            var pairs = try (0..<3).map { _ in try connect() }
            let fault = try full(5)
            pairs += try (0..<2).map { _ in try connect() }
            #expect(try fault.hits() == 0)
            let attempts = try failedAttempt()
            #expect(attempts > 5)
            #expect(try fault.hits() == attempts)
            for pair in pairs { #expect(pair.client.talks(to: pair.server)) }
            // Datagrams find no place either.
            let server = try TestUDP(in: field.namespace(of: "cloud"), port: 9000)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            client.say("hello", to: cloud, port: 9000)
            #expect(server.hear(within: .seconds(1)) == nil)
            #expect(try fault.hits() == attempts + 1)
            try fault.heal()
            try fault.heal()
            client.say("hello", to: cloud, port: 9000)
            #expect(server.hear()?.text == "hello")
            _ = try connect()
            #expect(try fault.hits() == attempts + 1)
            try expectSame(field.lab, as: before)
        }

        @Test func `a place is free when a mapping has ended`() throws {
            let first = try connect()
            let fault = try full(1)
            // Disconnecting sends a RST, which ends the mapping ten seconds later; the kernel's collector may take a
            // minute more.
            var nobody = sockaddr()
            nobody.sa_family = sa_family_t(AF_UNSPEC)
            #expect(
                Glibc.connect(first.client.descriptor.raw, &nobody, socklen_t(MemoryLayout<sockaddr>.size)) == 0)
            #expect(first.server.hear() == .failed(ECONNRESET))
            try field.pass(.seconds(100))
            let second = try connect()
            #expect(second.client.talks(to: second.server))
            #expect(try fault.hits() == 0)
        }

        @Test func `more may stand than there is room for: all of these must make way`() throws {
            let pairs = try (0..<4).map { _ in try connect() }
            let fault = try full(2)
            for pair in pairs { #expect(pair.client.talks(to: pair.server)) }
            _ = try failedAttempt()
            // Two go silent and are forgotten, and there is still no room.
            func keepAlive(_ count: Int) throws {
                for _ in 0..<3 {
                    try field.pass(.seconds(300))
                    for pair in pairs.prefix(count) { #expect(pair.client.talks(to: pair.server)) }
                }
            }
            try keepAlive(2)
            _ = try failedAttempt()
            try keepAlive(1)
            let next = try connect()
            #expect(next.client.talks(to: next.server))
            _ = try failedAttempt()
            #expect(try fault.hits() > 15)
        }

        @Test func `with room for all there is no hit`() throws {
            let fault = try full(100)
            for _ in 0..<10 { _ = try connect() }
            #expect(try fault.hits() == 0)
        }

        // MARK: nat-port-exhaustion

        private func exhaust(_ ports: Int64) throws -> any ActiveFault {
            try field.strike("nat-port-exhaustion", home, ["ports": .count(ports)])
        }

        private func port(of server: TestConnection) -> Int {
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(server.descriptor.raw, $0, &length)
                }
            }
            return Int(UInt16(bigEndian: peer.sin_port))
        }

        @Test func `new mappings have so many ports for one server, and each is used`() throws {
            let before = try LabState(of: field.lab)
            let standing = try connect()
            let fault = try exhaust(8)
            let pairs = try (0..<8).map { _ in try connect() }
            #expect(Set(pairs.map { port(of: $0.server) }) == Set(50_000..<50_008))
            #expect(try fault.hits() == 0)
            let attempts = try failedAttempt()
            #expect(attempts > 5)
            #expect(try fault.hits() == attempts)
            #expect(standing.client.talks(to: standing.server))
            for pair in pairs { #expect(pair.client.talks(to: pair.server)) }
            // Another port of the same server has all of them again.
            let other = try TestListener(in: field.namespace(of: "cloud"), port: 7001)
            let elsewhere = try field.connect(from: "phone", to: other, on: "cloud", port: 7001)
            #expect(elsewhere.client.talks(to: elsewhere.server))
            try fault.heal()
            try fault.heal()
            let next = try connect()
            #expect(!(50_000..<50_008).contains(port(of: next.server)))
            for pair in pairs { #expect(pair.client.talks(to: pair.server)) }
            #expect(try fault.hits() == attempts)
            try expectSame(field.lab, as: before)
        }

        @Test func `datagrams that find no port are lost and counted`() throws {
            let fault = try exhaust(3)
            let server = try TestUDP(in: field.namespace(of: "cloud"), port: 9000)
            let clients = try (0..<10).map { _ in try TestUDP(in: field.namespace(of: "phone")) }
            for _ in 0..<2 {
                for client in clients { client.say("hello", to: cloud, port: 9000) }
            }
            var ports: [Int] = []
            while let heard = server.hear(within: .seconds(1)) { ports.append(heard.port) }
            #expect(Set(ports) == [50_000, 50_001, 50_002])
            #expect(ports.count == 6)
            #expect(try fault.hits() == 14)
        }

        @Test func `nobody needs a port, nobody is hit`() throws {
            let standing = try connect()
            let fault = try exhaust(1)
            #expect(standing.client.talks(to: standing.server))
            #expect(try fault.hits() == 0)
        }
    }
}
