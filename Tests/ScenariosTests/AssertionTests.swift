import Testing

@testable import Scenarios

@Suite struct AssertionTests {
    private func statement(_ text: String) throws -> Assertion.Statement {
        try AssertionParser.parse(text).statement
    }

    private func mistake(_ text: String) -> String {
        do throws(AssertionParser.Mistake) {
            _ = try AssertionParser.parse(text)
            return ""
        } catch {
            return "\(error.offset): \(error.message)"
        }
    }

    private func events(
        _ kind: Assertion.Kind, _ actor: String, _ offset: Int, index: Int? = nil,
        _ conditions: [Assertion.Condition] = [], _ window: Assertion.Window? = nil
    ) -> Assertion.Events {
        Assertion.Events(
            kind: kind, actor: Assertion.Actor(name: Assertion.Name(text: actor, offset: offset), index: index),
            conditions: conditions, window: window)
    }

    @Test func `counts in a window`() throws {
        #expect(
            try statement("count(attempt of subscriber between 10m and 15m) <= 20")
                == .compare(
                    .measure(
                        .count(
                            events(.attempt, "subscriber", 17, [], .between(.seconds(600), .seconds(900)))), times: 1),
                    .atMost, .value(20, .count)))
    }

    @Test func `never and before`() throws {
        #expect(
            try statement("never(error of subscriber#2 before 10m)")
                == .never(events(.error, "subscriber", 15, index: 2, [], .before(.seconds(600)))))
        #expect(
            try statement("before(connected of a, sent of a)")
                == .before(events(.connected, "a", 20), events(.sent, "a", 31)))
    }

    @Test func `quantiles of gaps, latencies, fields and samples`() throws {
        #expect(
            try statement("quantile(99%, gap(received of subscriber)) <= 6s")
                == .compare(
                    .measure(.summary(.quantile(0.99), .gap(events(.received, "subscriber", 30))), times: 1), .atMost,
                    .value(6, .seconds)))
        #expect(
            try statement("1.5s>max(latency(a -> b during blackhole))")
                == .compare(
                    .value(1.5, .seconds), .above,
                    .measure(
                        .summary(
                            .max,
                            .latency(
                                from: Assertion.Name(text: "a", offset: 17), to: Assertion.Name(text: "b", offset: 22),
                                .during(Assertion.Name(text: "blackhole", offset: 31)))), times: 1)))
        #expect(
            try statement("min(memory of a after 1m) < 100 MiB")
                == .compare(
                    .measure(
                        .summary(
                            .min,
                            .resource(
                                .memory, Assertion.Actor(name: Assertion.Name(text: "a", offset: 14)),
                                .after(.seconds(60)))), times: 1), .below, .value(104_857_600, .bytes)))
        #expect(
            try statement("mean(depth of queue of a where class = bulk and depth > 1) = 3")
                == .compare(
                    .measure(
                        .summary(
                            .mean,
                            .field(
                                Assertion.Name(text: "depth", offset: 5),
                                events(
                                    .queue, "a", 23,
                                    [
                                        Assertion.Condition(
                                            field: Assertion.Name(text: "class", offset: 31), comparison: .equal,
                                            value: .text("bulk")),
                                        Assertion.Condition(
                                            field: Assertion.Name(text: "depth", offset: 48), comparison: .above,
                                            value: .number(1)),
                                    ]))), times: 1), .equal, .value(3, .count)))
    }

    @Test func `factors, texts and peaks`() throws {
        #expect(
            try statement("count(received of a) >= 90% * count(sent of b)")
                == .compare(
                    .measure(.count(events(.received, "a", 18)), times: 1), .atLeast,
                    .measure(.count(events(.sent, "b", 44)), times: 0.9)))
        guard
            case .compare(.measure(.peak(let span, let peaks), _), .atMost, _) = try statement(
                "peak(100ms, state of a where text != 'on its way' outside x) <= 5")
        else {
            Issue.record("no peak")
            return
        }
        #expect(span == .milliseconds(100))
        #expect(peaks.conditions.map(\.value) == [.text("on its way")])
        #expect(peaks.window == .outside(Assertion.Name(text: "x", offset: 58)))
    }

    @Test(arguments: [
        ("", "0: a number, or one of count, peak, min, max, mean, sum, quantile should stand here, and it ends"),
        ("cuont(attempt of a) <= 2", #"0: unknown function "cuont"; did you mean "count"?"#),
        ("count(atempt of a) <= 2", #"6: unknown event "atempt"; did you mean "attempt"?"#),
        ("count(attempt a) <= 2", #"14: "of" should stand here, and there is "a""#),
        ("count(attempt of a) 2", #"20: a comparison (<=, <, ==, !=, >=, >) should stand here, and there is "2""#),
        ("count(attempt of a) <= 2s", "23: a duration stands here, and it is compared with a number"),
        ("max(gap(sent of a)) <= 2", "23: a number stands here, and it is compared with a duration"),
        ("1 <= 2", "0: nothing that was recorded is compared: name a count, max, ..."),
        ("count(attempt of a) <= 2 3", #"25: nothing more should stand here, and there is "3""#),
        ("count(attempt of a between 5m and 1m) < 1", "34: the window ends before it begins"),
        (
            "count(attempt of a until 5m) < 1",
            #"19: where, between, before, after, during, outside or ")" should stand here, and there is "until""#
        ),
        ("count(attempt of a before 5) < 1", #"26: "5" has no unit: write 5s, or one of us, ms, m, h, d"#),
        ("quantile(101%, gap(sent of a)) < 1s", "9: a quantile is above 0% and at most 100%"),
        ("quantile(99, gap(sent of a)) < 1s", #"9: "99" has no unit: write 99%"#),
        (
            "max(attempt of a) < 1",
            #"4: "attempt" of an actor is no number: write gap(attempt of ...), count(...), or a field, such as seq "#
                + "of attempt of ..."
        ),
        (
            "max(memry of a) < 1 MiB",
            #"4: "memry" of an actor is no number; known: memory, cpu, descriptors, threads"#
        ),
        ("never(error of a where text > 'x')", #"30: a number should stand here, and there is "x""#),
        ("count(attempt of a#b) < 1", #"17: "a#b" is no instance: write subscriber#1"#),
        ("never(error of a", #"16: ")" should stand here, and it ends"#),
        ("never(error of a where text = 'x)", #"30: a value should stand here, and there is "'x)""#),
        ("peak(0s, error of a) < 1", "0: peak takes a time above zero"),
        (
            "2 * 3 < count(error of a)",
            "4: a number, or one of count, peak, min, max, mean, sum, quantile should stand here, and there is \"3\""
        ),
    ])
    func `mistakes are told where they stand`(text: String, expected: String) {
        #expect(mistake(text) == expected)
    }

    @Test func `a statement has a bound`() {
        #expect(mistake(String(repeating: "x", count: 1001)) == "0: is longer than 1000 characters: make it several")
    }

    /// In the file, with its column; names are looked up.
    @Test(arguments: [
        (
            #"{ assert: "count(atempt of subscriber) <= 2" }"#,
            #"42:22: assert: unknown event "atempt"; did you mean "attempt"?"#
        ),
        (
            #"{ assert: "never(error of subscrber)" }"#,
            #"42:31: assert: unknown actor "subscrber"; did you mean "subscriber"?"#
        ),
        (
            #"{ assert: "never(error of subscriber during blackhle)" }"#,
            #"42:49: assert: the timeline has no fault "blackhle"; did you mean "blackhole"?"#
        ),
        (
            #"{ assert: "never(error of subscriber#3)" }"#,
            "42:31: assert: there is no subscriber#3: it has 3 instances, from #0"
        ),
        (
            "{ assert: max(latency(ticker -> subscribr)) < 1s }",
            #"42:37: assert: unknown actor "subscribr"; did you mean "subscriber"?"#
        ),
    ])
    func `the checker points at the column`(item: String, expected: String) {
        let text = Fixture.changed("- { backoff: subscriber, factor: 1.5 }", "- \(item)")
        #expect(Fixture.problems(text) == ["s/nat.yaml:\(expected)"])
    }

    @Test func `a scenario keeps it as it stands`() throws {
        let item = #"{ assert: "count(attempt of subscriber between 10m and 15m) <= 20" }"#
        let scenario = try Fixture.scenario(Fixture.changed("- { backoff: subscriber, factor: 1.5 }", "- \(item)"))
        let plan = try #require(scenario.expectations.first { $0.kind == "assert" })
        #expect(plan.text == "assert: count(attempt of subscriber between 10m and 15m) <= 20")
        guard case .assertion(let assertion) = plan.subject else {
            Issue.record("\(plan.subject)")
            return
        }
        #expect(assertion.actors.map(\.text) == ["subscriber"])
    }

    /// Whatever stands there gives a statement or one mistake inside the text.
    @Test func `random texts`() {
        var random = AssertionGenerator(state: 7)
        let words = [
            "count", "never", "before", "quantile", "max", "gap", "latency", "peak", "(", ")", ",", "of", "->", "<=",
            "<", "==", "*", "99%", "10m", "20", "1.5", "100 MiB", "attempt", "received", "subscriber", "a#1", "where",
            "and", "between", "during", "blackhole", "text", "'x y'", "'", "=", "!=", "-", "--", "#", "%", "é",
            "\u{0}",
            "9999999999999999999999", "0.0.1s", "memory", "depth", "😀", "\n", "\"",
        ]
        let valid = "count(attempt of subscriber where text = 'x' between 10m and 15m) <= 0.5 * count(sent of b)"
        var parsed = 0
        for round in 0..<20_000 {
            var text = ""
            if round % 2 == 0 {
                for _ in 0..<Int.random(in: 0...14, using: &random) {
                    text += words.randomElement(using: &random)! + (Bool.random(using: &random) ? " " : "")
                }
            } else {
                var scalars = Array(valid.unicodeScalars)
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    let place = Int.random(in: 0..<scalars.count, using: &random)
                    if Bool.random(using: &random) { scalars.remove(at: place) } else { scalars[place] = "(" }
                }
                text.unicodeScalars.append(contentsOf: scalars)
            }
            do throws(AssertionParser.Mistake) {
                #expect(try AssertionParser.parse(text).text == text)
                parsed += 1
            } catch {
                #expect((0...text.unicodeScalars.count).contains(error.offset), "\(text)")
                #expect(!error.message.isEmpty && !error.message.contains("\n"), "\(text)")
            }
        }
        #expect((1000...15_000).contains(parsed), "\(parsed) parsed: both ways are taken, or this tests nothing")
    }
}

/// SplitMix64, so that a failure is a seed.
private struct AssertionGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Seed.mixed(state)
    }
}
