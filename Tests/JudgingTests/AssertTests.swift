import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct AssertExpectation {
    /// A blackhole from 600 to 900; the client tries every ten seconds from 620 on and is back at 905.
    private func run(_ text: String) throws -> Script {
        let assertion = try AssertionParser.parse(text)
        var script = Script.healthy(
            faults: [.blackhole(600, 900)], expect: [.plan("assert", .assertion(assertion))])
        script.messages(-5, 1800, lost: 600..<905)
        script.strike(0, "blackhole", from: 600, to: 900)
        script.at(620, Script.state("reconnecting"), Script.says(.error, text: "timed out"))
        for second in stride(from: 620, to: 905, by: 10) { script.at(Double(second), Script.says(.attempt)) }
        script.at(905, Script.says(.connected))
        return script
    }

    private func finding(_ text: String) throws -> Finding { try run(text).finding }

    @Test(arguments: [
        ("count(attempt of subscriber) == 29", 29.0), ("count(attempt of subscriber between 10m and 11m) <= 4", 4),
        ("count(attempt of subscriber after 15m) == 1", 1), ("count(attempt of subscriber before 630s) == 1", 1),
        ("count(attempt of subscriber during blackhole) == 28", 28),
        ("count(received of subscriber outside blackhole) > 100", 1495),
        ("max(gap(attempt of subscriber)) == 10s", 10), ("max(gap(received of subscriber)) <= 306s", 306),
        ("quantile(50%, gap(received of subscriber)) <= 1s", 1),
        ("max(latency(ticker -> subscriber)) <= 20ms", 0.02),
        ("peak(10s, attempt of subscriber) == 1", 1), ("peak(10001ms, attempt of subscriber) == 2", 2),
        ("max(seq of received of subscriber) == 1799", 1799), ("min(seq of sent of ticker) == 0", 0),
        ("count(error of subscriber where text = 'timed out') == 1", 1),
        ("count(error of subscriber where text != 'timed out') == 0", 0),
        ("count(received of subscriber where seq < 10) == 10", 10),
        ("before(state of subscriber where text = reconnecting, connected of subscriber)", 285),
        ("never(error of subscriber before 10m)", 0), ("never(exited of subscriber)", 0),
        ("20 >= count(state of subscriber)", 20),
    ])
    func `what holds passes`(text: String, measured: Double) throws {
        let finding = try finding(text)
        #expect(finding.verdict == .pass, "\(finding.summary)")
        #expect(abs((finding.measured ?? .infinity) - measured) < 1e-6, "\(finding)")
    }

    @Test(arguments: [
        (
            "count(attempt of subscriber) <= 28",
            "the count of attempt of subscriber was 29; <= 28 was to hold."
        ),
        (
            "never(error of subscriber)",
            "There was to be no error of subscriber; there was 1, the first at 10m20s, during blackhole at 10m on "
                + "phone-home."
        ),
        (
            "max(gap(attempt of subscriber)) < 10s",
            "the most of the times between attempt of subscriber (of 28) was 10 s; < 10 s was to hold."
        ),
        (
            "before(connected of subscriber, attempt of subscriber)",
            "attempt of subscriber came at 10m20s, 285 s before the first connected of subscriber."
        ),
        (
            "count(received of subscriber) >= 0.9 * count(sent of ticker)",
            "the count of received of subscriber was 1495, 0.9 times the count of sent of ticker was 1620; >= 1620 was "
                + "to hold."
        ),
        ("count(request of subscriber) >= 1", "the count of request of subscriber was 0; >= 1 was to hold."),
        (
            "before(request of subscriber, attempt of subscriber)",
            "attempt of subscriber came at 10m20s, and request of subscriber never."
        ),
    ])
    func `what does not hold fails`(text: String, summary: String) throws {
        let finding = try finding(text)
        #expect(finding.verdict == .fail)
        #expect(finding.summary == summary)
    }

    @Test(arguments: [
        "count(request of subscriber) <= 20", "max(gap(request of subscriber)) <= 1s",
        "max(depth of queue of subscriber) <= 10", "max(memory of subscriber) <= 10 MiB",
        "before(connected of subscriber, request of subscriber)", "count(lookup of subscriber) == 0",
        "never(syn of subscriber)", "peak(1s, request of subscriber) <= 3",
        "count(request of subscriber) <= count(response of subscriber)", "count(request of subscriber) >= 0",
    ])
    func `void where it would hold of nothing`(text: String) throws {
        let finding = try finding(text)
        #expect(finding.verdict == .void, "\(finding.summary)")
    }

    @Test(arguments: ["never(request of subscriber)", "count(request of subscriber) == 0"])
    func `that there was none needs an actor that spoke`(text: String) throws {
        var script = try run(text)
        #expect(script.finding.verdict == .pass)
        script.drop { _, body in isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.hasPrefix("subscriber said nothing at all"), "\(script.finding.summary)")
    }

    @Test func `fields, samples and the wire`() throws {
        var script = try run("max(retry_after of refused of subscriber) <= 4s")
        script.at(700, Script.says(.refused, fields: [("retry_after", 5_000_000_000)]))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.measured == 5)
        script = try run("count(refused of subscriber where fatal = true and retry_after > 4s) == 1")
        script.at(700, Script.says(.refused, fields: [("retry_after", 5_000_000_000), ("fatal", true)]))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
        script = try run("max(memory of subscriber) <= 9 MiB")
        for megabytes in [8, 10] as [Int64] {
            let sample = ProcessSample(Script.client, cpu: 0, memory: megabytes << 20, descriptors: 5, threads: 1)
            script.at(100 + Double(megabytes), .process(sample))
        }
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("was 10 MiB; <= 9 MiB was to hold"), "\(script.finding.summary)")
        #expect(script.finding.evidence.map(\.at) == [110])
        script = try run("count(syn of subscriber) == 1")
        script.at(620, Script.wire(.attempt, Script.phone, Script.broker))
        script.at(621, Script.wire(.attempt, Script.phone, Script.broker, repeated: true))
        #expect(script.finding.verdict == .pass, "\(script.finding.summary)")
    }

    @Test func `what comes before play and after stop does not count`() throws {
        var script = try run("never(note of subscriber)")
        script.at(-3, Script.says(.note))
        script.at(1810.5, Script.says(.note))
        #expect(script.finding.verdict == .pass)
        script.at(0, Script.says(.note))
        #expect(script.finding.verdict == .fail)
    }
}
