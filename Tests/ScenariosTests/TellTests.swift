import JSONLines
import Testing

@testable import Scenarios

@Suite struct TellTests {
    @Test func everyPartOfACommandIsRead() throws {
        let tells = try Fixture.scenario().tells
        #expect(
            tells == [
                TellPlan(
                    index: 0, at: .seconds(2100), actor: "ticker", command: .publish,
                    fields: [
                        JSON.Member("stream", "orders"), JSON.Member("seq", 4), JSON.Member("retain", true),
                        JSON.Member("key", "7"),
                    ], position: "nat.yaml:36:5")
            ])
        #expect(
            tells[0].json.line == #"{"command":"publish","stream":"orders","seq":4,"retain":true,"key":"7"}"#)
    }

    /// Only what JSON writes in the same way is a number.
    @Test(
        arguments: [
            ("4", 4), ("-4", -4), ("0", 0), ("007", "007"), ("+4", "+4"), ("1.5", "1.5"), ("0x10", "0x10"),
            ("9223372036854775807", 9_223_372_036_854_775_807), ("9223372036854775808", "9223372036854775808"),
            ("true", true), ("false", false), ("True", "True"), ("\"true\"", "true"), ("'4'", "4"), ("\"\"", ""),
        ] as [(String, JSON)])
    func valuesAreWhatTheyLookLike(_ text: String, _ value: JSON) throws {
        let tells = try Fixture.scenario(Fixture.changed("seq: 4,", "seq: \(text),")).tells
        #expect(tells.first?.fields.dropFirst().first == JSON.Member("seq", value))
    }

    @Test(arguments: TellPlan.Command.allCases) func fieldsMayBeMissing(_ command: TellPlan.Command) throws {
        let text = Fixture.changed(
            "publish, with: { stream: orders, seq: 4, retain: true, key: \"7\" } }", "\(command) }")
        let tells = try Fixture.scenario(text).tells
        #expect(tells.first?.json == ["command": .string(command.rawValue)])
    }

    @Test(arguments: [
        Mistake(
            "tell: ticker", "tell: tickr",
            #"36:22: unknown actor "tickr"; did you mean "ticker"?"#),
        Mistake(
            "tell: ticker", "tell: [ticker]",
            "36:22: tell must be a text, not a list"),
        Mistake(
            "command: publish", "command: pubish",
            #"36:39: unknown command "pubish"; did you mean "publish"?"#),
        Mistake(
            "command: publish", "command: shout",
            #"36:39: unknown command "shout"; known: publish, request, cancel, drain, close"#),
        Mistake(
            "command: publish, ", "",
            #"36:5: tell has no "command": publish, request, cancel, drain or close"#),
        Mistake(
            "at: 35m, tell", "tell",
            #"36:5: tell has no "at": when it is told, from the timeline's zero"#),
        Mistake(
            "at: 35m, tell", "at: 40m, tell",
            "36:11: tell at 40m is not before the end, 40m"),
        Mistake(
            "at: 35m, tell", "at: 41m, tell",
            "36:11: tell at 41m is not before the end, 40m"),
        Mistake(
            "at: 35m, tell", "at: 35m, until: 36m, tell",
            #"36:16: unknown key "until" in tell; known: at, tell, command, with"#),
        Mistake(
            "at: 35m, tell", "at: 35m, fault: hang-up, tell",
            #"36:5: hang-up has no "of": the actor that it strikes"#,
            #"36:32: unknown key "tell" in hang-up; known: at, fault, of, first"#,
            #"36:46: unknown key "command" in hang-up; known: at, fault, of, first"#,
            #"36:64: unknown key "with" in hang-up; known: at, fault, of, first"#),
        Mistake(
            "with: {", "wit: {",
            #"36:48: unknown key "wit" in tell; did you mean "with"?"#),
        Mistake(
            "with: { stream: orders, seq: 4, retain: true, key: \"7\" }", "with: 4",
            "36:54: with must be a mapping such as { stream: orders, seq: 4 }, not a single value"),
        Mistake(
            "seq: 4,", "seq: [4],",
            "36:77: seq must be a text, a whole number, true or false, not a list"),
        Mistake(
            "seq: 4,", "seq: ~,",
            #"36:77: seq has no value; write "" for an empty one"#),
        Mistake(
            "seq: 4,", "command: close,",
            #"36:72: "command" cannot be a field: it stands beside "tell""#),
        Mistake(
            "seq: 4,", "seq: 4, seq: 5,",
            #"36:80: the key "seq" stands here already, in line 36"#),
        Mistake(
            "stream: orders", "stream: \(String(repeating: "o", count: 4096))",
            "36:5: this command is a line of 4162 bytes; at most 4096 can be sent"),
    ])
    func mistakes(_ mistake: Mistake) { mistake.check() }
}
