import JSONLines
import Judging

extension ReportFormat {
    static let json = ReportFormat(
        name: "json", summary: "One JSON object for programs: every run, every finding with its figures and evidence.",
        fileName: "report.json", suite: { JSONReport.object($0).pretty() + "\n" }, lastLine: JSONReport.text)
}

/// For machines: one object, described in docs/report-format.md. Fields are only ever added to format 1.
package enum JSONReport {
    package static let format: Int64 = 1

    /// One line with its newline: the last line of standard output.
    package static func text(_ results: [RunResult]) -> String { object(results).line + "\n" }

    package static func object(_ results: [RunResult]) -> JSON {
        ["format": .integer(format), "runs": .array(results.map(run))]
    }

    static func run(_ result: RunResult) -> JSON {
        [
            "scenario": .string(result.scenario),
            "seed": JSON(exact: result.seed),
            "lab": .string(result.lab),
            "verdict": .string(result.judgement.verdict.rawValue),
            "reasons": .array(result.judgement.reasons.map { .string($0) }),
            "findings": .array(result.judgement.findings.map(finding)),
            "recording": text(result.recording),
            "recording_sha256": text(result.sha256),
            "virtual_seconds": .number(result.virtualSeconds),
            "wall_seconds": .number(result.wallSeconds),
            "host_cpu_seconds": .number(result.hostCPUSeconds),
            "notes": .array(result.notes.map { .string($0) }),
            "phases_wall_seconds": .object(result.phases.map { .init($0.phase, .number($0.wallSeconds)) }),
            "figures": figures(result),
            "summary": .string(result.summary),
            "clients": .array(result.clients.map { .string($0) }),
            "tags": .array(result.tags.map { .string($0) }),
            "libraries": .array(result.build.libraries.map { .string($0) }),
            "with": .array(result.build.choices.map { .string($0) }),
            "command": .string(result.command),
        ]
    }

    static func figures(_ result: RunResult) -> JSON {
        .array(result.figures.map { ["name": .string($0.name), "seconds": .number($0.seconds)] })
    }

    private static func finding(_ finding: Finding) -> JSON {
        [
            "expectation": .string(finding.expectation),
            "verdict": .string(finding.verdict.rawValue),
            "measured": number(finding.measured),
            "bound": number(finding.bound),
            "unit": .string(finding.unit),
            "summary": .string(finding.summary),
            "evidence": .array(
                finding.evidence.map { evidence in
                    [
                        "at": .number(evidence.at), "text": .string(evidence.text),
                        "line": .integer(Int64(evidence.line)),
                    ]
                }),
        ]
    }

    private static func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    private static func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
}
