import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Links that carry only small packets, with and without a word about it.
    @Suite struct PathMTU {
        let field: TestField
        let listener: TestListener
        let both = FaultTarget.link("a-b", from: nil)
        let fromA = FaultTarget.link("a-b", from: "a")
        let text = String(repeating: "x", count: 20_000)

        init() throws {
            field = try TestField(TestLab.pair())
            listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
        }

        /// The path's MTU as TCP knows it (tcpi_pmtu).
        private func pathMTU(_ connection: TestConnection) -> UInt32 {
            var info = tcp_info()
            var size = socklen_t(MemoryLayout<tcp_info>.size)
            getsockopt(connection.descriptor.raw, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
            return info.tcpi_pmtu
        }

        /// Messages of ICMP "fragmentation needed": who says so to whom, and the MTU that they tell.
        private func complaints(_ frames: [[UInt8]]) -> [(from: UInt8, mtu: Int)] {
            frames.compactMap { frame in
                guard frame.count >= 42, frame[23] == 1, frame[34] == 3, frame[35] == 4 else { return nil }
                return (frame[29], Int(frame[40]) << 8 | Int(frame[41]))
            }
        }

        @Test func `mtu tells TCP, which sends smaller segments from then on`() throws {
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            #expect(client.talks(to: server))
            #expect(pathMTU(client) == 1500)
            let fault = try field.strike("mtu", fromA, ["mtu": .count(1280)])
            #expect(try fault.hits() == 0)
            let (atA, atB) = (
                try TestCapture(in: field.lab.host("a").namespace), try TestCapture(in: field.lab.host("b").namespace)
            )
            #expect(client.say(text))
            #expect(server.hearAll(20_000, within: .seconds(5)))
            #expect(pathMTU(client) == 1280)
            // From the link itself, and one for each packet that was too large.
            let told = complaints(atA.frames())
            #expect(!told.isEmpty && told.allSatisfy { $0.from == 2 && $0.mtu == 1280 })
            #expect(try fault.hits() == Int64(told.count))
            #expect(atB.frames().map(\.count).max() == 1280 + 14)
            // The other direction is as it was.
            #expect(server.say(text))
            #expect(client.hearAll(20_000, within: .seconds(5)))
            #expect(pathMTU(server) == 1500)
            #expect(atA.frames().map(\.count).max() == 1514)
            try fault.heal()
            #expect(try fault.hits() == Int64(told.count))
            // What was learnt is forgotten after ten minutes.
            sleep(700)
            let (later, other) = try field.connect(from: "a", to: listener, on: "b")
            #expect(later.say(text))
            #expect(other.hearAll(20_000, within: .seconds(5)))
            #expect(pathMTU(later) == 1500)
            #expect(atB.frames().map(\.count).max() == 1514)
        }

        @Test func `mtu cuts datagrams that may be cut, and no longer once healed`() throws {
            let stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), size: 1400)
            try stream.mayFragment()
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            func frames() throws -> Int {
                try stream.send(10)
                #expect(stream.arrivals().count == 10)
                return capture.frames().count
            }
            #expect(try frames() == 10)
            for mtu in [1000, 576, 1000] as [Int64] {
                let fault = try field.strike("mtu", both, ["mtu": .count(mtu)])
                #expect(try frames() == (mtu == 576 ? 30 : 20))
                #expect(try fault.hits() == 10)
                try fault.heal()
                #expect(try frames() == 10)
                #expect(try fault.hits() == 10)
            }
        }

        @Test func `mtu outlasts a link that goes down and comes up`() throws {
            let stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), size: 1400)
            try stream.mayFragment()
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            let fault = try field.strike("mtu", fromA, ["mtu": .count(1000)])
            let down = try field.strike("link-down", both)
            try down.heal()
            _ = capture.frames()
            try stream.send(10)
            #expect(stream.arrivals().count == 10)
            #expect(capture.frames().count { $0[12] == 8 && $0[13] == 0 } == 20)
            let again = try field.strike("link-down", both)
            try fault.heal()
            try again.heal()
            _ = capture.frames()
            try stream.send(10)
            #expect(stream.arrivals().count == 10)
            #expect(capture.frames().count { $0[12] == 8 && $0[13] == 0 } == 10)
        }

        @Test func `mtu-black-hole swallows large packets in silence`() throws {
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            let fault = try field.strike("mtu-black-hole", fromA, ["mtu": .count(1400)])
            let capture = try TestCapture(in: field.lab.host("a").namespace)
            #expect(client.talks(to: server))
            #expect(try fault.hits() == 0)
            #expect(client.say(text))
            #expect(server.hear(within: .seconds(100)) == .silence)
            #expect(client.kernelInfo.retransmitted > 3)
            let frames = capture.frames()
            #expect(frames.allSatisfy { $0[23] != 1 })
            let large = frames.count { $0.count > 1414 }
            #expect(try fault.hits() == Int64(large))
            // Not a byte too few.
            let exact = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), size: 1400 - 28)
            let more = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), port: 9101, size: 1401 - 28)
            for stream in [exact, more] { try stream.mayFragment() }
            try exact.send(5)
            try more.send(5)
            #expect(exact.arrivals().count == 5)
            #expect(more.arrivals().isEmpty)
            let total = try fault.hits()
            try fault.heal()
            #expect(server.hearAll(20_000, within: .seconds(120)))
            try more.send(5)
            #expect(more.arrivals().count == 5)
            #expect(try fault.hits() == total)
        }

        @Test func `small packets are nothing to either`() throws {
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            let faults = [
                try field.strike("mtu", both, ["mtu": .count(1000)]),
                try field.strike("mtu-black-hole", both, ["mtu": .count(1000)]),
            ]
            #expect(client.talks(to: server))
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
        }
    }
}
