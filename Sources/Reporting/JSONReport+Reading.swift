import JSONLines
import Judging

extension ReportFormat {
    static let baseline = ReportFormat(
        name: "baseline", summary: "JSON with what halfopen compare needs and no more: small enough to be committed.",
        fileName: "baseline.json", suite: JSONReport.baseline)
}

extension JSONReport {
    /// A run a line, so that a committed baseline shows in a difference what changed.
    package static func baseline(_ results: [RunResult]) -> String {
        let lines = results.map { result -> String in
            let findings = result.judgement.findings.map { finding -> JSON in
                [
                    "expectation": .string(finding.expectation), "verdict": .string(finding.verdict.rawValue),
                    "measured": finding.measured.map { .number($0) } ?? .null,
                    "bound": finding.bound.map { .number($0) } ?? .null, "unit": .string(finding.unit),
                ]
            }
            let run: JSON = [
                "scenario": .string(result.scenario), "seed": JSON(exact: result.seed), "lab": .string(result.lab),
                "verdict": .string(result.judgement.verdict.rawValue), "findings": .array(findings),
                "figures": figures(result),
            ]
            return run.line
        }
        return "{\"format\":\(format),\"runs\":[\n\(lines.joined(separator: ",\n"))\n]}\n"
    }

    /// What `object` or `baseline` had written, without the evidence of findings.
    /// - Throws: `NoReport` when it is something else.
    package static func results(from text: String) throws(NoReport) -> [RunResult] {
        guard let json = try? JSON(parsing: text), let runs = json["runs"]?.array else {
            throw NoReport("this is no JSON report: it has no \"runs\"")
        }
        guard json["format"]?.integer == format else {
            throw NoReport("this JSON report is not of format \(format), the only one that this version reads")
        }
        var results: [RunResult] = []
        for run in runs {
            guard let scenario = run["scenario"]?.string, let seed = seed(run["seed"]), let lab = run["lab"]?.string,
                let verdict = run["verdict"]?.string.flatMap(Verdict.init), let findings = run["findings"]?.array
            else { throw NoReport("run \(results.count + 1) of this JSON report lacks what every run has") }
            let judgement = Judgement(verdict: verdict, findings: findings.compactMap(finding))
            var result = RunResult(
                scenario: scenario, summary: run["summary"]?.string ?? "", clients: texts(run["clients"]),
                tags: texts(run["tags"]), seed: seed, lab: lab, judgement: judgement,
                recording: run["recording"]?.string, sha256: run["recording_sha256"]?.string,
                virtualSeconds: run["virtual_seconds"]?.number ?? 0, wallSeconds: run["wall_seconds"]?.number ?? 0,
                hostCPUSeconds: run["host_cpu_seconds"]?.number ?? 0, command: run["command"]?.string ?? "")
            result.judgement.reasons = texts(run["reasons"])
            result.notes = texts(run["notes"])
            // Reports of earlier versions have none of these.
            result.build = ClientBuild(libraries: texts(run["libraries"]), choices: texts(run["with"]))
            result.figures = (run["figures"]?.array ?? []).compactMap { figure in
                guard let name = figure["name"]?.string, let seconds = figure["seconds"]?.number else { return nil }
                return ShownFigure(name: name, seconds: seconds)
            }
            results.append(result)
        }
        return results
    }

    private static func texts(_ json: JSON?) -> [String] { json?.array?.compactMap(\.string) ?? [] }

    /// Beyond what a double holds its digits are text.
    private static func seed(_ json: JSON?) -> UInt64? {
        json?.integer.flatMap { UInt64(exactly: $0) } ?? json?.string.flatMap { UInt64($0) }
    }

    private static func finding(_ json: JSON) -> Finding? {
        guard let expectation = json["expectation"]?.string, let verdict = json["verdict"]?.string.flatMap(Verdict.init)
        else { return nil }
        return Finding(
            expectation: expectation, verdict: verdict, measured: json["measured"]?.number,
            bound: json["bound"]?.number, unit: json["unit"]?.string ?? "", summary: json["summary"]?.string ?? "")
    }
}
