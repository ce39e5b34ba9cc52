import JSONLines
import Kernel
import Testing

@testable import ReferenceFeed

/// TLS and WebSocket without a network.
@Suite struct TransportTests {
    @Test(arguments: [TransportKind.tls, .ws, .wss])
    func linesGoBothWays(kind: TransportKind) throws {
        var pair = try TransportPair(kind)
        #expect(pair.isOpen && pair.atClient == [.opened] && pair.atServer == [.opened])
        pair.say("one")
        pair.say("two")
        pair.say(String(repeating: "x", count: 60000), byClient: false)
        #expect(pair.linesAtServer == ["one", "two"])
        #expect(pair.linesAtClient == [String(repeating: "x", count: 60000)])
    }

    @Test(arguments: [TransportKind.tls, .ws, .wss])
    func whatIsSaidBeforeItIsOpenIsNotSent(kind: TransportKind) throws {
        var transports = try TransportPair.transports(kind, nil)
        let transport = try #require(try transports.begin(to: "feed", port: 7000))
        transport.send(Array("early\n".utf8))
        #expect(try transport.received([]) == [] && !transport.isOpen)
        let first = String(decoding: transport.takeOutput(), as: UTF8.self)
        #expect(!first.isEmpty && !first.contains("early") && transport.takeOutput().isEmpty)
        transports.failed()
    }

    @Test(arguments: [TransportKind.tls, .wss])
    func nothingIsReadableOnTheWay(kind: TransportKind) throws {
        var pair = try TransportPair(kind)
        pair.say("a secret of some length")
        #expect(pair.linesAtServer == ["a secret of some length"])
        #expect(!String(decoding: pair.wire, as: UTF8.self).contains("secret"))
    }

    @Test(arguments: [TransportKind.tls, .ws, .wss])
    func bothSayThatTheyClose(kind: TransportKind) throws {
        let pair = try TransportPair(kind)
        #expect(pair.client.owed != nil && pair.server.owed != nil)
        let owes = kind == .tls ? "closed without close_notify" : "closed without a close frame"
        #expect(pair.client.owed == owes && pair.server.owed == owes)
        #expect(pair.client.close(.normal))
        // TLS's close_notify needs no answer; a close frame does.
        #expect(pair.client.isDone == (kind == .tls))
        var last: [UInt8] = []
        while case let more = pair.client.takeOutput(isLast: true), !more.isEmpty { last += more }
        #expect(try pair.server.received(last).last == .closed)
        #expect(pair.server.isClosed && pair.server.owed == nil)
    }

    @Test func aRefusalSaysWhyAndTheServerIsTold() throws {
        let pair = try TransportPair(.tls, TestCertificates.expired)
        #expect(
            pair.clientFailure
                == .init(reason: "TLS: the certificate is refused: certificate has expired", isRefusal: true))
        #expect(pair.serverFailure?.reason.contains("alert certificate expired") == true, "\(pair)")
        let other = try TransportPair(.tls, TestCertificates.otherName)
        #expect(other.clientFailure?.reason == "TLS: the certificate is refused: hostname mismatch")
        #expect(other.clientFailure?.isRefusal == true)
    }

    @Test func plainTextInsteadOfTLSIsAFailureAndNoRefusal() throws {
        var transports = try TransportPair.transports(.tls, nil)
        let transport = try #require(try transports.begin(to: "feed", port: 7000))
        _ = try transport.received([])
        #expect(throws: Transport.Failure(reason: "TLS: wrong version number")) {
            try transport.received(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        }
        transports.failed()
    }

    @Test func whoClosesInTheHandshakeIsAFailureAndNoEnd() throws {
        var transports = try TransportPair.transports(.tls, nil)
        let transport = try #require(try transports.begin(to: "feed", port: 7000))
        _ = try transport.received([])
        // A record of two bytes: the alert close_notify (RFC 8446, section 6.1).
        #expect(throws: Transport.Failure.self) { try transport.received([21, 3, 3, 0, 2, 1, 0]) }
        transports.failed()
    }

    @Test func aServerReadsItsFilesAgainAndKeepsWhatItHasWhenTheyAreBad() throws {
        let files = TestCertificates.good
        let options = try ServerOptions(
            parsing: ["--transport", "tls", "--certificate", files.certificate, "--key", files.key])
        let transports = try ServerTransports(options.transport, mutant: nil)
        try transports.reload()
        #expect(try transports.begin() != nil)
        let missing = try ServerOptions(
            parsing: ["--transport", "tls", "--certificate", "/nowhere/at-all", "--key", files.key])
        let expected = TLSError(reason: "/nowhere/at-all, \(files.key): No such file or directory")
        #expect(throws: expected) { try ServerTransports(missing.transport, mutant: nil) }
    }
}

@Suite struct TransportOptionsTests {
    @Test func everythingCanBeSet() throws {
        let client = try ClientOptions(
            parsing: "--to h --transport wss --ca a.pem --server-name n --tls-min 1.3 --tls-max 1.3"
                .split(separator: " ").map(String.init)
        ).transport
        #expect(client.kind == .wss && client.tls.authority == "a.pem" && client.serverName == "n")
        #expect(client.tls.lowest == .oneThree && client.tls.highest == .oneThree)
        let server = try ServerOptions(
            parsing: "--transport tls --certificate c.pem --key k.pem --tls-min 1.0"
                .split(separator: " ").map(String.init)
        ).transport
        #expect(server.kind == .tls && server.tls.certificate == "c.pem" && server.tls.key == "k.pem")
        #expect(server.tls.lowest == .one && server.tls.highest == .oneThree)
        #expect(try ClientOptions(parsing: ["--to", "h"]).transport == TransportOptions())
    }

    @Test(arguments: [
        (["--transport", "quic"], "--transport quic: one of tcp, tls, ws, wss"),
        (["--tls-min", "1.4"], "--tls-min 1.4: one of 1.0, 1.1, 1.2, 1.3"),
        (["--ca", "x"], "--ca is of no use without --transport tls or wss"),
        (["--transport", "ws", "--server-name", "x"], "--server-name is of no use without --transport tls or wss"),
        (["--transport", "tls", "--tls-max", "1.1"], "--tls-min must not be more than --tls-max"),
        (["--certificate", "x"], "unknown option --certificate"),
    ]) func mistakesOfAClientAreNamed(arguments: [String], message: String) {
        #expect(throws: UsageError(message: message)) { try ClientOptions(parsing: ["--to", "h"] + arguments) }
    }

    @Test(arguments: [
        (["--transport", "wss", "--key", "k"], "--transport wss needs --certificate FILE and --key FILE"),
        (["--key", "k"], "--key is of no use without --transport tls or wss"),
        (["--ca", "x"], "unknown option --ca"),
    ]) func mistakesOfAServerAreNamed(arguments: [String], message: String) {
        #expect(throws: UsageError(message: message)) { try ServerOptions(parsing: arguments) }
    }
}
