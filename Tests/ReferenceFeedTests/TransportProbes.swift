@testable import ReferenceFeed

/// Whether a client gets through to a server with this certificate.
private func isTaken(_ mutant: ClientMutant?, _ files: TestCertificates.Files, host: String = "feed") -> Bool {
    (try? TransportPair(.tls, client: mutant, files, host: host))?.isOpen ?? false
}

let trusting: [ClientProbe] = [
    ClientProbe("is a certificate of nobody's authority refused?", failed: [.acceptsAnyCertificate]) { mutant in
        !isTaken(mutant, TestCertificates.unknownIssuer)
    },
    ClientProbe(
        "is a certificate for another name refused?", failed: [.acceptsAnyCertificate, .acceptsAnotherName]
    ) { mutant in
        !isTaken(mutant, TestCertificates.otherName)
    },
    ClientProbe(
        "is an expired certificate refused?", failed: [.acceptsAnyCertificate, .acceptsExpiredCertificate]
    ) { mutant in
        !isTaken(mutant, TestCertificates.expired)
    },
    ClientProbe("is a good certificate taken, by name and by address?", failed: []) { mutant in
        isTaken(mutant, TestCertificates.good) && isTaken(mutant, TestCertificates.good, host: "127.0.0.1")
    },
    ClientProbe("and a new one as good?", failed: [.pinsFirstCertificate]) { mutant in
        guard var transports = try? TransportPair.transports(.tls, mutant) else { return false }
        let first = try? TransportPair(&transports, .tls)
        let second = try? TransportPair(&transports, .tls, TestCertificates.renewed)
        return first?.isOpen == true && second?.isOpen == true
    },
    ClientProbe("does it say whom it wants to speak to?", failed: [.sendsNoServerName]) { mutant in
        // The extension server_name with a list of one host name, feed.
        let name: [UInt8] = [0, 0, 0, 9, 0, 7, 0, 0, 4] + Array("feed".utf8)
        return (try? TransportPair(.tls, client: mutant))?.wire.firstRange(of: name) != nil
    },
    ClientProbe("is a server refused that speaks TLS 1.1 at most?", failed: [.allowsOldTLS]) { mutant in
        let old = try? TransportPair(.tls, client: mutant, serverArguments: ["--tls-min", "1.0", "--tls-max", "1.1"])
        return old?.isOpen == false
    },
    ClientProbe("does it stay with TLS when that has failed?", failed: [.fallsBackToPlainText]) { mutant in
        guard var transports = try? TransportPair.transports(.tls, mutant) else { return false }
        transports.failed()
        return (try? transports.begin(to: "feed", port: 7000)) ?? nil != nil
    },
    ClientProbe(
        "does the patience for an attempt cover its handshake?", failed: [.noHandshakeTimeout, .noConnectTimeout]
    ) {
        mutant in
        var client = client(mutant)
        _ = client.started(at: at(0))
        _ = client.handshakeBegan(at: at(1))
        return client.deadlinePassed(at: at(10)).reconnecting != nil
    },
    ClientProbe("does it answer the pings of a WebSocket?", failed: [.neverAnswersPings]) { mutant in
        guard var pair = try? TransportPair(.ws, client: mutant), pair.isOpen else { return false }
        pair.server.ping()
        pair.run()
        return pair.server.unansweredPings == 0
    },
    ClientProbe("does it say that it closes?", failed: [.closesWithoutCloseFrame]) { mutant in
        guard var pair = try? TransportPair(.wss, client: mutant), pair.isOpen else { return false }
        _ = pair.client.close(.normal)
        pair.run()
        return pair.server.owed == nil && pair.client.owed == nil
    },
]

let conveying: [ServerProbe] = [
    ServerProbe("is a client refused that speaks TLS 1.1 at most?", failed: [.serverOffersOldTLS]) { mutant in
        let old = try? TransportPair(.tls, server: mutant, arguments: ["--tls-min", "1.0", "--tls-max", "1.1"])
        return old?.isOpen == false
    },
    ServerProbe("does it answer the pings of a WebSocket?", failed: [.serverNeverAnswersPings]) { mutant in
        guard var pair = try? TransportPair(.ws, server: mutant), pair.isOpen else { return false }
        pair.client.ping()
        pair.run()
        return pair.client.unansweredPings == 0
    },
    ServerProbe("does it say that it closes?", failed: [.serverClosesWithoutCloseFrame]) { mutant in
        guard var pair = try? TransportPair(.wss, server: mutant), pair.isOpen else { return false }
        _ = pair.server.close(.normal)
        pair.run()
        return pair.server.owed == nil && pair.client.owed == nil
    },
    ServerProbe("and answers who says it first?", failed: [.serverClosesWithoutCloseFrame]) { mutant in
        guard var pair = try? TransportPair(.ws, server: mutant), pair.isOpen else { return false }
        _ = pair.client.close(.normal)
        pair.run()
        return pair.client.owed == nil
    },
]
