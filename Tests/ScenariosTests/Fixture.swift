import Testing

@testable import Scenarios

/// A small catalog with one definition of every kind, so that these tests need no kernel and no judge.
enum Fixture {
    static let catalog = Catalog(
        faults: [
            fault("blackhole", .link, .interval),
            fault(
                "latency", .link, .interval,
                [
                    Parameter("delay", .duration(.zero ... .seconds(60)), required: true, "How much more, one way."),
                    Parameter("loss", .fraction(0...1), default: .fraction(0), "Share of packets lost."),
                    Parameter("rate", .rate(1000...1_000_000_000), "Rate limit."),
                ]),
            fault("nat-forget", .router, .moment),
            fault("hang-up", .actor, .moment, [Parameter("first", .count(1...100), "How many connections.")]),
            fault(
                "freeze", .actor, .interval,
                [
                    Parameter("quietly", .flag, default: .flag(true), "Whether its log says so."),
                    Parameter("signal", .choice(["stop", "terminal-stop"]), "Which signal."),
                ]),
            fault("suspend", .host, .interval),
            fault("roll", .actors, .moment),
            fault(
                "cut", .connections, .moment,
                [Parameter("size", .size(1...(1 << 30)), required: true, "So many bytes.")]),
            fault("no-name", .name, .interval),
            fault("moved", .name, .interval, [Parameter("to", .place, required: true, "Where it leads to.")]),
            fault("bad-certificate", .actor, .interval, needs: [.certificate]),
            fault("dead-end", .name, .interval, needs: [.deadIPv6]),
            fault("partition", .groups, .interval),
        ],
        expectations: [
            expectation(
                "recovery", .client,
                [
                    Parameter("after", .fault, required: true, "The fault that it recovers from."),
                    Parameter("within", .duration(.zero ... .seconds(86_400)), required: true, "How long it may take."),
                    Parameter(
                        "stages", .durations(["detect", "attempt", "connect", "message"]), "Bounds of its parts."),
                ]),
            expectation("no-gaps", .flow, []),
            expectation("assert", .statement, []),
            expectation("states", .actor, [Parameter("moves", .texts, "Which there are.")]),
            expectation(
                "backoff", .client,
                [
                    Parameter("factor", .number(1...10), default: .number(2), "Growth from attempt to attempt."),
                    Parameter("note", .text, "A remark."),
                ]),
        ],
        profiles: [
            LinkProfile(
                name: "wifi", summary: "", impairment: impairment(delay: .milliseconds(3), jitter: .milliseconds(2))),
            LinkProfile(name: "lte", summary: "", impairment: impairment(delay: .milliseconds(25), jitter: .zero)),
        ])

    private static func impairment(delay: Duration, jitter: Duration) -> Impairment {
        var impairment = Impairment()
        impairment.delay = delay
        impairment.jitter = jitter
        return impairment
    }

    private static func fault(
        _ name: String, _ target: FaultDefinition.TargetKind, _ extent: FaultDefinition.Extent,
        _ parameters: [Parameter] = [], needs: [FaultDefinition.Need] = []
    ) -> FaultDefinition {
        FaultDefinition(
            name: name, summary: "A fault called \(name).", wire: "", heals: "", hit: "", mechanism: "",
            target: target, extent: extent, needs: needs, parameters: parameters, example: "")
    }

    private static func expectation(
        _ name: String, _ subject: ExpectationDefinition.SubjectKind, _ parameters: [Parameter]
    ) -> ExpectationDefinition {
        ExpectationDefinition(
            name: name, summary: "An expectation called \(name).", details: "", subject: subject,
            parameters: parameters, example: "")
    }

    /// Every part of the format that needs no second file. Tests change a piece of it and look at what comes of that.
    static let valid = """
        format: 1
        name: nat-forgets-idle-subscriber
        summary: A home router forgets an idle mapping.
        tags: [nat, mqtt]

        lab:
          hosts:
            phone: {}
            home: { nat: { idle-timeout: 5m, on-expiry: drop } }
            cloud:
          links:
            - { between: [phone, home], profile: wifi }
            - { between: [home, cloud], delay: 20ms, jitter: 2ms, loss: 0.1%, rate: 2 Mbit/s, limit: 50 }
          start: 2026-01-01T00:00:00Z
          memory: 512 MiB

        actors:
          broker:     { role: server,    on: cloud, run: [mosquitto, -p, "1883"], ready: { port: 1883 } }
          ticker:     { role: publisher, on: cloud, run: [python3, ticker.py, "{broker}"], ready: { log: up } }
          subscriber:
            role: client
            on: phone
            run: [python3, sub.py, --to, "{broker}:{broker.port}", --id, "{index}"]
            env: { SEED: "{seed}", EMPTY: "" }
            folder: drivers
            ready: { event: connected }
            count: 3
            stop-within: 2s
            log-limit: 64 KiB

        timeline:
          - { at: 10m, until: 15m, fault: blackhole, between: [phone, home], direction: both }
          - { at: 20m, fault: nat-forget, on: home }
          - { at: 25m, until: 26m, fault: latency, link: home-cloud, direction: cloud -> home, delay: 1.5s }
          - { at: 30m, fault: hang-up, of: broker, first: 1 }
          - { at: 35m, tell: ticker, command: publish, with: { stream: orders, seq: 4, retain: true, key: "7" } }
          - { end: 40m }

        expect:
          - { recovery: subscriber, after: blackhole, within: 30s, stages: { detect: 20s } }
          - { no-gaps: ticker -> subscriber }
          - { backoff: subscriber, factor: 1.5 }
          - { states: broker, moves: [up -> down, down -> up] }

        healthy-within: 90s
        settle: 1m

        """

    /// Loads a scenario called `s/nat.yaml` beside these other files.
    static func load(_ text: String, _ others: [String: String] = [:]) throws(Problems) -> [LoadedScenario] {
        try loader(["s/nat.yaml": text].merging(others) { $1 }).load(path: "s/nat.yaml")
    }

    static func loader(_ files: [String: String]) -> ScenarioLoader {
        ScenarioLoader(catalog: catalog) { path in
            guard let text = files[path] else { throw NoSuchFile() }
            return Array(text.utf8)
        }
    }

    struct NoSuchFile: Error, CustomStringConvertible {
        var description: String { "no such file" }
    }

    /// The one scenario of a valid text.
    static func scenario(_ text: String = valid, _ others: [String: String] = [:]) throws -> Scenario {
        do {
            let all = try load(text, others)
            try #require(all.count == 1)
            return all[0].scenario
        } catch let problems as Problems {
            Issue.record("\(problems.all.map(\.description).joined(separator: "\n"))")
            throw problems
        }
    }

    /// All problems as they are printed; none when it loads.
    static func problems(_ text: String, _ others: [String: String] = [:]) -> [String] {
        do throws(Problems) {
            _ = try load(text, others)
            return []
        } catch {
            return error.all.map(\.description)
        }
    }

    /// The valid scenario with `old`, which must occur exactly once, replaced.
    static func changed(_ old: String, _ new: String) -> String {
        let parts = valid.components(separatedBy: old)
        precondition(parts.count == 2, "\(old) occurs \(parts.count - 1) times")
        return parts.joined(separator: new)
    }
}

extension String {
    func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
