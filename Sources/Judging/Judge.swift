import Recordings
import Scenarios

/// From a recording to a verdict. A pure function: the same file gives the same judgement, years later.
///
/// What decides, the first that holds:
/// 1. error: the recording is damaged, cut off or ends with our own error, or a fault could not be made
/// 2. unsupported: the machine or a driver lacks something
/// 3. fail: a client crashed or ran away (see `Conduct`)
/// 4. void: the run does not support a verdict on anybody (not healthy, a fault without hits, events lost)
/// 5. fail: an expectation failed
/// 6. void: an expectation found nothing to judge
/// 7. pass
///
/// A fault without hits comes before a failed expectation: in such a run something other than the scenario's faults
/// made the client fail, or nothing was as planned, and whoever reads "fail" would look for the wrong thing.
package enum Judge {
    package static func judge(
        _ recording: Recording, of scenario: Scenario, catalog: Catalog, workers: Workers = .none
    ) -> Judgement {
        judge(RunView(recording, scenario: scenario, catalog: catalog, workers: workers))
    }

    /// The same of a view that is there already.
    package static func judge(_ run: RunView) -> Judgement {
        withExtendedLifetime(run) { judge(run, run.scenario) }
    }

    private static func judge(_ run: RunView, _ scenario: Scenario) -> Judgement {
        if let (verdict, reasons) = Preconditions.unplayed(run) {
            let conduct = verdict == .void ? Conduct.findings(run) : []
            if conduct.isEmpty { return Judgement(verdict: verdict, reasons: reasons, findings: notJudged(scenario)) }
            return Judgement(verdict: .fail, reasons: [], findings: notJudged(scenario) + conduct)
        }
        let failures = Preconditions.failedFaults(run)
        let voids = Preconditions.voids(run)
        let findings = scenario.expectations.map { finding($0, run) }

        if !failures.isEmpty { return Judgement(verdict: .error, reasons: failures + voids, findings: findings) }
        let conduct = Conduct.findings(run)
        if !conduct.isEmpty {
            let all = findings + Conduct.untold(conduct, beside: findings)
            return Judgement(verdict: .fail, reasons: voids, findings: all)
        }
        if !voids.isEmpty { return Judgement(verdict: .void, reasons: voids, findings: findings) }
        let reasons = findings.filter { $0.verdict == .void || $0.verdict == .error }.map(\.summary)
        return Judgement(verdict: verdict(findings.map(\.verdict)), reasons: reasons, findings: findings)
    }

    private static func verdict(_ verdicts: [Verdict]) -> Verdict {
        let precedence: [Verdict] = [.error, .unsupported, .fail, .void]
        return precedence.first { verdicts.contains($0) } ?? .pass
    }

    private static func finding(_ plan: ExpectationPlan, _ run: RunView) -> Finding {
        guard let expectation = Expectations.make(plan) else {
            return Finding(
                expectation: plan.text, verdict: .error,
                summary: "This version does not know the expectation '\(plan.kind)': judge with the one that does.")
        }
        return expectation.judge(run).told
    }

    private static func notJudged(_ scenario: Scenario) -> [Finding] {
        scenario.expectations.map { $0.void("Not judged: the run did not come to an end that can be judged.") }
    }
}
