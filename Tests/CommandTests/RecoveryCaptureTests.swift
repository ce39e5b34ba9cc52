import Foundation
import JSONLines
import Testing

/// The moments that recovery is judged by are those of the packets, read from the capture by code that shares nothing
/// with the program's own: no tracker, no probe, no judge.
@Suite struct RecoveryCaptureTests {
    /// Says nothing to anybody, so that only the wire tells; hangs up when the server does, and comes back.
    private static let quiet = """
        import socket, time

        while True:
            try:
                with socket.create_connection(("server", 7000), timeout=5) as peer:
                    for line in peer.makefile():
                        pass
            except OSError:
                pass
            time.sleep(1.5)
        """

    private static let stages = ["detect", "attempt", "tcp", "connect", "message"]

    /// Every bound is so short that its finding tells what was measured.
    private func play() throws -> Played {
        let expect = Self.stages.map { "{ recovery: client, after: hang-up, within: 30s, stages: { \($0): 1us } }" }
        let scratch = try TestScenario.folder(
            TestScenario.text(
                client: "[python3, quiet.py]",
                timeline: [
                    "{ at: 20s, fault: hang-up, of: server }",
                    "{ at: 40s, until: 50s, fault: blackhole, between: [left, right] }",
                ], end: "90s", expect: expect,
                link: "delay: 20ms, jitter: 5ms"))
        _ = try scratch.write("quiet.py", Self.quiet)
        return try Played.play(scratch, ["--pcap"])
    }

    @Test func `stages and the wire's events are the packets' own, to the nanosecond`() throws {
        let played = try play()
        let scratch = try #require(played.scratch)
        let path = "reports/test/seed-1/captures/left-right.pcap"
        let connections = PacketReading.connections(try #require(PacketReading.packets(scratch.bytes(path))))
        #expect(connections.count >= 3)
        let wire = played.events.filter { $0["event"] == "wire" }
        func moments(_ what: String) -> [Int64] {
            wire.filter { $0["what"]?.string == what && $0["repeated"] != true }.compactMap { $0["t"]?.integer }
        }
        // The capture is stamped with the lab's date, the recording with its own clock: one difference for all.
        let offset = try #require(connections.first).syn - (try #require(moments("attempt").first))
        #expect(moments("attempt") == connections.map { $0.syn - offset })
        #expect(moments("established") == connections.compactMap { $0.established.map { $0 - offset } })
        #expect(moments("first-response") == connections.compactMap { $0.response.map { $0 - offset } })
        let fins = connections.flatMap { [$0.clientFIN, $0.serverFIN] }.compactMap { $0.map { $0 - offset } }
        #expect(moments("fin") == fins.sorted())

        let strike = try #require(
            played.events.first { $0["event"] == "fault" && $0["fault"] == "hang-up" && $0["what"] == "applied" })
        let struck = try #require(strike["t"]?.integer) - (strike["late"]?.integer ?? 0) + offset
        let (first, second) = (connections[0], connections[1])
        let known = try #require(first.clientFIN)
        let (up, answer) = (try #require(second.established), try #require(second.response))
        let expected = [
            "detect": known - struck, "attempt": second.syn - known, "tcp": up - second.syn, "connect": up - struck,
            "message": answer - up,
        ]
        for (stage, nanoseconds) in expected {
            let finding = try #require(
                played.findings("recovery: client, after: hang-up").first {
                    $0["expectation"]?.string?.contains("{ \(stage): 1us }") == true
                })
            #expect(finding["verdict"] == "fail", "\(finding)")
            let measured = try #require(finding["measured"]?.number)
            #expect(Int64((measured * 1e9).rounded()) == nanoseconds, "\(stage): \(measured) s")
        }
    }
}

/// A capture file and what its TCP packets say, after RFC 791, RFC 9293 and pcap-savefile(5).
private enum PacketReading {
    struct Packet {
        var time: Int64
        var source: Int
        var destination: Int
        var sequence: UInt32
        var flags: UInt8
        var payload: Int
        var isSYN: Bool { flags & 0x12 == 0x02 }
        var isSYNACK: Bool { flags & 0x12 == 0x12 }
        var isFIN: Bool { flags & 0x01 != 0 }
    }

    struct Connection {
        var port: Int
        var syn: Int64
        var isAnswered = false
        var established: Int64?
        var response: Int64?
        var clientFIN: Int64?
        var serverFIN: Int64?
    }

    static func packets(_ file: Data) -> [Packet]? {
        func little(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
        func big(_ at: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 << 8 | Int(file[at + $1]) } }
        guard file.count > 24, little(0) == 0xa1b2_3c4d, little(20) == 101 else { return nil }
        var packets: [Packet] = []
        var place = 24
        while place + 16 <= file.count {
            let time = Int64(little(place)) * 1_000_000_000 + Int64(little(place + 4))
            let (kept, ip) = (little(place + 8), place + 16)
            place = ip + kept
            guard kept >= 40, file[ip] >> 4 == 4, file[ip + 9] == 6 else { continue }
            let tcp = ip + Int(file[ip] & 15) * 4
            packets.append(
                Packet(
                    time: time, source: big(tcp, 2), destination: big(tcp + 2, 2), sequence: UInt32(big(tcp + 4, 4)),
                    flags: file[tcp + 13], payload: big(ip + 2, 2) - (tcp - ip) - Int(file[tcp + 12] >> 4) * 4))
        }
        return packets
    }

    /// Of the server at port 7000, in the order of their first SYN.
    static func connections(_ packets: [Packet]) -> [Connection] {
        var all: [Connection] = []
        var sequences: [Int: UInt32] = [:]
        for packet in packets {
            let fromClient = packet.destination == 7000
            let port = fromClient ? packet.source : packet.destination
            if packet.isSYN {
                if sequences[port] != packet.sequence { all.append(Connection(port: port, syn: packet.time)) }
                sequences[port] = packet.sequence
                continue
            }
            guard let index = all.lastIndex(where: { $0.port == port }) else { continue }
            if packet.isSYNACK {
                all[index].isAnswered = true
            } else if fromClient {
                if all[index].isAnswered { all[index].established = all[index].established ?? packet.time }
                if packet.isFIN { all[index].clientFIN = all[index].clientFIN ?? packet.time }
            } else {
                if packet.payload > 0 { all[index].response = all[index].response ?? packet.time }
                if packet.isFIN { all[index].serverFIN = all[index].serverFIN ?? packet.time }
            }
        }
        return all
    }
}
