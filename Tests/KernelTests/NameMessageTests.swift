import Testing

@testable import Labs

/// The wire format, byte by byte (RFC 1035, section 4). Needs no kernel.
@Suite struct NameMessageTests {
    private func question(_ bytes: [UInt8]) throws -> NameQuestion {
        guard case .question(let question) = NameMessage.read(bytes) else {
            Issue.record("\(NameMessage.read(bytes))")
            throw CancellationError()
        }
        return question
    }

    @Test func `a question is read, and its name in small letters`() throws {
        let question = try question(TestQuery.bytes("BroKer.Lab", type: 28))
        #expect(question.name == "broker.lab")
        #expect(question.kind == .aaaa)
        #expect(question.wantsRecursion)
        #expect(!question.hasExtension)
    }

    @Test func `an answer repeats the question and has the address, to the byte`() throws {
        let question = try question(TestQuery.bytes("Bo"))
        let answer = NameMessage.answer(question, .noError, addresses: [[10, 77, 0, 6]], ttl: 60)
        #expect(
            answer == [
                0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0,
                2, 0x42, 0x6F, 0, 0, 1, 0, 1,
                0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 77, 0, 6,
            ])
    }

    @Test func `a lack says for how long`() throws {
        let answer = NameMessage.answer(try question(TestQuery.bytes("bo")), .noSuchName, ttl: 30)
        #expect(Array(answer[..<12]) == [0, 7, 0x81, 0x83, 0, 1, 0, 0, 0, 1, 0, 0])
        // SOA of the root: its TTL, and the last of its five numbers.
        #expect(Array(answer[20..<31]) == [0, 0, 6, 0, 1, 0, 0, 0, 30, 0, 22])
        #expect(Array(answer.suffix(4)) == [0, 0, 0, 30])
    }

    @Test func `a truncated answer has the bit and nothing else`() throws {
        let answer = NameMessage.answer(try question(TestQuery.bytes("bo")), .noError, isTruncated: true)
        #expect(answer == [0, 7, 0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0x62, 0x6F, 0, 0, 1, 0, 1])
    }

    /// An OPT record: root, type 41, size 1232, no codes, so many bytes of options.
    private func extended(version: UInt8 = 0, options: Int = 0) -> [UInt8] {
        [0, 0, 41, 4, 208, 0, version, 0, 0, 0, UInt8(options)] + [UInt8](repeating: 1, count: options)
    }

    @Test func `an extended question gets an extended answer`() throws {
        let question = try question(TestQuery.bytes("bo", tail: extended(options: 12)))
        let answer = NameMessage.answer(question, .noError, addresses: [[1, 2, 3, 4]], ttl: 1)
        #expect(answer[11] == 1)
        #expect(answer.suffix(11) == [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
    }

    @Test func `a version from the future is told so`() {
        let read = NameMessage.read(TestQuery.bytes("bo", tail: extended(version: 1)))
        guard case .refusal(let answer) = read else { return #expect(Bool(false), "\(read)") }
        // 16: 1 in the OPT record, 0 in the header (RFC 6891, section 6.1.3).
        #expect(answer[3] & 0xF == 0)
        #expect(answer.suffix(11) == [0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0])
    }

    private static let right = TestQuery.bytes("broker")

    private static func changed(_ index: Int, _ byte: UInt8) -> [UInt8] {
        var bytes = right
        bytes[index] = byte
        return bytes
    }

    @Test(arguments: [
        ("two questions", changed(5, 2), 1), ("no question", changed(5, 0), 1), ("an answer in it", changed(7, 1), 1),
        ("a pointer for a name", changed(12, 0xC0), 1), ("a label beyond the end", changed(12, 63), 1),
        ("more than it says", right + [0], 1), ("less than it says", Array(right.dropLast()), 1),
        ("another operation", changed(2, 0x29), 4), ("another class", changed(right.count - 1, 3), 5),
    ])
    func `what is wrong is told so`(what: String, bytes: [UInt8], code: UInt8) {
        let read = NameMessage.read(bytes)
        guard case .refusal(let answer) = read else { return #expect(Bool(false), "\(what): \(read)") }
        #expect(answer[3] & 0xF == code, "\(what)")
        #expect(Array(answer[..<2]) == [0, 7])
        #expect(answer[2] & 0x80 == 0x80)
    }

    @Test func `answers and scraps are ignored`() {
        #expect(NameMessage.read(Self.changed(2, 0x81)) == .noise)
        for count in 0..<12 { #expect(NameMessage.read(Array(Self.right[..<count])) == .noise) }
        #expect(NameMessage.read(Self.right + [UInt8](repeating: 0, count: NameMessage.longest)) == .noise)
    }

    @Test func `a name has 255 bytes at most`() throws {
        let label = String(repeating: "x", count: 63)
        let longest = [label, label, label, String(label.dropLast(2))].joined(separator: ".")
        #expect(try question(TestQuery.bytes(longest)).name.utf8.count == 253)
        guard case .refusal = NameMessage.read(TestQuery.bytes(longest + "x")) else {
            return #expect(Bool(false), "a name of 256 bytes")
        }
    }

    /// Every message with one byte changed is read without a trap, and what is answered stays short.
    @Test func `no byte upsets it`() {
        let bytes = TestQuery.bytes("broker", tail: extended(options: 4))
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = byte
                if case .question(let question) = NameMessage.read(changed) {
                    #expect(NameMessage.answer(question, .noSuchName, ttl: 1).count < 512)
                }
            }
        }
    }
}
