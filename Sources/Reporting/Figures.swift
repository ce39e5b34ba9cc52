import Judging
import Recordings

extension Finding {
    /// `6.02 s`, `3 messages`; empty when nothing was measured.
    package var measuredText: String { Finding.figure(measured, unit) }
    package var boundText: String { Finding.figure(bound, unit) }

    private static func figure(_ value: Double?, _ unit: String) -> String {
        guard let value else { return "" }
        // A duration beyond 292 years is no figure of a run; it would trap.
        if unit == "s", value.magnitude < 9e9 { return Duration.seconds(value).lengthText }
        return TimeText.rounded(value, digits: 2) + (unit.isEmpty ? "" : " " + unit)
    }
}

extension RunResult {
    /// The finding that says most about the run in one figure: of those with the run's verdict the first with a figure,
    /// times before counts.
    var keyFinding: Finding? {
        let decisive = judgement.findings.filter { $0.verdict == judgement.verdict && $0.measured != nil }
        return decisive.first { $0.unit == "s" && $0.expectation.hasPrefix("recovery") }
            ?? decisive.first { $0.unit == "s" } ?? decisive.first
    }
}
