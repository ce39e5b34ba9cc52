import Glibc

/// A TCP segment in an IPv4 packet (RFC 9293 3.1, RFC 791 3.1), taken apart and put together again.
package struct TCPSegment: Equatable, Sendable {
    package var source: TransportAddress
    package var destination: TransportAddress
    package var sequence: UInt32
    /// 0 without the flag ACK.
    package var acknowledgement: UInt32
    package var flags: PacketFilter.TCPFlags
    /// As it stands in the header, not scaled.
    package var window: UInt16
    /// Up to 40 bytes, a multiple of 4.
    package var options: [UInt8]
    package var payload: [UInt8]

    package init(
        from source: TransportAddress, to destination: TransportAddress, sequence: UInt32, acknowledgement: UInt32,
        flags: PacketFilter.TCPFlags, window: UInt16 = 0, options: [UInt8] = [], payload: [UInt8] = []
    ) {
        self.source = source
        self.destination = destination
        self.sequence = sequence
        self.acknowledgement = acknowledgement
        self.flags = flags
        self.window = window
        self.options = options
        self.payload = payload
    }

    /// Sequence number behind it: payload, SYN and FIN count.
    package var end: UInt32 {
        sequence &+ UInt32(payload.count) &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
    }

    /// Nil when it is not a whole TCP segment over IPv4.
    package init?(packet: [UInt8]) {
        func number(_ place: Int) -> UInt16 { UInt16(packet[place]) << 8 | UInt16(packet[place + 1]) }
        func long(_ place: Int) -> UInt32 { UInt32(number(place)) << 16 | UInt32(number(place + 2)) }
        guard packet.count >= 40, packet[0] >> 4 == 4, packet[9] == UInt8(IPPROTO_TCP) else { return nil }
        let start = Int(packet[0] & 15) * 4
        let length = Int(number(2))
        // Not the rest of a fragmented packet.
        guard start >= 20, length <= packet.count, length >= start + 20, number(6) & 0x3fff == 0 else { return nil }
        let data = start + Int(packet[start + 12] >> 4) * 4
        guard data >= start + 20, data <= length else { return nil }
        source = TransportAddress(address: Self.text(packet[12..<16]), port: Int(number(start)))
        destination = TransportAddress(address: Self.text(packet[16..<20]), port: Int(number(start + 2)))
        sequence = long(start + 4)
        acknowledgement = long(start + 8)
        flags = PacketFilter.TCPFlags(rawValue: packet[start + 13])
        window = number(start + 14)
        options = Array(packet[(start + 20)..<data])
        payload = Array(packet[data..<length])
    }

    /// The whole IPv4 packet, with checksums.
    package var packet: [UInt8] {
        let header = 20 + options.count
        let addresses = Self.bytes(source.address) + Self.bytes(destination.address)
        var tcp = Self.bytes(UInt16(source.port)) + Self.bytes(UInt16(destination.port))
        tcp += Self.bytes(sequence) + Self.bytes(acknowledgement)
        tcp += [UInt8(header / 4) << 4, flags.rawValue] + Self.bytes(window) + [0, 0, 0, 0] + options + payload
        let pseudo = addresses + [0, UInt8(IPPROTO_TCP)] + Self.bytes(UInt16(tcp.count))
        tcp.replaceSubrange(16..<18, with: Self.checksum(pseudo + tcp))
        // Don't fragment, time to live 64, as Linux sends it.
        var ip: [UInt8] = [0x45, 0] + Self.bytes(UInt16(20 + tcp.count))
        ip += [0, 0, 0x40, 0, 64, UInt8(IPPROTO_TCP), 0, 0] + addresses
        ip.replaceSubrange(10..<12, with: Self.checksum(ip))
        return ip + tcp
    }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var sum: UInt64 = 0
        for place in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt64(bytes[place]) << 8 | (place + 1 < bytes.count ? UInt64(bytes[place + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
        return Self.bytes(~UInt16(sum))
    }

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private static func bytes(_ address: String) -> [UInt8] {
        address.split(separator: ".").map { UInt8($0) ?? 0 }
    }

    private static func text(_ address: ArraySlice<UInt8>) -> String {
        address.map { String($0) }.joined(separator: ".")
    }
}

extension UInt32 {
    /// In the circle of sequence numbers this one comes after the other (RFC 9293 3.4).
    package func isAfter(_ other: UInt32) -> Bool { Int32(bitPattern: self &- other) > 0 }
}
