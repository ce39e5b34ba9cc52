import Judging
import Recordings

extension ReportFormat {
    static let pcapng = ReportFormat(
        name: "pcapng",
        summary: "The packets of every link in one pcapng file, with a comment where a fault began or ended.",
        fileName: "report.pcapng", run: PcapngReport.bytes, parts: [.captures])
}

/// For Wireshark: the captures of a run played with `--pcap`, an interface for each link, in the order of time. The
/// packet that follows a fault's edge carries a comment that says so; `frame.comment` finds them.
package enum PcapngReport {
    package static func bytes(_ run: RunMaterial) throws(NoReport) -> [UInt8] {
        guard !run.captures.isEmpty else {
            throw NoReport(
                "\(run.result.scenario) seed \(run.result.seed) kept no packets: play it with --pcap, "
                    + "\(run.result.command) --pcap")
        }
        var file = Blocks()
        let result = run.result
        file.section(
            comment: Terminal.clean(
                "\(result.scenario), seed \(result.seed), \(result.lab) lab: \(result.judgement.verdict.rawValue). "
                    + "Again: \(result.command) --pcap"))
        var packets: [(time: UInt64, interface: Int, place: Int, length: Int, original: UInt32)] = []
        for (interface, capture) in run.captures.enumerated() {
            guard let read = ClassicCapture(capture.bytes) else {
                throw NoReport("the capture of link \(capture.link) is damaged: play the run again with --pcap")
            }
            file.interface(name: capture.link, linkType: read.linkType, snapshot: read.snapshot)
            packets += read.packets.map { ($0.time, interface, $0.place, $0.length, $0.original) }
        }
        packets.sort { ($0.time, $0.interface, $0.place) < ($1.time, $1.interface, $1.place) }
        var edges = edges(run.view)[...]
        for (number, packet) in packets.enumerated() {
            let isLast = number == packets.count - 1
            var comments: [String] = []
            while let edge = edges.first, edge.time <= packet.time || isLast {
                comments.append(comment(edge, packet.time))
                edges.removeFirst()
            }
            let bytes = run.captures[packet.interface].bytes[packet.place..<packet.place + packet.length]
            file.packet(packet.interface, packet.time, bytes, original: packet.original, comments: comments)
        }
        return file.bytes
    }

    /// Beginnings and ends of faults in the time of captures.
    private static func edges(_ view: RunView) -> [(time: UInt64, text: String)] {
        let dates = RunDates(view)
        let edges = view.strikes.flatMap { strike -> [(UInt64, String)] in
            let edges = [(strike.applied, "begins"), (strike.healed, strike.plan.until == nil ? "is done" : "ends")]
            return edges.compactMap { moment, word in
                moment.map {
                    (UInt64(max(0, dates.nanoseconds($0.time))), "\(strike.name) \(word) at \(view.at($0.time))")
                }
            }
        }
        return edges.sorted { $0.0 < $1.0 }
    }

    private static func comment(_ edge: (time: UInt64, text: String), _ packet: UInt64) -> String {
        let apart = Duration.nanoseconds(Int64(packet > edge.time ? packet - edge.time : edge.time - packet))
        return Terminal.clean(
            "\(edge.text), \(apart.lengthText) \(packet >= edge.time ? "before" : "after") this packet")
    }
}

/// A file as `run --pcap` writes it: classic pcap, little-endian, nanoseconds (pcap-savefile(5)).
private struct ClassicCapture {
    var linkType: UInt16
    var snapshot: UInt32
    var packets: [(time: UInt64, place: Int, length: Int, original: UInt32)] = []

    /// Nil when it is none; what a killed run left half written at its end is left out.
    init?(_ bytes: [UInt8]) {
        let word = { (at: Int) in (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) } }
        guard bytes.count >= 24, word(0) == 0xa1b2_3c4d else { return nil }
        (snapshot, linkType) = (word(16), UInt16(truncatingIfNeeded: word(20)))
        var place = 24
        while place + 16 <= bytes.count {
            let length = Int(word(place + 8))
            guard place + 16 + length <= bytes.count else { break }
            let time = UInt64(word(place)) * 1_000_000_000 + UInt64(word(place + 4))
            packets.append((time, place + 16, length, word(place + 12)))
            place += 16 + length
        }
    }
}

/// Blocks of the format, little-endian (draft-ietf-opsawg-pcapng).
private struct Blocks {
    private(set) var bytes: [UInt8] = []

    private enum Option { static let (end, comment, name, resolution): (UInt16, UInt16, UInt16, UInt16) = (0, 1, 2, 9) }

    mutating func section(comment: String) {
        block(0x0a0d_0d0a) { block in
            block.put(UInt32(0x1a2b_3c4d))
            block.put(UInt16(1))
            block.put(UInt16(0))
            // Its length is not said.
            block.put(UInt64.max)
            block.option(Option.comment, Array(comment.utf8))
            block.option(Option.end, [])
        }
    }

    mutating func interface(name: String, linkType: UInt16, snapshot: UInt32) {
        block(1) { block in
            block.put(linkType)
            block.put(UInt16(0))
            block.put(snapshot)
            block.option(Option.name, Array(Terminal.clean(name).utf8))
            // Ten to the minus nine.
            block.option(Option.resolution, [9])
            block.option(Option.end, [])
        }
    }

    mutating func packet(
        _ interface: Int, _ time: UInt64, _ data: ArraySlice<UInt8>, original: UInt32, comments: [String]
    ) {
        block(6) { block in
            block.put(UInt32(interface))
            block.put(UInt32(time >> 32))
            block.put(UInt32(truncatingIfNeeded: time))
            block.put(UInt32(data.count))
            block.put(original)
            block.padded(data)
            for comment in comments { block.option(Option.comment, Array(comment.utf8)) }
            if !comments.isEmpty { block.option(Option.end, []) }
        }
    }

    /// Its length stands before and after it.
    private mutating func block(_ type: UInt32, _ body: (inout Blocks) -> Void) {
        let start = bytes.count
        put(type)
        put(UInt32(0))
        body(&self)
        let length = UInt32(bytes.count - start + 4)
        put(length)
        for index in 0..<4 { bytes[start + 4 + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }

    private mutating func option(_ code: UInt16, _ value: [UInt8]) {
        put(code)
        put(UInt16(min(value.count, 65535)))
        padded(value.prefix(65535))
    }

    private mutating func padded(_ data: ArraySlice<UInt8>) {
        bytes += data
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private mutating func put(_ value: some FixedWidthInteger) {
        for index in 0..<value.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
}
