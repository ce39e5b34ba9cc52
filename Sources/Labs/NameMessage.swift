/// What somebody asks a name server, strictly read from the bytes of a message (RFC 1035, section 4).
package struct NameQuestion: Equatable, Sendable {
    /// Types of records (RFC 1035, section 3.2.2; RFC 3596, section 2.1).
    package struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        package static let a = Kind(rawValue: 1)
        package static let aaaa = Kind(rawValue: 28)

        /// `A`, `AAAA`, or as RFC 3597, section 5, writes types that one does not know: `TYPE65`.
        package var description: String {
            switch self {
            case .a: "A"
            case .aaaa: "AAAA"
            default: "TYPE\(rawValue)"
            }
        }
    }

    /// In small letters, without a final point; what is no letter, digit, `-` or `_` is written `\065`.
    package var name: String
    package var kind: Kind
    var id: UInt16
    /// RD, which an answer repeats.
    var wantsRecursion: Bool
    /// Name, type and class as they were sent: an answer repeats them, capitals and all.
    var section: [UInt8]
    /// It has an OPT record, so an answer has one, too (RFC 6891, section 6.1.1).
    var hasExtension: Bool
}

/// Reading and writing the messages of name servers. Pure: bytes in, bytes out.
package enum NameMessage {
    /// RFC 1035, section 4.1.1; RFC 6891, section 9.
    package enum Code: UInt16, Sendable {
        case noError, formatError, serverFailure, noSuchName, notImplemented, refused
        case badVersion = 16
    }

    package enum Read: Equatable, Sendable {
        case question(NameQuestion)
        /// Something is wrong with it, and this is what to answer.
        case refusal([UInt8])
        /// No question, or too short to be answered: to be ignored.
        case noise
    }

    /// Longest message that is read; a question needs 12 + 255 + 4 bytes, the rest is room for options.
    package static let longest = 4096
    private static let header = 12
    private static let internet: UInt16 = 1
    private static let option: UInt16 = 41

    package static func read(_ bytes: [UInt8]) -> Read {
        var reader = Reader(bytes: bytes)
        guard bytes.count <= longest, let id = reader.number(), let flags = reader.number(),
            let questions = reader.number(), let answers = reader.number(), let authorities = reader.number(),
            let additions = reader.number(), flags & 0x8000 == 0
        else { return .noise }
        func refusal(_ code: Code) -> Read {
            // QR and the code; OPCODE and RD as they came.
            .refusal(bytes16([id, 0x8000 | flags & 0x7900 | code.rawValue, 0, 0, 0, 0]))
        }
        if flags & 0x7800 != 0 { return refusal(.notImplemented) }
        guard questions == 1, answers == 0, authorities == 0, additions <= 1, let name = reader.name(),
            let kind = reader.number(), let `class` = reader.number()
        else { return refusal(.formatError) }
        let section = Array(bytes[header..<reader.offset])
        var version: UInt8 = 0
        if additions == 1 {
            // An OPT record: root, type, size, extended code, version, flags, options.
            guard reader.byte() == 0, reader.number() == option, reader.number() != nil, reader.byte() != nil,
                let given = reader.byte(), reader.number() != nil, let length = reader.number(),
                reader.skip(Int(length))
            else { return refusal(.formatError) }
            version = given
        }
        guard reader.isAtEnd else { return refusal(.formatError) }
        let question = NameQuestion(
            name: name, kind: .init(rawValue: kind), id: id, wantsRecursion: flags & 0x0100 != 0, section: section,
            hasExtension: additions == 1)
        if version != 0 { return .refusal(answer(question, .badVersion)) }
        if `class` != internet { return .refusal(answer(question, .refused)) }
        return .question(question)
    }

    /// An answer to it. Negative ones carry a SOA record of the root, whose time says how long the lack may be
    /// remembered (RFC 2308, section 3).
    /// - Parameters:
    ///   - addresses: of 4 or 16 bytes, according to the question's type.
    ///   - ttl: of the addresses or the lack of them, seconds.
    package static func answer(
        _ question: NameQuestion, _ code: Code, addresses: [[UInt8]] = [], ttl: UInt32 = 0, isTruncated: Bool = false
    ) -> [UInt8] {
        let isNegative = addresses.isEmpty && !isTruncated && (code == .noError || code == .noSuchName)
        // QR, RA and the code; RD as it came.
        let flags =
            0x8080 | (isTruncated ? 0x0200 : 0) | (question.wantsRecursion ? 0x0100 : 0) | code.rawValue & 0xF
        var bytes = bytes16([
            question.id, flags, 1, UInt16(addresses.count), isNegative ? 1 : 0, question.hasExtension ? 1 : 0,
        ])
        bytes += question.section
        for address in addresses {
            // The name is the one at byte 12.
            bytes += bytes16([0xC000 | UInt16(header), question.kind.rawValue, internet])
            bytes += bytes32([ttl]) + bytes16([UInt16(address.count)]) + address
        }
        if isNegative {
            let data: [UInt8] = [0, 0] + bytes32([1, 3600, 600, 86_400, ttl])
            bytes += [0] + bytes16([6, internet]) + bytes32([ttl]) + bytes16([UInt16(data.count)]) + data
        }
        if question.hasExtension {
            // 1232 bytes fit into every path's packets (dnsflagday.net/2020).
            bytes += [0] + bytes16([option, 1232]) + [UInt8(code.rawValue >> 4), 0] + bytes16([0, 0])
        }
        return bytes
    }

    private static func bytes16(_ numbers: [UInt16]) -> [UInt8] {
        numbers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    private static func bytes32(_ numbers: [UInt32]) -> [UInt8] {
        numbers.flatMap { number in [24, 16, 8, 0].map { UInt8(number >> $0 & 0xFF) } }
    }
}

/// Takes pieces from the front; nil when there is not enough.
private struct Reader {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func byte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func number() -> UInt16? {
        guard let high = byte(), let low = byte() else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - offset >= count else { return false }
        offset += count
        return true
    }

    /// Labels of 1 to 63 bytes, 255 in all with their lengths, ended by an empty one. A question has nothing before it
    /// that it could point to, so a pointer is an error.
    mutating func name() -> String? {
        var labels: [String] = []
        let start = offset
        while let length = byte() {
            if length == 0 { return labels.joined(separator: ".") }
            let end = offset + Int(length)
            guard length <= 63, end <= bytes.count, end - start < 255 else { return nil }
            labels.append(bytes[offset..<end].map(Self.shown).joined())
            offset = end
        }
        return nil
    }

    private static func shown(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): String(UnicodeScalar(byte + 32))
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            String(UnicodeScalar(byte))
        default: "\\" + String(String(1000 + Int(byte)).dropFirst())
        }
    }
}
