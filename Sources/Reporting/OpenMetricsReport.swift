import Judging

extension ReportFormat {
    static let openmetrics = ReportFormat(
        name: "openmetrics", summary: "OpenMetrics text, for Prometheus and Grafana: verdicts, figures, bounds, costs.",
        fileName: "metrics.txt", suite: OpenMetricsReport.text)
}

/// For those who watch figures over time: OpenMetrics 1.0, with no timestamps of its own.
package enum OpenMetricsReport {
    package static func text(_ results: [RunResult]) -> String {
        var runs: [(labels: Labels, result: RunResult)] = []
        var seen: [String: Int] = [:]
        for result in results {
            var labels: Labels = [
                ("scenario", result.scenario), ("seed", String(result.seed)), ("lab", result.lab),
            ]
            // Two series of one name and one set of labels are an error.
            let name = OpenMetricsReport.text(of: labels)
            let count = seen[name, default: 0] + 1
            seen[name] = count
            if count > 1 { labels.append(("repeat", String(count))) }
            runs.append((labels, result))
        }
        var text = family("halfopen_run_verdict", "stateset", "What a run showed.")
        for run in runs { text += states("halfopen_run_verdict", run.labels, run.result.judgement.verdict) }
        text += family("halfopen_run", "info", "Which recording a run left; equal runs have equal ones.")
        for run in runs {
            let labels = run.labels + [("recording_sha256", run.result.sha256 ?? "")]
            text += sample("halfopen_run_info", labels, 1)
        }
        let costs: [(String, String, (RunResult) -> Double)] = [
            ("halfopen_run_virtual_seconds", "How long a run took on the lab's clock.", \.virtualSeconds),
            ("halfopen_run_wall_seconds", "How long it took to play.", \.wallSeconds),
            ("halfopen_run_cpu_seconds", "CPU time of the host that it used.", \.hostCPUSeconds),
        ]
        for (name, help, value) in costs {
            text += family(name, "gauge", help, unit: "seconds")
            for run in runs { text += sample(name, run.labels, value(run.result)) }
        }
        return text + findings(runs) + "# EOF\n"
    }

    private typealias Labels = [(name: String, value: String)]

    private static func findings(_ runs: [(labels: Labels, result: RunResult)]) -> String {
        // A scenario may owe the same twice.
        let all = runs.flatMap { run in
            run.result.judgement.findings.enumerated().map { number, finding in
                (run.labels + [("finding", String(number + 1)), ("expectation", finding.expectation)], finding)
            }
        }
        var text = family("halfopen_finding_verdict", "stateset", "What a run showed of one expectation.")
        for (labels, finding) in all { text += states("halfopen_finding_verdict", labels, finding.verdict) }
        let figures: [(String, String, (Finding) -> Double?)] = [
            ("measured", "The value that decided, the worst of all cases", \.measured),
            ("bound", "What it was held against", \.bound),
        ]
        for (name, help, value) in figures {
            text += family("halfopen_finding_\(name)_seconds", "gauge", help + ", where it is a time.", unit: "seconds")
            for (labels, finding) in all where finding.unit == "s" {
                if let value = value(finding) { text += sample("halfopen_finding_\(name)_seconds", labels, value) }
            }
            text += family("halfopen_finding_\(name)", "gauge", help + ", where it is no time.")
            for (labels, finding) in all where finding.unit != "s" {
                if let value = value(finding) {
                    text += sample("halfopen_finding_\(name)", labels + [("of", finding.unit)], value)
                }
            }
        }
        return text
    }

    private static func family(_ name: String, _ type: String, _ help: String, unit: String? = nil) -> String {
        "# TYPE \(name) \(type)\n" + (unit.map { "# UNIT \(name) \($0)\n" } ?? "") + "# HELP \(name) \(help)\n"
    }

    private static func states(_ name: String, _ labels: Labels, _ verdict: Verdict) -> String {
        Verdict.allCases.map { sample(name, labels + [(name, $0.rawValue)], $0 == verdict ? 1 : 0) }.joined()
    }

    private static func sample(_ name: String, _ labels: Labels, _ value: Double) -> String {
        let number = value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
        return "\(name){\(text(of: labels))} \(number)\n"
    }

    private static func text(of labels: Labels) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    /// A backslash, a quotation mark and a line end have escapes; other control characters are shown by their number.
    private static func escaped(_ text: String) -> String {
        Terminal.cut(Terminal.clean(text), to: 500).reduce(into: "") { escaped, character in
            if character == "\\" || character == "\"" { escaped.append("\\") }
            escaped.append(character)
        }
    }
}
