import JSONLines
import Testing

/// Looking through a line says the same as building its tree, of whatever it is given.
@Suite struct ObjectLines {
    private static let keys: [StaticString] = ["t", "event", "what", "from", "seq", "extra", "repeated", "states"]

    private static let lines = [
        #"{"t":5024686592,"event":"driver","what":"received","stream":"ticks","seq":-17,"repeated":true}"#,
        #"{"t":0,"event":"wire","what":"first-response","from":"10.77.1.1:40001","extra":{"a":[1,2,{"b":null}]}}"#,
        #" { "\u0074" : 7 , "event" : "caf\u00e9 \"é\"\n" , "t" : 8.5e3 , "states" : [ {"t":1}, {"t":"x"} ] } "#,
        #"{"seq":9223372036854775808,"what":"\ud83d\ude00","from":"","extra":[[[]]],"t":-0,"event":false}"#,
        "{}", "[{}]", "7", "\"text\"", "null",
    ]

    @Test func `says what a tree says`() {
        for line in Self.lines { #expect(Self.differs(Array(line.utf8)) == nil, "\(line)") }
    }

    @Test func `refuses and accepts the same lines, damaged at random`() {
        var random = SeededGenerator(state: 11)
        let bytes = Array(#"{}[]",:\u0eE+-. tfn"#.utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xA9, 0xFF]
        var refused = 0
        for round in 0..<40_000 {
            var line = Array(Self.lines[round % Self.lines.count].utf8)
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let place = Int.random(in: 0...line.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: line.removeSubrange(place...)
                case 1: line.insert(bytes.randomElement(using: &random)!, at: place)
                case 2: line.insert(UInt8.random(in: 0...255, using: &random), at: place)
                default: if place < line.count { line.remove(at: place) }
                }
            }
            if (try? JSON(parsing: line)) == nil { refused += 1 }
            if let difference = Self.differs(line) {
                Issue.record("\(difference): \(String(decoding: line, as: UTF8.self))")
                return
            }
        }
        // Both kinds were among them.
        #expect((4_000..<36_000).contains(refused))
    }

    @Test func `depth is limited alike`() {
        for levels in 62...66 {
            let deep = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
            #expect(Self.differs(Array("{\"t\":\(deep)}".utf8)) == nil, "\(levels) levels")
        }
    }

    @Test func `members are found in any order`() throws {
        try Array(#"{"a":1,"b":2,"a":3}"#.utf8).withUnsafeBufferPointer { bytes in
            var line = JSONObjectLine()
            let isObject = try line.read(bytes)
            #expect(isObject)
            var next = 0
            #expect(line.place(of: "b", next: &next) == 1)
            #expect(line.place(of: "a", next: &next) == 2)
            #expect(line.place(of: "a", next: &next) == 0)
            #expect(line.place(of: "c", next: &next) == nil)
            #expect(next == 1)
        }
    }

    /// How a line looked through differs from its tree; nil when it does not.
    private static func differs(_ bytes: [UInt8]) -> String? {
        let tree: Result<JSON, JSON.ParsingError>
        do throws(JSON.ParsingError) { tree = .success(try JSON(parsing: bytes)) } catch { tree = .failure(error) }
        return bytes.withUnsafeBufferPointer { buffer in
            var line = JSONObjectLine()
            do throws(JSON.ParsingError) {
                let isObject = try line.read(buffer)
                guard case .success(let json) = tree else { return "only the tree is refused: \(tree)" }
                guard case .object = json else { return isObject ? "no object" : nil }
                return isObject ? differs(line, json) : "an object"
            } catch {
                return tree == .failure(error) ? nil : "\(error), and the tree \(tree)"
            }
        }
    }

    private static func differs(_ line: JSONObjectLine, _ json: JSON) -> String? {
        for key in keys {
            var next = 0
            let place = line.place(of: key, next: &next)
            let (found, wanted) = (place.map(line.value), json[key.description])
            guard found == wanted else { return "\(key) is \(String(describing: found))" }
            guard let place, let wanted else { continue }
            guard line.string(at: place) == wanted.string else { return "the text of \(key)" }
            guard line.integer(at: place) == wanted.integer else { return "the number of \(key)" }
            if let plain = line.plainText(at: place), String(decoding: plain, as: UTF8.self) != wanted.string {
                return "the plain text of \(key)"
            }
            let objects = wanted.array.flatMap { array in array.allSatisfy(isObject) ? array.count : nil }
            guard line.objects(at: place)?.count == objects else { return "the objects of \(key)" }
        }
        return nil
    }

    private static func isObject(_ json: JSON) -> Bool { if case .object = json { true } else { false } }
}

/// Repeats: a failing test can be run again.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
