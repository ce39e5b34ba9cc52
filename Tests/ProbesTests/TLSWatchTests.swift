import Recordings
import Testing

@testable import Probes

/// Handshakes made by hand, after RFC 8446 4.1 and RFC 5246 7.4.
@Suite struct TLSWatchTests {
    private var watch = TLSWatch()

    private static func sized(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    private static func record(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type, 3, 3] + sized(body, 2) }

    private static func ext(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [0, type] + sized(body, 2) }

    private static func clientHello(name: String? = "broker", versions: [UInt8]? = [0x7A, 0x7A, 3, 4, 3, 3]) -> [UInt8]
    {
        let names = name.map { ext(0, sized([0] + sized(Array($0.utf8), 2), 2)) } ?? []
        let offered = versions.map { ext(43, sized($0, 1)) } ?? []
        let body: [UInt8] =
            [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + sized([0x13, 1, 0xC0, 0x2F], 2) + [1, 0]
            + sized(names + ext(10, [0, 2, 0, 29]) + offered, 2)
        return record(22, [1] + sized(body, 3))
    }

    private static func serverHello(_ cipher: [UInt8], version: [UInt8]?) -> [UInt8] {
        let chosen = version.map { ext(43, $0) } ?? []
        let body: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32) + [0] + cipher + [0] + sized(chosen, 2)
        return record(22, [2] + sized(body, 3))
    }

    private mutating func client(_ bytes: [UInt8]) -> [TLSChange.Change] {
        watch.saw(bytes, of: bytes.count, fromInitiator: true)
    }

    private mutating func server(_ bytes: [UInt8]) -> [TLSChange.Change] {
        watch.saw(bytes, of: bytes.count, fromInitiator: false)
    }

    private static func cipherText(_ length: Int) -> [UInt8] { record(23, [UInt8](repeating: 1, count: length)) }

    @Test mutating func `a handshake of TLS 1.3, and data`() {
        #expect(client(Self.clientHello()) == [.clientHello(version: "1.3", name: "broker")])
        let hello = Self.serverHello([0x13, 2], version: [3, 4]) + Self.record(20, [1]) + Self.cipherText(900)
        #expect(server(hello) == [.serverHello(version: "1.3", cipher: "TLS_AES_256_GCM_SHA384")])
        #expect(client(Self.record(20, [1]) + Self.cipherText(53)) == [.finished])
        #expect(server(Self.cipherText(250)).isEmpty)
        #expect(client(Self.cipherText(40)) == [.data])
        #expect(watch.isOver)
    }

    @Test mutating func `in TLS 1.3 an alert in place of Finished is known by its length`() {
        _ = client(Self.clientHello())
        _ = server(Self.serverHello([0x13, 1], version: [3, 4]))
        #expect(client(Self.record(20, [1]) + Self.cipherText(19)) == [.alert(name: nil)])
        #expect(!watch.isOver)
    }

    @Test mutating func `a certificate and its proof in the same segment are part of Finished`() {
        _ = client(Self.clientHello())
        _ = server(Self.serverHello([0x13, 1], version: [3, 4]))
        #expect(client(Self.cipherText(600) + Self.cipherText(281) + Self.cipherText(53)) == [.finished])
        #expect(client(Self.cipherText(30)) == [.data])
    }

    @Test mutating func `a handshake of TLS 1.2, and data`() {
        #expect(client(Self.clientHello(versions: nil)) == [.clientHello(version: "1.2", name: "broker")])
        #expect(
            server(Self.serverHello([0xC0, 0x2F], version: nil) + Self.record(22, [11, 0, 0, 0]))
                == [.serverHello(version: "1.2", cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")])
        let finished = Self.record(20, [1]) + Self.record(22, [UInt8](repeating: 5, count: 40))
        #expect(client(Self.record(22, [16, 0, 0, 0]) + finished) == [.finished])
        #expect(client(Self.cipherText(30)) == [.data])
    }

    @Test mutating func `an alert in clear has its name`() {
        _ = client(Self.clientHello(name: nil))
        _ = server(Self.serverHello([0xC0, 0x2F], version: nil))
        #expect(client(Self.record(21, [2, 48])) == [.alert(name: "unknown_ca")])
    }

    @Test mutating func `a hello longer than what was kept tells what is there`() {
        let hello = Self.clientHello()
        let kept = Array(hello.prefix(hello.count - 8))
        #expect(
            watch.saw(kept, of: hello.count, fromInitiator: true)
                == [.clientHello(version: nil, name: "broker")])
        // Its records can still be counted: nothing of the stream was missed.
        _ = server(Self.serverHello([0x13, 1], version: [3, 4]))
        #expect(client(Self.cipherText(53)) == [.finished])
    }

    @Test mutating func `records that segments cut are put together again`() {
        let hello = Self.clientHello()
        #expect(client(Array(hello.prefix(60))).count == 1)
        #expect(client(Array(hello.dropFirst(60))).isEmpty)
        _ = server(Self.serverHello([0x13, 1], version: [3, 4]))
        let finished = Self.record(20, [1]) + Self.cipherText(53)
        #expect(client(Array(finished.prefix(8))).isEmpty)
        #expect(client(Array(finished.dropFirst(8))) == [.finished])
    }

    @Test mutating func `what was not seen is not guessed`() {
        _ = client(Self.clientHello())
        _ = server(Self.serverHello([0x13, 1], version: [3, 4]))
        watch.lostSight(ofInitiator: true)
        #expect(client(Self.cipherText(53)).isEmpty)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1\r\n", "http"), ("*1\r\n$4\r\nPING\r\n", "redis"), ("{\"a\":1}\n", "json"),
            ("SSH-2.0-OpenSSH", "ssh"), ("INFO {\"server_id\"", "nats"), ("AMQP\0\0\u{9}\u{1}", "amqp"),
            ("\u{10}\u{c}\0\u{4}MQTT\u{4}", "mqtt"), ("hello, world", nil),
        ] as [(String, String?)])
    func `plain text is told`(text: String, guess: String?) {
        var watch = TLSWatch()
        let bytes = Array(text.utf8)
        #expect(watch.saw(bytes, of: bytes.count, fromInitiator: true) == [.plain(protocol: guess)])
        #expect(watch.saw(bytes, of: bytes.count, fromInitiator: true).isEmpty)
    }

    @Test mutating func `a connection that goes over to TLS`() {
        #expect(client([0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F]) == [.plain(protocol: "postgresql")])
        #expect(server(Array("S".utf8)).isEmpty)
        #expect(client(Self.clientHello()) == [.clientHello(version: "1.3", name: "broker")])
        #expect(server(Self.serverHello([0x13, 1], version: [3, 4])).count == 1)
    }

    /// Nothing that anybody may send is too much for it.
    @Test func `random bytes`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var watch = TLSWatch()
            var bytes = Self.clientHello()
            for _ in 0..<5 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255) }
            for _ in 0..<4 {
                let kept = Int.random(in: 0...bytes.count, using: &random)
                _ = watch.saw(Array(bytes.prefix(kept)), of: bytes.count, fromInitiator: Bool.random())
            }
        }
    }
}
