import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Packets that arrive twice, and packets that arrive damaged, as a packet capture at the receiver sees them.
    @Suite struct PathCopies {
        let field: TestField
        let stream: TestStream
        let fromA = FaultTarget.link("a-b", from: "a")

        init() throws {
            field = try TestField(TestLab.pair(TestLab.impairment(delay: .milliseconds(50))))
            stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), size: 100)
        }

        private func expectWhole() throws {
            let first = stream.sent.count
            try stream.send(1000)
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(first..<(first + 1000)))
            for arrival in arrivals { #expect((0...10_000).contains(arrival.delay - 50_000_000)) }
        }

        // MARK: duplication

        @Test(arguments: [0.01, 0.3, 1])
        func `duplication delivers its share twice, and the link's delay to both`(share: Double) throws {
            let fault = try field.strike("duplication", fromA, ["share": .fraction(share)])
            #expect(try fault.hits() == 0)
            try stream.send(10_000)
            let arrivals = stream.arrivals()
            let copies = arrivals.count - 10_000
            #expect(Chance.counts(share, of: 10_000).contains(copies))
            #expect(try fault.hits() == Int64(copies))
            let counts = Dictionary(grouping: arrivals, by: \.number).mapValues(\.count)
            #expect(counts.count == 10_000 && counts.values.allSatisfy { $0 <= 2 })
            for arrival in arrivals { #expect((0...10_000).contains(arrival.delay - 50_000_000)) }
            try fault.heal()
            try expectWhole()
            #expect(try fault.hits() == Int64(copies))
        }

        @Test func `copies are counted together with loss, and with packets in pieces`() throws {
            let fault = try field.strike("duplication", fromA, ["share": .fraction(0.5)])
            let small = try field.strike("mtu", fromA, ["mtu": .count(576)])
            let large = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), port: 9101, size: 1400)
            try large.mayFragment()
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            try large.send(100)
            usleep(500_000)
            // Three pieces each, and as many frames more as there are copies of pieces.
            #expect(try fault.hits() == Int64(capture.frames().count - 300))
            try small.heal()
            let loss = try field.strike("loss", fromA, ["loss": .fraction(0.5)])
            let before = try fault.hits()
            try stream.send(10_000)
            // A copy of one that is lost is made and lost for itself; one both doubled and lost passes once.
            let arrived = stream.arrivals().count
            let made = try fault.hits() - before
            let taken = try loss.hits()
            #expect(Int64(arrived) == 10_000 + made - taken)
            #expect(made > 2000 && taken > 3000)
            try loss.heal()
            try fault.heal()
            try expectWhole()
        }

        @Test func `correlated duplication is what the kernel makes of it`() throws {
            let fault = try field.strike(
                "duplication", fromA, ["share": .fraction(0.3), "correlation": .fraction(0.25)])
            try stream.send(10_000)
            let copies = stream.arrivals().count - 10_000
            var numbers = Chance.Numbers()
            var last = 0.5
            let blocks = (0..<100).map { _ in
                Double(
                    (0..<10_000).count { _ in
                        last = numbers.next() * 0.75 + last * 0.25
                        return last <= 0.3
                    })
            }
            let spread = Chance.sigmas * 1.01 * Chance.deviation(blocks)
            #expect(abs(Double(copies) - Chance.mean(blocks)) < spread)
            #expect(try fault.hits() == Int64(copies))
            try fault.heal()
            try expectWhole()
        }

        // MARK: corruption

        /// Whether the frame's UDP checksum holds (RFC 768).
        private static func isSound(_ frame: [UInt8]) -> Bool {
            let packet = Array(frame[14...])
            let segment = Array(packet[20...])
            var bytes =
                Array(packet[12..<20]) + [0, 17, UInt8(segment.count >> 8), UInt8(segment.count & 255)] + segment
            if bytes.count % 2 == 1 { bytes.append(0) }
            var sum = stride(from: 0, to: bytes.count, by: 2).reduce(0) {
                $0 + Int(bytes[$1]) << 8 + Int(bytes[$1 + 1])
            }
            while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
            return sum == 0xffff
        }

        @Test(arguments: [0.01, 0.5, 1])
        func `corruption flips one bit in its share, and the receiver takes none of them`(share: Double) throws {
            let capture = try TestCapture(in: field.lab.host("b").namespace)
            try stream.send(1)
            usleep(200_000)
            let model = try #require(capture.frames().first)
            _ = stream.arrivals(quiet: .milliseconds(1))
            let fault = try field.strike("corruption", fromA, ["share": .fraction(share)])
            #expect(try fault.hits() == 0)
            try stream.send(10_000)
            usleep(200_000)
            let frames = capture.frames()
            #expect(frames.count == 10_000)
            var (damaged, places) = (0, Set<Int>())
            for (index, frame) in frames.enumerated() where !Self.isSound(frame) {
                damaged += 1
                // All but the IP header's number and checksum, and the UDP checksum and number, is as in the first.
                var expected = model
                withUnsafeBytes(of: index + 1) { expected.replaceSubrange(42..<50, with: $0) }
                for place in [18, 19, 24, 25, 40, 41] { expected[place] = frame[place] }
                let flips = zip(frame, expected).enumerated().filter { $1.0 != $1.1 }
                #expect(flips.count == 1 && flips.allSatisfy { ($1.0 ^ $1.1).nonzeroBitCount == 1 })
                places.formUnion(flips.map(\.offset))
            }
            #expect(Chance.counts(share, of: 10_000).contains(damaged))
            #expect(try fault.hits() == Int64(damaged))
            #expect(places.count > 10)
            #expect(stream.arrivals().count == 10_000 - damaged)
            try fault.heal()
            try expectWhole()
            #expect(try fault.hits() == Int64(damaged))
        }

        @Test func `TCP repairs what is damaged`() throws {
            let listener = try TestListener(in: field.namespace(of: "b"), port: 7000)
            let (client, server) = try field.connect(from: "a", to: listener, on: "b")
            let fault = try field.strike("corruption", .link("a-b", from: nil), ["share": .fraction(0.1)])
            for number in 0..<40 {
                let text = "message \(number) " + String(repeating: "x", count: 3000)
                #expect(client.say(text))
                var heard = ""
                while heard.utf8.count < text.utf8.count, case .bytes(let part) = server.hear(within: .seconds(900)) {
                    heard += part
                }
                #expect(heard == text)
            }
            #expect(try fault.hits() > 5)
            #expect(client.kernelInfo.retransmitted + server.kernelInfo.retransmitted > 0)
            try fault.heal()
            #expect(client.talks(to: server))
        }

        @Test func `without traffic nobody is struck`() throws {
            let faults = [
                try field.strike("duplication", fromA, ["share": .fraction(1)]),
                try field.strike("corruption", fromA, ["share": .fraction(1)]),
            ]
            // The other direction is not struck.
            let back = try TestStream(from: field.lab.host("b"), to: field.lab.host("a"), port: 9102)
            try back.send(100)
            #expect(back.arrivals().count == 100)
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
            try expectWhole()
        }
    }
}
