import Foundation
import Testing

/// `run --pcap`: captures that other programs can read.
@Suite struct CaptureTests {
    @Test func `every link has a capture with its handshakes`() throws {
        let scratch = try TestScenario.folder(
            TestScenario.text(timeline: ["{ at: 20s, until: 30s, fault: blackhole, between: [left, right] }"]))
        let played = try Played.play(scratch, ["--pcap"])
        #expect(played.outcome.status == 0, "\(played.outcome.all)")
        #expect(scratch.list("reports/test/seed-1/captures") == ["left-right.pcap"])
        let capture = try #require(Capture(scratch.bytes("reports/test/seed-1/captures/left-right.pcap")))
        // Raw IP, as there is no link layer to speak of.
        #expect(capture.link == 101)
        #expect(capture.packets.count > 100)
        #expect(capture.isWhole)
        let attempts = played.events.filter { $0["event"] == "wire" && $0["what"] == "attempt" }
        let syns = capture.packets.filter { $0.port == 7000 && $0.flags & 0x12 == 0x02 }
        #expect(attempts.count >= 2)
        #expect(syns.count == attempts.count)
        #expect(capture.packets.contains { $0.flags & 0x12 == 0x12 })
        // In order, on the lab's own date.
        #expect(capture.packets.map(\.time) == capture.packets.map(\.time).sorted())
        #expect(capture.packets.first.map { $0.time >= 1_767_225_600 && $0.time < 1_767_225_700 } == true)
        // Without being asked for, none.
        #expect(try Played.play(scratch).outcome.status == 0)
        #expect(!scratch.has("reports/test/seed-1/captures"))
    }

    /// The classic format with nanoseconds, little-endian (pcap-savefile(5)).
    private struct Capture {
        struct Packet {
            var time: Double
            /// TCP's destination port and flags; 0 for others.
            var port = 0
            var flags: UInt8 = 0
        }
        var link: UInt32
        var packets: [Packet] = []
        /// Nothing stands after the last packet.
        var isWhole = false

        init?(_ data: Data) {
            let bytes = [UInt8](data)
            func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) } }
            guard bytes.count >= 24, word(0) == 0xa1b2_3c4d else { return nil }
            link = word(20)
            var place = 24
            while place + 16 <= bytes.count {
                let length = Int(word(place + 8))
                guard place + 16 + length <= bytes.count else { return }
                var packet = Packet(time: Double(word(place)) + Double(word(place + 4)) / 1e9)
                let ip = place + 16
                let header = Int(bytes[ip] & 15) * 4
                if bytes[ip] >> 4 == 4, bytes[ip + 9] == 6, length >= header + 20 {
                    packet.port = Int(bytes[ip + header + 2]) << 8 | Int(bytes[ip + header + 3])
                    packet.flags = bytes[ip + header + 13]
                }
                packets.append(packet)
                place += 16 + length
            }
            isWhole = place == bytes.count
        }
    }
}
