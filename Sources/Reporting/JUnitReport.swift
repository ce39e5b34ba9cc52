import Judging

extension ReportFormat {
    static let junit = ReportFormat(
        name: "junit", summary: "JUnit XML, as GitLab, GitHub and Jenkins read it: a suite a run, a case a finding.",
        fileName: "junit.xml", suite: JUnitReport.text)
}

/// For build servers: JUnit XML, a suite for each run and a case for each finding.
///
/// A failed expectation is a `failure`; void and error are an `error`; unsupported is `skipped`. The first case of each
/// suite is the run itself, so that a run which could not be judged shows as an error however its findings look;
/// findings that passed in such a run are `skipped`, because nothing was proved.
package enum JUnitReport {
    package static func text(_ results: [RunResult]) -> String {
        let suites = results.map(Suite.init)
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"halfopen\" "
        // The schema of those who read it has no `skipped` here, only for each suite.
        xml +=
            counts(suites.flatMap(\.cases), seconds: results.reduce(0) { $0 + $1.wallSeconds }, skipped: false) + ">\n"
        for suite in suites { xml += suite.xml }
        return xml + "</testsuites>\n"
    }

    fileprivate struct Case {
        enum Outcome { case passed, failure, error, skipped }
        var name: String
        var outcome: Outcome
        var message = ""
        var details = ""
    }

    fileprivate struct Suite {
        let result: RunResult
        let cases: [Case]

        init(_ result: RunResult) {
            self.result = result
            let verdict = result.judgement.verdict
            var run = Case(name: "run", outcome: .passed)
            run.message = result.judgement.reasons.joined(separator: " ")
            run.details = result.judgement.reasons.joined(separator: "\n")
            switch verdict {
            case .pass, .fail: run = Case(name: "run", outcome: .passed)
            case .void, .error: run.outcome = .error
            case .unsupported: run.outcome = .skipped
            }
            if run.outcome != .passed, run.message.isEmpty { run.message = verdict.rawValue }
            cases = [run] + result.judgement.findings.map { JUnitReport.test($0, proves: run.outcome == .passed) }
        }

        var xml: String {
            let name = escaped(result.scenario)
            var xml = "  <testsuite name=\"\(name)\" "
            xml += JUnitReport.counts(cases, seconds: result.wallSeconds) + ">\n    <properties>\n"
            let properties = [
                ("seed", String(result.seed)), ("lab", result.lab), ("verdict", result.judgement.verdict.rawValue),
                ("recording", result.recording ?? ""), ("recording_sha256", result.sha256 ?? ""),
                ("virtual_seconds", TimeText.rounded(result.virtualSeconds, digits: 3)), ("command", result.command),
            ]
            for (key, value) in properties {
                xml += "      <property name=\"\(key)\" value=\"\(escaped(value))\"/>\n"
            }
            xml += "    </properties>\n"
            for test in cases {
                // Only the run takes time; a build server adds up its cases.
                let seconds = test.name == "run" ? result.wallSeconds : 0
                xml += "    <testcase classname=\"\(name)\" name=\"\(escaped(test.name))\" "
                xml += "time=\"\(TimeText.rounded(seconds, digits: 3))\"\(JUnitReport.body(of: test))\n"
            }
            return xml + "  </testsuite>\n"
        }
    }

    private static func test(_ finding: Finding, proves: Bool) -> Case {
        var test = Case(name: finding.expectation, outcome: .passed, message: finding.summary)
        var lines = [finding.summary]
        if finding.measured != nil { lines.append("measured \(finding.measuredText), bound \(finding.boundText)") }
        lines += finding.evidence.map { evidence in
            "\(TimeText.rounded(evidence.at, digits: 3)) s: \(evidence.text) [line \(evidence.line)]"
        }
        test.details = lines.joined(separator: "\n")
        switch finding.verdict {
        case .pass where proves: break
        case .pass:
            test.outcome = .skipped
            test.message = "held, but the run proves nothing: see its case 'run'"
        case .fail: test.outcome = .failure
        case .void, .error: test.outcome = .error
        case .unsupported: test.outcome = .skipped
        }
        return test
    }

    private static func body(of test: Case) -> String {
        let element: String
        switch test.outcome {
        case .passed: return "/>"
        case .failure: element = "failure"
        case .error: element = "error"
        case .skipped: return ">\n      <skipped message=\"\(escaped(test.message))\"/>\n    </testcase>"
        }
        let details = escaped(test.details, attribute: false)
        return ">\n      <\(element) message=\"\(escaped(test.message))\">\(details)</\(element)>\n    </testcase>"
    }

    private static func counts(_ cases: [Case], seconds: Double, skipped: Bool = true) -> String {
        let count = { (outcome: Case.Outcome) in cases.count { $0.outcome == outcome } }
        return "tests=\"\(cases.count)\" failures=\"\(count(.failure))\" errors=\"\(count(.error))\" "
            + (skipped ? "skipped=\"\(count(.skipped))\" " : "") + "time=\"\(TimeText.rounded(seconds, digits: 3))\""
    }
}

/// For text and attributes alike. Characters that XML 1.0 cannot hold in any form are left out (section 2.2 of its
/// specification); line ends and tabs in attributes are written by number, because parsers turn them into spaces.
private func escaped(_ text: String, attribute: Bool = true) -> String {
    var xml = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": xml += "&amp;"
        case "<": xml += "&lt;"
        case ">": xml += "&gt;"
        case "\"": xml += "&quot;"
        case "'": xml += "&apos;"
        case "\n" where !attribute: xml += "\n"
        case "\n", "\r", "\t": xml += "&#\(scalar.value);"
        case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: break
        default: xml.unicodeScalars.append(scalar)
        }
    }
    return xml
}
