/// What the bytes of a TCP connection say about its encryption, as far as they are in clear.
///
/// Told where the side that sent the SYN has its own host, so once for each connection.
package struct TLSChange: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        /// The highest version that the client offers (`1.3`) and the server name that it sends; nil where it sends
        /// none or where its hello is longer than what was kept of it.
        case clientHello(version: String?, name: String?)
        /// What the server chose: version and cipher suite, by IANA's name, or `0x1301` when it has none here.
        case serverHello(version: String, cipher: String)
        /// By its name in RFC 8446, `bad_certificate`; nil when it is encrypted and only its length shows it.
        case alert(name: String?)
        /// The client's Finished: it has accepted the server's certificate.
        case finished
        /// The client's first application data after its Finished.
        case data
        /// The first payload is no TLS; what it looks like (`http`, `mqtt`), nil when it looks like nothing known.
        case plain(protocol: String?)
    }
    /// The link's name.
    package var link: String
    package var change: Change
    /// Who sent it, and to whom.
    package var from: Endpoint
    package var to: Endpoint

    package init(link: String, _ change: Change, from: Endpoint, to: Endpoint) {
        self.link = link
        self.change = change
        self.from = from
        self.to = to
    }
}

extension TLSChange.Change {
    /// The names of the changes in the file.
    package enum Name: String, CaseIterable, Sendable {
        case clientHello = "client-hello"
        case serverHello = "server-hello"
        case alert, finished, data, plain
    }

    package var name: Name {
        switch self {
        case .clientHello: .clientHello
        case .serverHello: .serverHello
        case .alert: .alert
        case .finished: .finished
        case .data: .data
        case .plain: .plain
        }
    }
}

/// What went over a TCP connection in all. Told once, where the side that sent the SYN has its own host, for
/// connections that were established.
package struct ConnectionTotals: Equatable, Sendable {
    package enum Ending: String, CaseIterable, Sendable {
        /// Both sides sent a FIN, and both were acknowledged.
        case closed
        /// By a RST.
        case reset
        /// A new one began between the same ports, and nobody had ended this one.
        case replaced
        /// The run stopped first.
        case open
    }
    /// One direction.
    package struct Way: Equatable, Sendable {
        /// Segments, those without payload too.
        package var packets: Int64
        /// Payload, once: without what was sent again.
        package var bytes: Int64
        /// Segments with nothing but what had been sent before.
        package var retransmitted: Int64

        package init(packets: Int64 = 0, bytes: Int64 = 0, retransmitted: Int64 = 0) {
            self.packets = packets
            self.bytes = bytes
            self.retransmitted = retransmitted
        }
    }
    package var link: String
    package var ending: Ending
    /// Who sent the SYN, and to whom.
    package var from: Endpoint
    package var to: Endpoint
    package var sent: Way
    package var received: Way
    /// How long nothing at all had gone over it by now, nanoseconds.
    package var quiet: Int64

    package init(
        link: String, _ ending: Ending, from: Endpoint, to: Endpoint, sent: Way, received: Way, quiet: Int64
    ) {
        self.link = link
        self.ending = ending
        self.from = from
        self.to = to
        self.sent = sent
        self.received = received
        self.quiet = quiet
    }
}

/// Which process opened a TCP connection, where several may dial from one host. Its time is that of the SYN as it left
/// the host.
package struct ConnectionOwner: Equatable, Sendable {
    package var instance: Instance
    package var from: Endpoint
    package var to: Endpoint

    package init(_ instance: Instance, from: Endpoint, to: Endpoint) {
        self.instance = instance
        self.from = from
        self.to = to
    }
}
