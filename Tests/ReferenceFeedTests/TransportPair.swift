@testable import ReferenceFeed

/// The transports of a client and a server, wired to each other without a network.
struct TransportPair {
    private(set) var client: Transport
    private(set) var server: Transport
    private(set) var atClient: [Transport.Event] = []
    private(set) var atServer: [Transport.Event] = []
    /// Why a side gave up.
    private(set) var clientFailure: Transport.Failure?
    private(set) var serverFailure: Transport.Failure?
    /// What the client has put on the wire.
    private(set) var wire: [UInt8] = []

    /// - Parameters:
    ///   - arguments: of the client, behind `--transport`.
    ///   - host: whom the client is told to connect to.
    init(
        _ kind: TransportKind, client mutant: ClientMutant? = nil, server serverMutant: ServerMutant? = nil,
        _ files: TestCertificates.Files = TestCertificates.good, arguments: [String] = [],
        serverArguments: [String] = [], host: String = "feed"
    ) throws {
        var transports = try Self.transports(kind, mutant, arguments)
        try self.init(&transports, kind, server: serverMutant, files, serverArguments: serverArguments, host: host)
    }

    /// Another connection of the same client.
    init(
        _ transports: inout ClientTransports, _ kind: TransportKind, server serverMutant: ServerMutant? = nil,
        _ files: TestCertificates.Files = TestCertificates.good, serverArguments: [String] = [], host: String = "feed"
    ) throws {
        let certificate = kind.isEncrypted ? ["--certificate", files.certificate, "--key", files.key] : []
        let options = try ServerOptions(
            parsing: ["--transport", kind.rawValue] + certificate + serverArguments)
        guard let client = try transports.begin(to: host, port: 7000),
            let server = try ServerTransports(options.transport, mutant: serverMutant).begin()
        else { throw NoTransport() }
        (self.client, self.server) = (client, server)
        run()
        if !client.isOpen { transports.failed() }
    }

    struct NoTransport: Error {}

    static func transports(
        _ kind: TransportKind, _ mutant: ClientMutant?, _ arguments: [String] = []
    ) throws -> ClientTransports {
        let authority = kind.isEncrypted ? ["--ca", TestCertificates.authority] : []
        let options = try ClientOptions(
            parsing: ["--to", "feed", "--transport", kind.rawValue] + authority + arguments)
        return try ClientTransports(options.transport, mutant: mutant)
    }

    var isOpen: Bool { client.isOpen && server.isOpen }
    var linesAtServer: [String] { atServer.compactMap(\.text) }
    var linesAtClient: [String] { atClient.compactMap(\.text) }

    mutating func say(_ line: String, byClient: Bool = true) {
        (byClient ? client : server).send(Array("\(line)\n".utf8))
        run()
    }

    /// Carries bytes to and fro until nobody has any.
    mutating func run() {
        if wire.isEmpty { take([], byClient: true) }
        while true {
            let (there, back) = (client.takeOutput(), server.takeOutput())
            wire += there
            if there.isEmpty, back.isEmpty { return }
            take(there, byClient: false)
            take(back, byClient: true)
        }
    }

    private mutating func take(_ bytes: [UInt8], byClient: Bool) {
        do throws(Transport.Failure) {
            let events = try (byClient ? client : server).received(bytes)
            if byClient { atClient += events } else { atServer += events }
        } catch {
            if byClient { clientFailure = clientFailure ?? error } else { serverFailure = serverFailure ?? error }
        }
    }
}

extension Transport.Event {
    fileprivate var text: String? {
        if case .line(let line) = self { String(decoding: line, as: UTF8.self) } else { nil }
    }
}
