import Testing

@testable import Scenarios

/// What a hostile or damaged file could do, and the words of the answer.
@Suite struct YAMLTests {
    private func problems(_ text: String) -> [String] { problems(Array(text.utf8)) }

    private func problems(_ bytes: [UInt8]) -> [String] {
        let (root, problems) = YAMLReader.read(bytes, file: "a.yaml")
        #expect(root != nil || !problems.isEmpty)
        return problems.map(\.description)
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let text = """
            a: 'x'
            ü: [1, {b: ~}]
            c:
              - |
                two
                lines
            """
        let root = try #require(YAMLReader.read(Array(text.utf8), file: "a.yaml").root)
        func at(_ line: Int, _ column: Int) -> Position { Position(file: "a.yaml", line: line, column: column) }
        let entries = try #require(root.entries)
        #expect(entries.map(\.key) == ["a", "ü", "c"])
        #expect(entries.map(\.position) == [at(1, 1), at(2, 1), at(3, 1)])
        #expect(entries[0].value == Node(position: at(1, 4), content: .scalar("x", quoted: true)))
        let items = try #require(entries[1].value.items)
        #expect(items[0] == Node(position: at(2, 5), content: .scalar("1", quoted: false)))
        #expect(items[1].entries?.first?.position == at(2, 9))
        #expect(items[1]["b"]?.isEmpty == true)
        #expect(entries[2].value.items?.first?.text == "two\nlines")
        #expect(entries[2].value.items?.first?.position == at(4, 5))
    }

    @Test func aLargeFileIsRefusedUnread() {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 10_000_000)
        let clock = ContinuousClock()
        let taken = clock.measure {
            #expect(problems(bytes) == ["a.yaml: the file has 9.5 MiB; at most 1 MiB are read. Is it a scenario?"])
        }
        #expect(taken < .seconds(1))
    }

    @Test func theLargestFileIsRead() {
        let comment = "#" + String(repeating: "x", count: YAMLReader.largestFile - 6) + "\na: b"
        #expect(comment.utf8.count == YAMLReader.largestFile)
        #expect(problems(comment) == [])
        #expect(problems(comment + "\n").count == 1)
    }

    @Test(arguments: [
        (String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000), "1:33"),
        (String(repeating: "{a: ", count: 1000), "1:129"),
        (String(repeating: "- ", count: 1000) + "x", "1:65"),
        (String(repeating: "[", count: 500_000), "1:33"),
    ])
    func aThousandLevelsAreRefused(text: String, place: String) {
        #expect(problems(text) == ["a.yaml:\(place): nested deeper than 32 levels; no scenario needs that"])
    }

    @Test func thirtyTwoLevelsAreRead() {
        #expect(problems(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)) == [])
    }

    @Test func anAliasCountsItsDepth() {
        let deep = "a: &a " + String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
        #expect(problems(deep + "\nb: [[*a]]") == [])
        let nested = "\nb: " + String(repeating: "[", count: 12) + "*a" + String(repeating: "]", count: 12)
        #expect(problems(deep + nested) == ["a.yaml:2:16: nested deeper than 32 levels; no scenario needs that"])
    }

    @Test func anAliasBombIsRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let message = "more than 10000 values, aliases followed; is this a scenario, or an alias bomb?"
        #expect(problems(text) == ["a.yaml:4:45: \(message)"])
        let plain = (0...10_000).map { "- \($0)\n" }.joined()
        #expect(problems(plain) == ["a.yaml:10000:3: \(message)"])
    }

    @Test func aliasesRepeatWhatTheyName() throws {
        let root = try #require(YAMLReader.read(Array("a: &x {k: v}\nb: *x".utf8), file: "a.yaml").root)
        #expect(root["a"] == root["b"])
        #expect(
            problems("a: *x") == [#"a.yaml:1:4: the alias *x stands for nothing; "&x" must come, and end, before it"#])
        #expect(problems("a: &x [*x]").count == 1)
    }

    @Test func invalidUTF8IsNamedWithItsPlace() {
        let message = "not valid UTF-8 from here on; save the file as UTF-8"
        #expect(problems(Array("a: b\nü: ".utf8) + [0xFF]) == ["a.yaml:2:4: \(message)"])
        #expect(problems(Array("a: ".utf8) + [0xE2, 0x82]) == ["a.yaml:1:4: \(message)"])
        // UTF-16, as some editors save.
        #expect(problems([0xFF, 0xFE, 0x61, 0x00]) == ["a.yaml:1:1: \(message)"])
        #expect(problems([0xEF, 0xBB, 0xBF] + Array("a: b".utf8)) == [])
    }

    @Test(arguments: [
        ("", "a.yaml: the file is empty"),
        ("# nothing\n", "a.yaml: the file is empty"),
        ("a: b\n---\na: c\n", #"a.yaml:2:1: a second document begins here; a file holds one, remove "---""#),
        ("a: b\na: c\n", #"a.yaml:2:1: the key "a" stands here already, in line 1"#),
        ("[a]: b", "a.yaml:1:1: a list or mapping cannot be a key; text in { } must be quoted"),
        ("a: &x b\n*x : c", "a.yaml:2:1: an alias cannot be a key; write the key out"),
        (
            "a: !!python/object:os.system b",
            #"a.yaml:1:4: YAML tags such as "tag:yaml.org,2002:python/object:os.system" "#
                + "are not used in scenarios; remove it"
        ),
        (
            "a: [b\nc: d",
            "a.yaml:2:2: not YAML: did not find expected ',' or ']', "
                + "while parsing a flow sequence that begins in line 1"
        ),
        ("a: \"b", "a.yaml:1:6: not YAML: found unexpected end of stream, while scanning a quoted scalar"),
        (
            "a: b\n\tc: d",
            "a.yaml:2:1: not YAML: found a tab character that violates indentation, "
                + "while scanning a plain scalar that begins in line 1"
        ),
        ("a: \u{7}", "a.yaml:1:4: not YAML: control characters are not allowed"),
    ])
    func damage(text: String, message: String) {
        #expect(problems(text) == [message])
    }

    @Test func allRepeatedKeysAreNamedAndTheFirstStands() throws {
        let text = "a: 1\na: 2\nb: {c: 3, c: {d: 4}}"
        let (root, problems) = YAMLReader.read(Array(text.utf8), file: "a.yaml")
        #expect(problems.count == 2)
        #expect(root?["a"]?.text == "1")
        #expect(root?["b"]?["c"]?.text == "3")
    }
}
