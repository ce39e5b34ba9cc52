import JSONLines
import Judging
import Recordings

extension ReportFormat {
    static let otlp = ReportFormat(
        name: "otlp",
        summary: "OpenTelemetry traces and metrics as OTLP JSON lines: sessions are spans, faults are events.",
        fileName: "report.otlp.jsonl", run: { run throws(NoReport) in Array(OTLPReport.text(run).utf8) },
        isJoined: true)
}

/// For those who look at traces: two lines a run, one of spans and one of metrics, as OTLP's JSON encoding has them.
/// The run is the root; below it each session of a client, and below that its connections and its tries to make one.
///
/// Times are the lab's own dates, which a scenario chooses, so that a run gives the same spans whenever it is played.
package enum OTLPReport {
    package static func text(_ run: RunMaterial) -> String {
        let spans = OTLPSpans(run)
        let scope: JSON = ["name": "halfopen"]
        let traces: JSON = [
            "resourceSpans": [
                [
                    "resource": resource(run.result),
                    "scopeSpans": [["scope": scope, "spans": .array(spans.all)]],
                ]
            ]
        ]
        let metrics: JSON = [
            "resourceMetrics": [
                [
                    "resource": resource(run.result),
                    "scopeMetrics": [["scope": scope, "metrics": metrics(run, at: spans.end)]],
                ]
            ]
        ]
        return traces.line + "\n" + metrics.line + "\n"
    }

    private static func resource(_ result: RunResult) -> JSON {
        [
            "attributes": attributes([
                ("service.name", .string("halfopen")), ("halfopen.scenario", .string(result.scenario)),
                ("halfopen.seed", .string(String(result.seed))), ("halfopen.lab", .string(result.lab)),
                ("halfopen.verdict", .string(result.judgement.verdict.rawValue)),
                ("halfopen.recording_sha256", .string(result.sha256 ?? "")),
            ])
        ]
    }

    /// 64-bit numbers are texts in OTLP's JSON.
    static func attributes(_ pairs: [(String, JSON)]) -> JSON {
        .array(
            pairs.map { name, value in
                let typed: JSON =
                    switch value {
                    case .integer(let number): ["intValue": .string(String(number))]
                    case .number: ["doubleValue": value]
                    case .bool: ["boolValue": value]
                    case .string(let text): ["stringValue": .string(Terminal.clean(text))]
                    case .null, .array, .object: ["stringValue": .string(value.line)]
                    }
                return ["key": .string(name), "value": typed]
            })
    }

    private static func metrics(_ run: RunMaterial, at end: String) -> JSON {
        let findings = run.result.judgement.findings
        let measured = findings.filter { $0.measured?.isFinite ?? false }
        let units = measured.reduce(into: [String]()) { if !$0.contains($1.unit) { $0.append($1.unit) } }
        var metrics: [JSON] = units.map { unit in
            let points = measured.filter { $0.unit == unit }.map { finding -> JSON in
                let bound = finding.bound.map { [("halfopen.bound", JSON.number($0))] } ?? []
                let about: [(String, JSON)] = [
                    ("halfopen.expectation", .string(finding.expectation)),
                    ("halfopen.verdict", .string(finding.verdict.rawValue)),
                ]
                return point(finding.measured ?? 0, end, about + bound)
            }
            let name = unit == "s" ? "halfopen.finding.duration" : "halfopen.finding.measured"
            return gauge(name, unit: unit == "s" ? "s" : "{\(Terminal.clean(unit))}", points)
        }
        metrics.append(gauge("halfopen.run.virtual_duration", unit: "s", [point(run.result.virtualSeconds, end, [])]))
        return .array(metrics)
    }

    private static func gauge(_ name: String, unit: String, _ points: [JSON]) -> JSON {
        ["name": .string(name), "unit": .string(unit), "gauge": ["dataPoints": .array(points)]]
    }

    private static func point(_ value: Double, _ time: String, _ about: [(String, JSON)]) -> JSON {
        ["timeUnixNano": .string(time), "asDouble": .number(value), "attributes": attributes(about)]
    }
}
