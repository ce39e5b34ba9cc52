import JSONLines
import Testing

@Suite struct JSONParsing {
    @Test(
        arguments: [
            ("null", .null), ("true", true), (" false ", false), ("0", 0), ("-0", 0), ("12", 12),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", 1.5), ("1e3", 1000.0),
            ("-2E-2", -0.02),
            ("\"\"", ""), ("\"a\\n\\\"\\\\\\/\\u00e9\\ud83d\\ude00\"", "a\n\"\\/é😀"), ("[]", []),
            ("[1,[2]]", [1, [2]]),
            ("{}", [:]), ("{\"b\":1,\"a\":{\"c\":null}}", ["b": 1, "a": ["c": .null]]),
        ] as [(String, JSON)])
    func reads(text: String, value: JSON) throws {
        #expect(try JSON(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "-", "+1", "1.", ".5", "1e", "1-2", "1e999", "\"", "\"\\x\"", "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\u{01}\"", "[", "[1", "[1,]", "[,1]", "{", "{\"a\"}", "{\"a\":}", "{a:1}",
        "{\"a\":1,}", "1 2", "\"\\u+123\"",
    ])
    func refuses(text: String) {
        #expect(throws: JSON.ParsingError.self) { try JSON(parsing: text) }
    }

    @Test func refusesInvalidUTF8() {
        #expect(throws: JSON.ParsingError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSON.ParsingError.self) { try JSON(parsing: [0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22]) }
    }

    @Test func saysWhere() throws {
        let error = try #require(throws: JSON.ParsingError.self) { try JSON(parsing: "{\"a\":x}") }
        #expect(error.description == "not JSON at byte 5: not a value")
    }

    @Test func boundsItsDepth() throws {
        let deep = { (levels: Int) in String(repeating: "[", count: levels) + String(repeating: "]", count: levels) }
        #expect(throws: Never.self) { try JSON(parsing: deep(64)) }
        #expect(throws: JSON.ParsingError.self) { try JSON(parsing: deep(65)) }
        #expect(throws: JSON.ParsingError.self) { try JSON(parsing: deep(1_000_000)) }
        #expect(throws: Never.self) { try JSON(parsing: Array(deep(65).utf8), depth: 65) }
    }

    /// Any cut of a valid text is an error, never a crash.
    @Test func survivesEveryCut() throws {
        let whole = Array("{\"a\":[1,-2.5e3,\"x\\u00e9\\n\"],\"b\":{\"c\":null,\"d\":true}}".utf8)
        for length in 0..<whole.count {
            #expect(throws: JSON.ParsingError.self) { try JSON(parsing: Array(whole[..<length])) }
        }
    }
}

@Suite struct JSONText {
    @Test(arguments: [
        ("plain", #""plain""#), ("é😀", #""é😀""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{1b}\u{7f}", #""\u0000\u001b\u007f""#),
    ])
    func escapes(text: String, line: String) throws {
        #expect(JSON.string(text).line == line)
        #expect(try JSON(parsing: line) == .string(text))
    }

    @Test(arguments: [0, 7, -7, 10, 100, -1000, .max, .min] as [Int64])
    func writesIntegers(value: Int64) {
        #expect(JSON.integer(value).line == String(value))
    }

    @Test(arguments: [0.5, 1, 1e300, -1e-300, 123456789.125])
    func numbersComeBack(value: Double) throws {
        #expect(try JSON(parsing: JSON.number(value).line) == .number(value))
    }

    @Test func keepsOrderAndStaysOnALine() {
        let value: JSON = ["z": 1, "a": ["n\n": .null], "m": [true, "x"]]
        #expect(value.line == #"{"z":1,"a":{"n\n":null},"m":[true,"x"]}"#)
        #expect(
            value.pretty()
                == "{\n  \"z\": 1,\n  \"a\": {\n    \"n\\n\": null\n  },\n  \"m\": [\n    true,\n    \"x\"\n  ]\n}")
    }

    @Test func exactWholeNumbers() {
        #expect(JSON(exact: 7) == 7)
        #expect(JSON(exact: 1 << 53 - 1) == .integer(1 << 53 - 1))
        #expect(JSON(exact: 1 << 53) == "9007199254740992")
        for value in [0, 1 << 53, UInt64.max] { #expect(JSON(exact: value).exact == value) }
        #expect(JSON.integer(-1).exact == nil)
        #expect(JSON.string("x").exact == nil)
    }

    @Test func lineWriterWritesTheSameBytes() throws {
        var lines = Array("before\n".utf8)
        var line = JSONLineWriter(takingOver: &lines)
        line.field("t", 12)
        line.field("s", "a\"b")
        line.field("b", true)
        line.field("o", ["k": 1.5] as JSON)
        line.end()
        line.giveBack(to: &lines)
        #expect(
            String(decoding: lines, as: UTF8.self)
                == "before\n{\"t\":12,\"s\":\"a\\\"b\",\"b\":true,\"o\":{\"k\":1.5}}\n")
    }

    @Test func theLineWriterCopiesNothingOfWhatStandsThere() {
        var lines: [UInt8] = []
        lines.reserveCapacity(4096)
        let before = lines.withUnsafeBytes(\.baseAddress)
        for number in 0..<100 {
            var line = JSONLineWriter(takingOver: &lines)
            line.field("t", number)
            line.end()
            line.giveBack(to: &lines)
        }
        #expect(lines.count == 700 + 190)
        #expect(lines.withUnsafeBytes(\.baseAddress) == before)
    }
}
