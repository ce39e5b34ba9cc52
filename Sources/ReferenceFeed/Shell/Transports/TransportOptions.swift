/// How the lines of a feed travel, by the names that `--transport` takes.
enum TransportKind: String, CaseIterable {
    case tcp
    case tls
    case ws
    case wss

    var isEncrypted: Bool { self == .tls || self == .wss }
    var isWebSocket: Bool { self == .ws || self == .wss }
}

/// Of either side, as the command line has it.
struct TransportOptions: Equatable {
    var kind = TransportKind.tcp
    var tls = TLSContext.Settings()
    /// Of a client: whom it wants to speak to, when that is not the name that it connects to.
    var serverName: String?
    /// Options that only TLS has a use for, as far as they were given.
    private var needTLS: [String] = []

    /// Takes one option; false for one that is none of these.
    mutating func read(_ name: String, of side: Mutant.Side, _ options: inout OptionReader) throws(UsageError) -> Bool {
        switch (name, side) {
        case ("--transport", _):
            kind = try options.choice()
            return true
        case ("--tls-min", _): tls.lowest = try options.choice()
        case ("--tls-max", _): tls.highest = try options.choice()
        case ("--ca", .client): tls.authority = try options.text()
        case ("--server-name", .client): serverName = try options.text()
        case ("--certificate", .server): tls.certificate = try options.text()
        case ("--key", .server): tls.key = try options.text()
        default: return false
        }
        needTLS.append(name)
        return true
    }

    /// Once all options are read.
    func check(_ side: Mutant.Side) throws(UsageError) {
        if !kind.isEncrypted, let name = needTLS.first {
            throw UsageError(message: "\(name) is of no use without --transport tls or wss")
        }
        if tls.lowest > tls.highest { throw UsageError(message: "--tls-min must not be more than --tls-max") }
        if kind.isEncrypted, side == .server, tls.certificate == nil || tls.key == nil {
            throw UsageError(message: "--transport \(kind.rawValue) needs --certificate FILE and --key FILE")
        }
    }
}
