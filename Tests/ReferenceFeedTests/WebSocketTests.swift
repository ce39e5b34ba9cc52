import Testing

@testable import ReferenceFeed

/// RFC 6455, by its own examples and its own rules.
@Suite struct WebSocketTests {
    private let key = "dGhlIHNhbXBsZSBub25jZQ=="

    private var client: WebSocketSession {
        WebSocketSession(.client(host: "feed:7000", key: key), random: SeededRandom(1))
    }
    private var server: WebSocketSession { WebSocketSession(.server, random: SeededRandom(2)) }

    /// A server that has upgraded.
    private func opened() throws -> WebSocketSession {
        var (client, server) = (client, server)
        #expect(try server.received(client.takeOutput()) == [.opened])
        #expect(try client.received(server.takeOutput()) == [.opened])
        return server
    }

    private func masked(_ frames: WebSocketFrame...) -> [UInt8] { frames.flatMap { $0.bytes(mask: 0x3712_3456) } }

    // MARK: the upgrade

    @Test func theSampleKeyHasTheSampleAnswer() {
        // Section 1.3.
        #expect(WebSocketUpgrade.accept(key) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(WebSocketUpgrade.key((0, 0)) == "AAAAAAAAAAAAAAAAAAAAAA==")
    }

    @Test func aClientAsksAsItShould() {
        var client = client
        #expect(
            String(decoding: client.takeOutput(), as: UTF8.self)
                == "GET /feed HTTP/1.1\r\nHost: feed:7000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n\r\n")
    }

    @Test func anUpgradeMayComeInPieces() throws {
        var (client, server) = (client, server)
        for byte in client.takeOutput().dropLast() { #expect(try server.received([byte]) == []) }
        #expect(try server.received([0x0A]) == [.opened])
    }

    @Test(arguments: [
        ("GET /feed HTTP/1.0", "", "400 Bad Request"), ("POST /feed HTTP/1.1", "", "405 Method Not Allowed"),
        ("GET /else HTTP/1.1", "", "404 Not Found"), ("GET /feed HTTP/1.1", "Host", "400 Bad Request"),
        ("GET /feed HTTP/1.1", "Upgrade", "426 Upgrade Required"),
        ("GET /feed HTTP/1.1", "Connection", "426 Upgrade Required"),
        ("GET /feed HTTP/1.1", "Sec-WebSocket-Key", "400 Bad Request"),
        ("GET /feed HTTP/1.1", "Sec-WebSocket-Version", "426 Upgrade Required"),
    ]) func aRequestThatIsNoneIsRefused(line: String, missing: String, status: String) throws {
        let fields = [
            "Host": "h", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        ].filter { $0.key != missing }.map { "\($0.key): \($0.value)\r\n" }.joined()
        var server = server
        #expect(throws: WebSocketError.self) { try server.received(Array("\(line)\r\n\(fields)\r\n".utf8)) }
        #expect(String(decoding: server.takeOutput(), as: UTF8.self).hasPrefix("HTTP/1.1 \(status)\r\n"))
        #expect(server.state == .opening)
    }

    @Test func anotherVersionIsToldTheOnlyOne() throws {
        var (client, server) = (client, server)
        let text = String(decoding: client.takeOutput(), as: UTF8.self)
        let old = text.split(separator: "Version: 13").joined(separator: "Version: 8")
        #expect(throws: WebSocketError(code: .protocolError, reason: "version 8 of WebSocket")) {
            try server.received(Array(old.utf8))
        }
        let answer = String(decoding: server.takeOutput(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
        #expect(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"))
    }

    @Test(arguments: [
        ("HTTP/1.1 503 Service Unavailable", "Upgrade: websocket", "the server answers 503 Service Unavailable"),
        ("HTTP/1.1 101 Switching Protocols", "Upgrade: h2c", "an answer without upgrade"),
        ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "an answer to another key"),
    ]) func anAnswerThatIsNoneIsAFailure(line: String, upgrade: String, reason: String) throws {
        var client = client
        let answer = "\(line)\r\n\(upgrade)\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"
        #expect(throws: WebSocketError(code: .protocolError, reason: reason)) {
            try client.received(Array(answer.utf8))
        }
    }

    // MARK: frames

    @Test func theSampleFramesAreReadAndWritten() throws {
        // Section 5.7: "Hello", unmasked and masked.
        let plain: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        let hidden: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        let hello = WebSocketFrame(.text, Array("Hello".utf8))
        #expect(hello.bytes(mask: nil) == plain && hello.bytes(mask: 0x37FA_213D) == hidden)
        for (bytes, isMasked) in [(plain, false), (hidden, true)] {
            var reader = WebSocketFrameReader(fromClient: isMasked, limit: 100)
            for byte in bytes.dropLast() {
                reader.take([byte])
                #expect(try reader.next() == nil)
            }
            reader.take(bytes.suffix(1))
            #expect(try reader.next() == hello)
        }
    }

    @Test(arguments: [0, 125, 126, 65535, 65536]) func everyLengthComesBack(length: Int) throws {
        let frame = WebSocketFrame(.text, [UInt8](repeating: 0x61, count: length))
        for mask in [nil, 0xDEAD_BEEF as UInt32] {
            var reader = WebSocketFrameReader(fromClient: mask != nil, limit: 65536)
            reader.take(frame.bytes(mask: mask))
            #expect(try reader.next() == frame)
            #expect(try reader.next() == nil)
        }
    }

    @Test func aMessageMayComeInPiecesWithAPingBetween() throws {
        var server = try opened()
        let events = try server.received(
            masked(
                WebSocketFrame(.text, isFinal: false, Array("one ".utf8)), WebSocketFrame(.ping, [7]),
                WebSocketFrame(.continuation, Array("message".utf8))))
        #expect(events == [.message(Array("one message".utf8))])
        #expect(server.takeOutput() == WebSocketFrame(.pong, [7]).bytes(mask: nil))
    }

    @Test(
        arguments: [
            ([0xC1, 0x80, 0, 0, 0, 0], WebSocketCode.protocolError), ([0x83, 0x80, 0, 0, 0, 0], .protocolError),
            ([0x81, 0x00], .protocolError), ([0x09, 0x80, 0, 0, 0, 0], .protocolError),
            ([0x89, 0xFE, 0, 126, 0, 0, 0, 0], .protocolError), ([0x80, 0x80, 0, 0, 0, 0], .protocolError),
            ([0x82, 0x80, 0, 0, 0, 0], .unsupportedData), ([0x81, 0x81, 0, 0, 0, 0, 0xFF], .notText),
            ([0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], .tooBig), ([0x88, 0x81, 0, 0, 0, 0, 3], .protocolError),
            ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED], .protocolError),
            ([0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], .protocolError),
            ([0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], .tooBig),
        ] as [([UInt8], WebSocketCode)])
    func aBreachEndsIt(bytes: [UInt8], code: WebSocketCode) throws {
        var server = try opened()
        do {
            _ = try server.received(bytes)
            Issue.record("\(bytes) was taken")
        } catch {
            #expect(error.code == code)
            // And who committed it is told.
            #expect(
                Array(server.takeOutput().prefix(4)) == [
                    0x88, 2, UInt8(code.rawValue >> 8), UInt8(code.rawValue & 255),
                ])
        }
    }

    // MARK: the end

    @Test func closingIsAnswered() throws {
        var server = try opened()
        let close = WebSocketFrame(.close, [0x03, 0xE8] + Array("bye".utf8))
        #expect(try server.received(masked(close, WebSocketFrame(.text, [0x61]))) == [.closed(.normal)])
        #expect(server.takeOutput() == WebSocketFrame(.close, [0x03, 0xE8]).bytes(mask: nil))
        #expect(server.state == .closed)
        server.send([0x61])
        server.ping()
        server.close(.normal)
        #expect(server.takeOutput() == [])
    }

    @Test func whoHasClosedHearsNothingButTheAnswer() throws {
        var server = try opened()
        server.close(.goingAway, "moving")
        #expect(server.takeOutput() == WebSocketFrame(.close, [0x03, 0xE9] + Array("moving".utf8)).bytes(mask: nil))
        #expect(try server.received(masked(WebSocketFrame(.text, [0x61]), WebSocketFrame(.ping))) == [])
        #expect(server.takeOutput() == [])
        #expect(try server.received(masked(WebSocketFrame(.close, [0x03, 0xE9]))) == [.closed(.goingAway)])
        #expect(server.takeOutput() == [])
    }

    @Test func pingsAreCountedUntilOneIsAnswered() throws {
        var server = try opened()
        server.ping()
        server.ping()
        #expect(server.unansweredPings == 2)
        _ = try server.received(masked(WebSocketFrame(.pong)))
        #expect(server.unansweredPings == 0)
    }
}
