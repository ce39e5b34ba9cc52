import COpenSSL

/// The opening handshake of RFC 6455, section 4: a request and an answer of HTTP.
package enum WebSocketUpgrade {
    /// The only version that there is.
    package static let version = "13"
    /// Where the feed is.
    package static let path = "/feed"
    /// Bytes of a request or an answer.
    static let longestHead = 8192

    /// A nonce of 16 bytes, in base64.
    package static func key(_ bytes: (UInt64, UInt64)) -> String {
        base64([bytes.0, bytes.1].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    }

    package static func accept(_ key: String) -> String {
        var answer = [CChar](repeating: 0, count: 29)
        halfopen_websocket_accept(key, &answer)
        return text(answer)
    }

    package static func request(to host: String, key: String) -> [UInt8] {
        head([
            "GET \(path) HTTP/1.1", "Host: \(host)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: \(version)",
        ])
    }

    /// What a server answers, and why that is no upgrade, if it is none.
    package static func answer(to head: HTTPHead) -> (bytes: [UInt8], refusal: String?) {
        let words = head.start.split(separator: " ")
        func refuse(_ status: String, _ reason: String, _ more: [String] = []) -> ([UInt8], String?) {
            (self.head(["HTTP/1.1 \(status)", "Connection: close", "Content-Length: 0"] + more), reason)
        }
        guard words.count == 3, words[2] == "HTTP/1.1" else { return refuse("400 Bad Request", "no HTTP/1.1") }
        guard words[0] == "GET" else { return refuse("405 Method Not Allowed", "\(words[0])", ["Allow: GET"]) }
        guard words[1] == path else { return refuse("404 Not Found", "nothing is at \(words[1])") }
        guard head["host"] != nil else { return refuse("400 Bad Request", "no Host") }
        guard head.lists("upgrade", "websocket"), head.lists("connection", "upgrade") else {
            return refuse("426 Upgrade Required", "no upgrade is asked for", ["Upgrade: websocket"])
        }
        guard head["sec-websocket-version"] == version else {
            let reason = "version \(head["sec-websocket-version"] ?? "none") of WebSocket"
            return refuse("426 Upgrade Required", reason, ["Upgrade: websocket", "Sec-WebSocket-Version: \(version)"])
        }
        // 16 bytes make 22 characters and two signs that nothing follows.
        guard let key = head["sec-websocket-key"], key.utf8.count == 24, key.hasSuffix("==") else {
            return refuse("400 Bad Request", "no key")
        }
        let accepted = self.head([
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: \(accept(key))",
        ])
        return (accepted, nil)
    }

    /// Why an answer is no upgrade; nil when it is one.
    package static func refusal(_ head: HTTPHead, key: String) -> String? {
        let words = head.start.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == "HTTP/1.1" else { return "no HTTP/1.1 in the answer" }
        guard words[1].hasPrefix("101") else { return "the server answers \(words[1])" }
        guard head.lists("upgrade", "websocket"), head.lists("connection", "upgrade") else {
            return "an answer without upgrade"
        }
        guard head["sec-websocket-accept"] == accept(key) else { return "an answer to another key" }
        return nil
    }

    private static func head(_ lines: [String]) -> [UInt8] {
        Array(lines.map { $0 + "\r\n" }.joined().utf8) + Array("\r\n".utf8)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        halfopen_base64(bytes, bytes.count, &text)
        return self.text(text)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// The first line and the fields of an HTTP message (RFC 9112).
package struct HTTPHead: Equatable, Sendable {
    package var start: String
    private var fields: [String: String] = [:]

    /// Cuts the head off the front of what was received; nil while it is not whole.
    package init?(cutFrom bytes: inout [UInt8]) throws(WebSocketError) {
        let end: [UInt8] = [13, 10, 13, 10]
        guard let place = bytes.firstRange(of: end) else {
            if bytes.count > WebSocketUpgrade.longestHead {
                throw WebSocketError(code: .protocolError, reason: "a head of HTTP without end")
            }
            return nil
        }
        let lines = String(decoding: bytes[..<place.lowerBound], as: UTF8.self).split(separator: "\r\n")
        bytes.removeFirst(place.upperBound)
        start = lines.first.map(String.init) ?? ""
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmed
            // A field that stands twice is one list.
            let name = line[..<colon].lowercased()
            fields[name] = fields[name].map { "\($0), \(value)" } ?? value
        }
    }

    subscript(_ name: String) -> String? { fields[name] }

    /// Whether a field that is a list has this word.
    func lists(_ name: String, _ word: String) -> Bool {
        fields[name]?.split(separator: ",").contains { $0.trimmed.lowercased() == word } ?? false
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
