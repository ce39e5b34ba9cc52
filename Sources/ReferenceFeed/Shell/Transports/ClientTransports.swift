/// Makes the transports of one client, a new one for each connection. Copies for many sessions share what they read
/// from files.
struct ClientTransports {
    private let options: TransportOptions
    private let mutant: ClientMutant?
    private let context: TLSContext?
    /// What only clients that err remember: that TLS failed last time, and whose certificate came first.
    private var hasFailed = false
    private var first = FirstCertificate()

    private final class FirstCertificate {
        var fingerprint: [UInt8]?
    }

    /// Reads the file with the authorities.
    init(_ options: TransportOptions, mutant: ClientMutant?) throws(TLSError) {
        self.options = options
        self.mutant = mutant
        var settings = options.tls
        switch mutant {
        case .acceptsAnyCertificate: settings.trust = .anybody
        case .acceptsAnotherName: settings.trust = .anyName
        case .acceptsExpiredCertificate: settings.trust = .anyTime
        case .allowsOldTLS: settings.lowest = .one
        default: break
        }
        context = options.kind.isEncrypted ? try TLSContext(settings) : nil
    }

    /// For another session.
    func another() -> ClientTransports {
        var other = self
        (other.hasFailed, other.first) = (false, FirstCertificate())
        return other
    }

    /// For a new connection; nil when lines go as they are.
    /// - Parameters:
    ///   - host: as the client was told to connect to it.
    ///   - port: the server's.
    func begin(to host: String, port: Int) throws(TLSError) -> Transport? {
        let kind = options.kind
        if kind == .tcp || mutant == .fallsBackToPlainText && hasFailed { return nil }
        let name = options.serverName ?? host
        let tls = try context?.session(with: name, saysName: mutant != .sendsNoServerName)
        var random = SystemRandomNumberGenerator()
        let key = WebSocketUpgrade.key((random.next(), random.next()))
        // A port that is not the scheme's own is named (RFC 9110, section 7.2).
        let place = port == (kind.isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
        let webSocket = WebSocketSession(
            .client(host: place, key: key), random: random, answersPings: mutant != .neverAnswersPings)
        let transport = Transport(
            tls: tls, webSocket: kind.isWebSocket ? webSocket : nil,
            leavesWithoutWord: mutant == .closesWithoutCloseFrame)
        if mutant == .pinsFirstCertificate {
            transport.pin = { [first] shown in
                first.fingerprint = first.fingerprint ?? shown
                return first.fingerprint == shown
            }
        }
        return transport
    }

    /// The last one failed before it was ready.
    mutating func failed() { hasFailed = true }
}

/// Makes the transports of a server's connections.
final class ServerTransports {
    private let options: TransportOptions
    private let mutant: ServerMutant?
    private var context: TLSContext?

    /// Reads the files.
    init(_ options: TransportOptions, mutant: ServerMutant?) throws(TLSError) {
        self.options = options
        self.mutant = mutant
        context = try makeContext()
    }

    /// Whether there are files that may be replaced.
    var hasFiles: Bool { context != nil }

    /// Reads the files again; from the next connection on the server shows what is in them now. It goes on as before
    /// when they make no sense.
    func reload() throws(TLSError) { context = try makeContext() }

    private func makeContext() throws(TLSError) -> TLSContext? {
        guard options.kind.isEncrypted else { return nil }
        var settings = options.tls
        if mutant == .serverOffersOldTLS { settings.lowest = .one }
        return try TLSContext(settings)
    }

    /// For a new connection; nil when lines go as they are.
    func begin() throws(TLSError) -> Transport? {
        if options.kind == .tcp { return nil }
        let webSocket = WebSocketSession(
            .server, random: SystemRandomNumberGenerator(), answersPings: mutant != .serverNeverAnswersPings)
        return Transport(
            tls: try context?.session(), webSocket: options.kind.isWebSocket ? webSocket : nil,
            leavesWithoutWord: mutant == .serverClosesWithoutCloseFrame)
    }
}
