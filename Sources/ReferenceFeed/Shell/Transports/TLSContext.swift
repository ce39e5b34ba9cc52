import COpenSSL
import Glibc

/// Versions of TLS, as options and judges call them.
enum TLSVersion: String, CaseIterable, Comparable {
    case one = "1.0"
    case oneOne = "1.1"
    case oneTwo = "1.2"
    case oneThree = "1.3"

    fileprivate var place: Int32 { Int32(Self.allCases.firstIndex(of: self) ?? 0) }

    static func < (a: TLSVersion, b: TLSVersion) -> Bool { a.place < b.place }
}

/// OpenSSL did not do as it was told; its own words.
struct TLSError: Error, Equatable, CustomStringConvertible {
    var reason: String
    /// The other side's certificate is not good: neither the network nor chance has to do with it.
    var isRefusal = false
    var description: String { "TLS: \(reason)" }
}

/// What the TLS sessions of one side have in common: versions, whom it trusts, who it is.
///
/// No session is ever resumed. Each handshake shows a certificate, so one that has been changed is noticed at the next
/// connection, and what a session costs is known.
final class TLSContext {
    struct Settings: Equatable {
        var lowest = TLSVersion.oneTwo
        var highest = TLSVersion.oneThree
        /// Of a server: its certificate and key, files in PEM.
        var certificate: String?
        var key: String?
        /// Of a client: a file with the authorities that it trusts; those of the machine when nil.
        var authority: String?
        var trust = Trust.good
    }

    /// Whose certificate is taken: a good one, or more than that by clients that err.
    enum Trust: Equatable {
        case good, anybody, anyName, anyTime

        fileprivate var number: Int32 {
            switch self {
            case .good: Int32(HALFOPEN_TRUST_GOOD)
            case .anybody: Int32(HALFOPEN_TRUST_ANYBODY)
            case .anyName: Int32(HALFOPEN_TRUST_ANY_NAME)
            case .anyTime: Int32(HALFOPEN_TRUST_ANY_TIME)
            }
        }
    }

    private let context: UnsafeMutableRawPointer
    private let trust: Int32

    /// Reads the files.
    init(_ settings: Settings) throws(TLSError) {
        let texts = [settings.certificate, settings.key, settings.authority].map { $0.flatMap { strdup($0) } }
        defer { texts.forEach { free($0) } }
        trust = settings.trust.number
        var request = halfopen_tls()
        request.is_server = settings.certificate == nil ? 0 : 1
        request.lowest = settings.lowest.place
        request.highest = settings.highest.place
        request.certificate = UnsafePointer(texts[0])
        request.key = UnsafePointer(texts[1])
        request.authority = UnsafePointer(texts[2])
        request.trust = trust
        var reason: UnsafePointer<CChar>?
        guard let context = halfopen_tls_context(&request, &reason) else {
            let files = [settings.certificate, settings.key, settings.authority].compactMap(\.self)
            let words = reason.map { String(cString: $0) } ?? "no reason given"
            throw TLSError(reason: "\(files.joined(separator: ", ")): \(words)")
        }
        self.context = context
    }

    deinit { halfopen_tls_context_free(context) }

    /// What a session of OpenSSL 3.0 and its owner take, measured with 4,000: 18 KiB at a server, 22 at a client.
    private static let bytesOfSession = 24 << 10
    /// So few need no care.
    private static let few = 1000

    /// Makes room for so many sessions.
    static func reserve(_ sessions: Int) {
        if sessions > few { halfopen_tls_reserve(sessions * bytesOfSession) }
    }

    /// - Parameters:
    ///   - name: whom a client wants to speak to, by name or address; nil for a server.
    ///   - saysName: it is sent to the server as well, which may have several.
    func session(with name: String? = nil, saysName: Bool = true) throws(TLSError) -> TLSSession {
        guard let session = halfopen_tls_begin(context, name, trust, saysName ? 1 : 0) else {
            throw TLSError(reason: "\(name ?? "") is no name for a server")
        }
        return TLSSession(session)
    }
}

/// One side of a TLS connection: bytes of the wire in and out, bytes of the other side's words in and out. No socket.
final class TLSSession {
    private let session: UnsafeMutableRawPointer
    /// The handshake is over, and the other side is who it should be.
    private(set) var isOpen = false
    /// The other side has said that it will say nothing more.
    private(set) var hasEnded = false

    fileprivate init(_ session: UnsafeMutableRawPointer) { self.session = session }

    deinit { halfopen_tls_end(session) }

    /// Goes on as far as it can with what has come from the wire; what the other side said, if anything. A failure
    /// leaves an alert in the output.
    func received(_ bytes: [UInt8]) throws(TLSError) -> [UInt8] {
        halfopen_tls_take(session, bytes, bytes.count)
        if !isOpen { isOpen = try step { halfopen_tls_handshake(session, &$0) } }
        var words: [UInt8] = []
        while isOpen, !hasEnded {
            var count = 0
            var status: Int32 = 0
            var reason: UnsafePointer<CChar>?
            // As long as a record may be; not filled with zeros first, as `count` says how much was written.
            words += [UInt8](unsafeUninitializedCapacity: 16384) { buffer, filled in
                status = halfopen_tls_read(session, buffer.baseAddress, 16384, &count, &reason)
                filled = status == Int32(HALFOPEN_TLS_DONE) ? count : 0
            }
            guard try take(status, reason) else { break }
        }
        return words
    }

    func send(_ bytes: [UInt8]) throws(TLSError) {
        if isOpen, !bytes.isEmpty { _ = try step { halfopen_tls_write(session, bytes, bytes.count, &$0) } }
    }

    /// Says that we will say nothing more.
    func close() { halfopen_tls_close(session) }

    /// Bytes for the wire, if any.
    func takeOutput() -> [UInt8] {
        let waiting = halfopen_tls_waiting(session)
        if waiting == 0 { return [] }
        // Not filled with zeros first: the library says how much of it was written.
        return [UInt8](unsafeUninitializedCapacity: waiting) { buffer, count in
            count = halfopen_tls_give(session, buffer.baseAddress, waiting)
        }
    }

    /// SHA-256 of the certificate that the other side has shown.
    var fingerprint: [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 32)
        return halfopen_tls_fingerprint(session, &digest) == 1 ? digest : nil
    }

    private func step(_ step: (inout UnsafePointer<CChar>?) -> Int32) throws(TLSError) -> Bool {
        var reason: UnsafePointer<CChar>?
        let status = step(&reason)
        return try take(status, reason)
    }

    /// True when it was done, false when more is needed first or nothing more will come.
    private func take(_ status: Int32, _ reason: UnsafePointer<CChar>?) throws(TLSError) -> Bool {
        let words = reason.map { String(cString: $0) } ?? "no reason given"
        switch Int(status) {
        case HALFOPEN_TLS_DONE: return true
        case HALFOPEN_TLS_MORE: return false
        case HALFOPEN_TLS_ENDED:
            hasEnded = true
            return false
        case HALFOPEN_TLS_NOT_TRUSTED:
            throw TLSError(reason: "the certificate is refused: \(words)", isRefusal: true)
        default: throw TLSError(reason: words)
        }
    }
}
