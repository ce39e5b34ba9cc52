import Judging
import Recordings

extension ReportFormat {
    static let text = ReportFormat(
        name: "text", summary: "Plain text for terminals and logs: verdicts, figures, and what is behind each failure.",
        fileName: "report.txt", suite: { TextReport.text($0, color: false) })
}

/// For people at a terminal: each run with its verdict, what was measured against what, and for all that did not pass
/// the evidence and the command that plays it again.
package enum TextReport {
    private static let indent = "      "
    /// Columns of the findings: figures stand to the right of the expectation, which takes what is left.
    private static let figureWidth = 14
    private static let verdictWidth = 11

    /// The whole report: every run, then the counts.
    package static func text(_ results: [RunResult], color: Bool) -> String {
        results.map { run($0, color: color) + "\n" }.joined() + summary(results, color: color)
    }

    /// One run, to be shown as soon as it is judged.
    package static func run(_ result: RunResult, color: Bool) -> String {
        let judgement = result.judgement
        let word = Terminal.padded(judgement.verdict.rawValue.uppercased(), to: indent.count - 1)
        var text = Terminal.styled(word, judgement.verdict.style, color: color) + " "
        text += Terminal.styled(Terminal.clean(result.scenario), .bold, color: color)
        text += Terminal.styled("  seed \(result.seed), \(Terminal.clean(result.lab)) lab", .faint, color: color) + "\n"
        text += Terminal.paragraph(result.summary, indent: indent)
        // What a finding says is told with it.
        let told = Set(judgement.findings.map(\.summary))
        for reason in judgement.reasons where !told.contains(reason) {
            text += Terminal.paragraph(reason, indent: indent + "why: ")
        }
        for note in result.notes { text += Terminal.paragraph(note, indent: indent + "note: ") }
        text += table(judgement.findings, color: color)
        for finding in judgement.findings where finding.verdict != .pass && !isRepeated(finding, judgement) {
            text += details(finding, color: color)
        }
        return text + costs(result, color: color)
    }

    /// When nothing at all was judged, every finding says the same, and the run has said why.
    private static func isRepeated(_ finding: Finding, _ judgement: Judgement) -> Bool {
        finding.evidence.isEmpty && !judgement.reasons.isEmpty && finding.verdict == .void
            && judgement.findings.allSatisfy { $0.summary == finding.summary }
    }

    private static func table(_ findings: [Finding], color: Bool) -> String {
        guard !findings.isEmpty else { return "" }
        let width = Terminal.width - indent.count - 2 * figureWidth - verdictWidth
        let head =
            indent + Terminal.padded("expectation", to: width)
            + Terminal.padded("measured", to: figureWidth, left: false)
            + Terminal.padded("bound", to: figureWidth, left: false) + "  verdict"
        var text = Terminal.styled(head, .faint, color: color) + "\n"
        for finding in findings {
            let name = Terminal.cut(Terminal.clean(finding.expectation), to: width - 1)
            text += indent + Terminal.padded(name, to: width)
            text += Terminal.padded(Terminal.clean(finding.measuredText), to: figureWidth, left: false)
            text += Terminal.padded(Terminal.clean(finding.boundText), to: figureWidth, left: false)
            text += "  " + Terminal.styled(finding.verdict.rawValue, finding.verdict.style, color: color) + "\n"
        }
        return text
    }

    private static func details(_ finding: Finding, color: Bool) -> String {
        let name = Terminal.cut(Terminal.clean(finding.expectation), to: Terminal.width - 20)
        let title = "\(finding.verdict.rawValue): \(name)"
        var text = "\n" + indent + Terminal.styled(title, finding.verdict.style, color: color) + "\n"
        text += Terminal.paragraph(finding.summary, indent: indent + "  ")
        for evidence in finding.evidence {
            let at = Terminal.padded(time(evidence.at), to: 11, left: false)
            text += Terminal.paragraph("\(evidence.text)  [line \(evidence.line)]", indent: "\(indent)  \(at)  ")
        }
        return text
    }

    private static func time(_ seconds: Double) -> String {
        seconds.magnitude < 9e9 ? Duration.seconds(seconds).timelineText : TimeText.rounded(seconds, digits: 3) + "s"
    }

    private static func costs(_ result: RunResult, color: Bool) -> String {
        var text = ""
        if result.judgement.verdict != .pass {
            if let recording = result.recording { text += "\n\(indent)recording: \(Terminal.clean(recording))\n" }
            text += "\(indent)again:     \(Terminal.clean(result.command))\n"
        }
        let line =
            "\(time(result.virtualSeconds)) played in \(TimeText.rounded(result.wallSeconds, digits: 2)) s, "
            + "\(TimeText.rounded(result.hostCPUSeconds, digits: 2)) s of CPU"
        return text + indent + Terminal.styled(line, .faint, color: color) + "\n"
    }

    /// `8 runs: 5 pass, 2 fail, 1 void` and what they took.
    package static func summary(_ results: [RunResult], color: Bool) -> String {
        let counts = Verdict.allCases.compactMap { verdict -> String? in
            let count = results.count { $0.judgement.verdict == verdict }
            return count == 0 ? nil : Terminal.styled("\(count) \(verdict.rawValue)", verdict.style, color: color)
        }
        let runs = "\(results.count) \(results.count == 1 ? "run" : "runs")"
        guard !counts.isEmpty else { return "\(runs)\n" }
        let played = time(results.reduce(0) { $0 + $1.virtualSeconds })
        let work = TimeText.rounded(results.reduce(0) { $0 + $1.wallSeconds }, digits: 1)
        return "\(runs): \(counts.joined(separator: ", ")); \(played) played in \(work) s of runs\n"
    }
}
