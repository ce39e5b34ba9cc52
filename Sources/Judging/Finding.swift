/// Five-valued: a check that had nothing to judge is not a pass.
package enum Verdict: String, CaseIterable, Sendable {
    case pass, fail
    /// A fault or a precondition did not hold: nothing can be said about the client.
    case void
    /// This machine, or the driver, lacks something.
    case unsupported
    /// Our own error.
    case error
}

/// What one expectation found.
///
/// Of the cases of twenty thousand sessions one is told: the words are made when somebody reads them.
package struct Finding: Equatable, Sendable {
    /// The expectation as the scenario has it, `recovery: subscriber, after: blackhole, within: 30s`.
    package var expectation: String
    package var verdict: Verdict
    /// The value that decided (the worst), in `unit`; nil when nothing could be measured.
    package var measured: Double?
    package var bound: Double?
    package var unit: String
    private var story: Story

    /// Unchecked, because what it is made from is a judge's own: `Judge` tells every finding before it lets go of it.
    private enum Story: @unchecked Sendable {
        case told(String, [Evidence])
        case untold(() -> String, () -> [Evidence])
    }

    package init(
        expectation: String, verdict: Verdict, measured: Double? = nil, bound: Double? = nil, unit: String = "",
        summary: @autoclosure @escaping () -> String,
        evidence: @autoclosure @escaping () -> [Evidence] = []
    ) {
        self.expectation = expectation
        self.verdict = verdict
        self.measured = measured
        self.bound = bound
        self.unit = unit
        story = .untold(summary, evidence)
    }

    /// What was owed and what happened, as a good engineer would note it.
    package var summary: String {
        get {
            switch story {
            case .told(let summary, _): summary
            case .untold(let summary, _): summary()
            }
        }
        set { story = .told(newValue, evidence) }
    }

    /// When and how we know: lines with times, oldest first.
    package var evidence: [Evidence] {
        get {
            switch story {
            case .told(_, let evidence): evidence
            case .untold(_, let evidence): evidence()
            }
        }
        set { story = .told(summary, newValue) }
    }

    /// The same with its words made, holding nothing of what they were made from.
    var told: Finding {
        var finding = self
        finding.story = .told(summary, evidence)
        return finding
    }

    package static func == (a: Finding, b: Finding) -> Bool {
        (a.expectation, a.verdict, a.measured, a.bound) == (b.expectation, b.verdict, b.measured, b.bound)
            && (a.unit, a.summary, a.evidence) == (b.unit, b.summary, b.evidence)
    }
}

/// One fact that a finding rests on.
package struct Evidence: Equatable, Sendable {
    /// On the timeline: seconds from `play`; negative before it.
    package var at: Double
    package var text: String
    /// Line of the recording (the header is line 1).
    package var line: Int

    package init(at: Double, text: String, line: Int) {
        self.at = at
        self.text = text
        self.line = line
    }
}

/// The verdict over a recording.
package struct Judgement: Equatable, Sendable {
    package var verdict: Verdict
    /// Why, when it is void, unsupported or error.
    package var reasons: [String]
    package var findings: [Finding]

    package init(verdict: Verdict, reasons: [String] = [], findings: [Finding]) {
        self.verdict = verdict
        self.reasons = reasons
        self.findings = findings
    }
}
