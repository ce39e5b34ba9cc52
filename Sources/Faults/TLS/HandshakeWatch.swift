import CLinux
import Glibc
import Kernel
import Labs

/// Counts the handshakes in which a host's server shows a certificate that somebody has read from a file since it was
/// put there: what the kernel has seen of both, not what a server was told to do.
final class HandshakeWatch {
    private let capture: Descriptor
    private let opens: Descriptor
    private let ports: Set<Int>
    private let field: any FaultField
    private var tokens: [EventLoop.Token] = []
    private var isRead = false
    /// Of each handshake counted: who, and where in its stream; what is sent again is no other.
    private var seen: Set<[UInt8]> = []
    private(set) var firstHit: Int64?

    var count: Int64 { Int64(seen.count) }

    /// - Parameters:
    ///   - host: where the server is.
    ///   - ports: at which it is.
    ///   - certificate: the file; it must be in its place.
    init(host: String, ports: [Int], certificate: String, in field: any FaultField) throws {
        self.field = field
        self.ports = Set(ports)
        let namespace = field.namespace(of: host)
        capture = Descriptor(
            owning: try System.call("watch the handshakes of", host) { halfopen_server_hellos_open(namespace) })
        opens = Descriptor(owning: try System.call("watch", certificate) { halfopen_opens_of(certificate) })
        tokens = [
            try field.watch(capture.raw) { [unowned self] in drain() },
            try field.watch(opens.raw) { [unowned self] in
                // Handshakes before it have met the certificate before.
                drain()
                _ = try opens.read()
                isRead = true
            },
        ]
    }

    func stop() {
        tokens.forEach(field.cancel)
        tokens = []
    }

    private func drain() {
        while let packet = (try? capture.read(limit: 2048)) ?? nil, !packet.isEmpty {
            guard isRead, let hello = ServerHello(packet), ports.contains(hello.port), hello.showsCertificate,
                seen.insert(hello.place).inserted
            else { continue }
            firstHit = firstHit ?? Clock.now
        }
    }
}

/// What a server's first flight says, as far as it can be read by anybody.
struct ServerHello {
    /// The server's.
    private(set) var port: Int
    /// Addresses, ports and sequence number: which flight of which connection.
    private(set) var place: [UInt8]
    /// The server will show its certificate: it is a whole handshake, not the resumption of a session.
    private(set) var showsCertificate: Bool

    /// RFC 8446, section 4.1.3: a ServerHello with these random bytes asks for another ClientHello.
    private static let retry: [UInt8] = [0xCF, 0x21, 0xAD, 0x74]
    /// Of extensions: pre_shared_key and supported_versions (RFC 8446, section 4.2).
    private static let sharedKey = 41
    private static let versions = 43

    /// Nil when the packet, from its IP header on, is no such flight.
    init?(_ packet: [UInt8]) {
        func number(_ offset: Int, _ size: Int) -> Int? {
            guard offset + size <= packet.count else { return nil }
            return packet[offset..<(offset + size)].reduce(0) { $0 << 8 | Int($1) }
        }
        guard packet.count > 40 else { return nil }
        let tcp = Int(packet[0] & 15) * 4
        guard let port = number(tcp, 2), let offset = number(tcp + 12, 1) else { return nil }
        self.port = port
        place = Array(packet[12..<20]) + Array(packet[tcp..<min(tcp + 8, packet.count)])
        // Record: type, version, length; message: type, length; version, 32 random bytes, session.
        let message = tcp + (offset >> 4) * 4 + 5
        guard let length = number(message + 1, 3), let session = number(message + 38, 1),
            packet.count >= message + 10, Array(packet[(message + 6)..<(message + 10)]) != Self.retry
        else { return nil }
        var isLatest = false
        var resumes = false
        // Cipher suite, compression, then the extensions, if any.
        var next = message + 39 + session + 3 + 2
        while next < message + 4 + length, let kind = number(next, 2), let size = number(next + 2, 2) {
            if kind == Self.versions { isLatest = true }
            if kind == Self.sharedKey { resumes = true }
            next += 4 + size
        }
        if isLatest {
            showsCertificate = !resumes
        } else {
            // In TLS 1.2 the certificate (11) is in the open: behind it, in this record or in the next.
            let end = message + 4 + length
            let isRecord = number(message - 2, 2) == 4 + length
            showsCertificate = number(isRecord ? end + 5 : end, 1) == 11 && (!isRecord || number(end, 1) == 22)
        }
    }
}
