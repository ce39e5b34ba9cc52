/// A ClientHello or a ServerHello (RFC 8446 4.1), as much of it as is there.
struct TLSHello {
    let isOfClient: Bool
    /// The highest that a client offers, the one that a server chose: `1.3`. Nil when the end is missing that tells.
    private(set) var version: String?
    /// Of a client that sends one.
    private(set) var serverName: String?
    /// The one that a server chose.
    private(set) var cipher: String?

    /// - Parameter body: a handshake record's, perhaps cut.
    init?(_ body: [UInt8]) {
        var bytes = Reader(body[...])
        guard let type = bytes.byte(), type == 1 || type == 2, let length = bytes.number(3) else { return nil }
        isOfClient = type == 1
        guard let legacy = bytes.number(2), bytes.skip(32), let session = bytes.byte(), bytes.skip(Int(session)) else {
            return nil
        }
        if isOfClient {
            guard let suites = bytes.number(2), bytes.skip(suites), let methods = bytes.byte(),
                bytes.skip(Int(methods))
            else { return }
        } else {
            guard let suite = bytes.number(2), bytes.skip(1) else { return nil }
            cipher = TLSNames.cipher(UInt16(suite))
        }
        // Before TLS 1.3 the version stands in front; since then it is an extension, and 1.2 stands there.
        let isWhole = body.count >= length + 4
        guard let total = bytes.number(2) else {
            if isWhole { version = TLSNames.version(legacy) }
            return
        }
        let found = extensions(bytes.part(total))
        version = found ?? (isWhole ? TLSNames.version(legacy) : nil)
    }

    /// What the extension `supported_versions` says.
    private mutating func extensions(_ part: ArraySlice<UInt8>) -> String? {
        var bytes = Reader(part)
        var version: String?
        while let type = bytes.number(2), let length = bytes.number(2) {
            var content = Reader(bytes.part(length))
            switch type {
            case 0 where isOfClient:
                // server_name (RFC 6066 3): a list of one, of type host_name.
                guard content.skip(2), content.byte() == 0, let size = content.number(2) else { continue }
                let name = content.part(size)
                if name.count == size { serverName = String(decoding: name, as: UTF8.self) }
            case 43 where isOfClient:
                guard let size = content.byte() else { continue }
                var list = Reader(content.part(Int(size)))
                var offered: [Int] = []
                while let number = list.number(2) { offered.append(number) }
                // Some numbers are offered for no other purpose than that nobody may stumble over them (RFC 8701).
                version = offered.filter { $0 & 0x0F0F != 0x0A0A }.max().flatMap { TLSNames.version($0) }
            case 43:
                version = content.number(2).flatMap { TLSNames.version($0) }
            default: continue
            }
        }
        return version
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        mutating func byte() -> UInt8? { rest.popFirst() }

        /// Of so many bytes, the highest first.
        mutating func number(_ count: Int) -> Int? {
            guard rest.count >= count else { return nil }
            let value = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(count)
            return value
        }

        mutating func skip(_ count: Int) -> Bool {
            guard rest.count >= count else { return false }
            rest = rest.dropFirst(count)
            return true
        }

        /// As much as is there.
        mutating func part(_ count: Int) -> ArraySlice<UInt8> {
            let part = rest.prefix(count)
            rest = rest.dropFirst(count)
            return part
        }
    }
}
