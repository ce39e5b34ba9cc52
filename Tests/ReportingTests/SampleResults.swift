import Judging
import Reporting

/// Runs as reports may meet them: each verdict, many figures, and texts that try to break out.
enum SampleResults {
    static let pass = result(
        "mqtt-reference-blackhole", tags: ["client:reference", "theme:blackhole"], verdict: .pass,
        findings: [recovery(.pass, 6.02), connects, gaps(.pass, 0)])

    static let fail = result(
        "mqtt-paho-blackhole", tags: ["client:paho-mqtt", "theme:blackhole"], verdict: .fail,
        findings: [
            recovery(
                .fail, 117.02,
                evidence: [
                    Evidence(at: 600, text: "blackhole at 10m on phone-home struck subscriber", line: 812),
                    Evidence(
                        at: 620.004, text: "first sign that it knew: its driver said state (disconnected)", line: 850),
                    Evidence(at: 896, text: "attempt: its driver said attempt", line: 901),
                    Evidence(at: 900, text: "blackhole at 10m on phone-home healed", line: 902),
                    Evidence(at: 1016, text: "attempt: its driver said attempt, 120 s later", line: 1040),
                ]), connects, gaps(.pass, 0),
        ], figures: [ShownFigure(name: "recovery of subscriber, median", seconds: 5.5)])

    static let void = result(
        "mqtt-paho-nat-expiry", tags: ["client:paho-mqtt", "theme:nat-expiry"], verdict: .void,
        reasons: ["nat-expiry at 5m on home had no hit: home held nothing for it to strike in that time."],
        findings: [
            Finding(
                expectation: "recovery: subscriber, after: nat-expiry, within: 30s", verdict: .void,
                summary: "nat-expiry at 5m on home did not strike: nobody had to recover from it."), gaps(.pass, 0),
        ])

    static let unsupported = result(
        "redis-py-lossy", tags: [], lab: "host", verdict: .unsupported,
        reasons: ["This kernel lacks sch_netem: play it in the virtual lab."], findings: [], recording: nil)

    static let error = result(
        "redis-py-freeze", tags: ["client:redis-py", "theme:freeze"], verdict: .error,
        reasons: ["The recording is damaged: cut off after line 812: no end event."], findings: [connects])

    /// Texts from strangers: markup, escape sequences, line breaks, what turns the direction of writing, no spaces.
    static let hostile = result(
        "</testsuite>\u{1B}[2J&\"'\n\u{202E}evil", tags: ["theme:\u{1B}]0;title\u{7}<b>"], verdict: .fail,
        reasons: ["a\u{0}b\u{FFFE}c ]]> <!-- \u{9B}31m"],
        findings: [
            Finding(
                expectation: "no-gaps: \u{1B}[31m<x> -> \"y\"", verdict: .fail, measured: 1e300, bound: -0.004,
                unit: "messages\u{1B}[0m", summary: String(repeating: "long", count: 60) + "\r\nnext\tline é 😀",
                evidence: [Evidence(at: -1e300, text: "<![CDATA[ \u{8}\u{7F} ]]>", line: -1)])
        ])

    static let all = [pass, fail, void, unsupported, error, hostile]

    private static let connects = Finding(
        expectation: "connects: subscriber, within: 5s", verdict: .pass, measured: 0.35, bound: 5, unit: "s",
        summary: "subscriber was connected 350 ms after its start.")

    private static func recovery(_ verdict: Verdict, _ measured: Double, evidence: [Evidence] = []) -> Finding {
        Finding(
            expectation: "recovery: subscriber, after: blackhole, within: 30s, stages: { detect: 20s }",
            verdict: verdict,
            measured: measured, bound: 30, unit: "s",
            summary:
                "subscriber owed a new message within 30 s after blackhole at 10m on phone-home healed at 15m; it came "
                + "\(measured) s after (detected after 20 s).", evidence: evidence)
    }

    private static func gaps(_ verdict: Verdict, _ missing: Double) -> Finding {
        Finding(
            expectation: "no-gaps: ticker -> subscriber", verdict: verdict, measured: missing, bound: 0,
            unit: "messages",
            summary: "All 1804 messages that ticker sent while subscriber was listening arrived.")
    }

    static func result(
        _ scenario: String, tags: [String], lab: String = "virtual", verdict: Verdict, reasons: [String] = [],
        findings: [Finding], recording: String? = "reports/run-1/recording.jsonl", seed: UInt64 = 7,
        figures: [ShownFigure] = []
    ) -> RunResult {
        var result = RunResult(
            scenario: scenario, summary: "A home router goes silent for five minutes.", clients: ["subscriber"],
            tags: tags,
            seed: seed, lab: lab, judgement: Judgement(verdict: verdict, reasons: reasons, findings: findings),
            recording: recording, sha256: recording.map { _ in String(repeating: "ab", count: 32) },
            virtualSeconds: 1810.5, wallSeconds: 1.42, hostCPUSeconds: 1.3,
            command: "halfopen run scenarios/demo/\(scenario).yaml --seed \(seed)")
        result.figures = figures
        return result
    }
}
