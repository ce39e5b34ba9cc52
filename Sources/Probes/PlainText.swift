/// What a connection that is not encrypted may be, from its first bytes: a help for whoever reads, not a proof.
enum PlainText {
    /// Nil when it looks like nothing known.
    static func guess(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.prefix(16), as: UTF8.self)
        let methods = ["GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "HTTP/1"]
        if methods.contains(where: text.hasPrefix) { return "http" }
        if text.hasPrefix("PRI * HTTP/2") { return "http2" }
        if text.hasPrefix("SSH-") { return "ssh" }
        if text.hasPrefix("AMQP") { return "amqp" }
        if text.hasPrefix("INFO {") || text.hasPrefix("CONNECT {") { return "nats" }
        if text.hasPrefix("STOMP\n") || text.hasPrefix("CONNECT\n") { return "stomp" }
        if text.hasPrefix("8=FIX") { return "fix" }
        if text.hasPrefix("220 ") || text.hasPrefix("EHLO ") { return "smtp" }
        if text.hasPrefix("{") || text.hasPrefix("[{") { return "json" }
        if bytes.first == UInt8(ascii: "*"), bytes.count > 3, (0x31...0x39).contains(bytes[1]) { return "redis" }
        // CONNECT: its type, the length of what follows (one byte or two), and the protocol's name with its length.
        if bytes.first == 0x10 {
            let names: [[UInt8]] = [[0, 4, 0x4D, 0x51, 0x54, 0x54], [0, 6, 0x4D, 0x51, 0x49, 0x73]]
            let heads = [bytes.dropFirst(2), bytes.dropFirst(3)]
            if heads.contains(where: { head in names.contains { head.starts(with: $0) } }) { return "mqtt" }
        }
        // A start-up or a request for TLS: length, then version 3.0 or the number that asks (PostgreSQL 55.7).
        let asks: [[UInt8]] = [[0, 3, 0, 0], [4, 0xD2, 0x16, 0x2F]]
        if bytes.count >= 8, bytes[0] == 0, asks.contains(Array(bytes[4..<8])) { return "postgresql" }
        return nil
    }
}
