import Recordings
import Scenarios

/// Something a scenario owes its user, as a pure function of a recording. One kind, one file.
///
/// To add one: a struct that conforms to this, a line in `Expectations.all`, and tests on synthetic recordings for
/// pass, fail and void. An expectation that finds nothing to judge answers void, never pass.
package protocol Expectation: Sendable {
    static var definition: ExpectationDefinition { get }
    /// - Parameter plan: checked against `definition`: required parameters are there and have their type.
    init(_ plan: ExpectationPlan)
    func judge(_ run: RunView) -> Finding
}

/// The expectations of this build.
package enum Expectations {
    /// Every kind there is.
    package static let all: [any Expectation.Type] = [
        Recovery.self, NoGaps.self, NoDuplicates.self, Connects.self,
        AttemptSpacing.self, Backoff.self, HonoursRetryAfter.self, NoAttemptAfterRefusal.self, ResolvesAgain.self,
        RetryBudget.self, TriesAddresses.self,
        Breaker.self, Availability.self, States.self, Detection.self, Heartbeat.self,
        Assert.self, CatchUp.self, Delivery.self, Latency.self, NoLossAtCut.self, Order.self, Resume.self, Storm.self,
        AcceptQueue.self, Amplification.self, CriticalFirst.self, DrainObeyed.self, Quality.self, Served.self,
        TLS.self, CertificateChecked.self, NoPlainText.self, Destinations.self,
        ConnectionsOpen.self, Reuse.self, NoLeaks.self, NoZombies.self, IdleRetired.self, Affinity.self,
        GracefulClose.self, NoBusyLoop.self, Memory.self, Queue.self,
    ]

    /// What scenarios may expect, for the catalogue.
    package static var definitions: [ExpectationDefinition] { all.map { $0.definition } }

    /// What a run of this scenario records, for its expectations to have what they need.
    package static func records(for scenario: Scenario) -> [Header.Record] {
        let kinds = Set(scenario.expectations.map(\.kind))
        let needs = Set(definitions.filter { kinds.contains($0.name) }.flatMap(\.needs).map(\.rawValue))
        return Header.Record.allCases.filter { $0 == .connections || needs.contains($0.rawValue) }
    }

    /// The expectation that a plan asks for; nil when this program knows no such kind.
    package static func make(_ plan: ExpectationPlan) -> (any Expectation)? {
        all.first { $0.definition.name == plan.kind }?.init(plan)
    }
}

// Values of a plan that the checker has already checked against the definition.
extension ExpectationPlan {
    func duration(_ name: String) -> Duration? { parameters[name]?.duration }
    func text(_ name: String) -> String? { parameters[name]?.text }
    func count(_ name: String) -> Int? { parameters[name]?.count.map { Int($0) } }
    func fraction(_ name: String) -> Double? { parameters[name]?.fraction }
    func texts(_ name: String) -> [String]? { parameters[name]?.texts }
    func flag(_ name: String) -> Bool? { if case .flag(let value) = parameters[name] { value } else { nil } }
    func number(_ name: String) -> Double? { if case .number(let value) = parameters[name] { value } else { nil } }
    func durations(_ name: String) -> [Value.NamedDuration] { parameters[name]?.durations ?? [] }

    /// The subject's actor; for a flow, who receives.
    var actor: String {
        switch subject {
        case .actor(let name): name
        case .flow(_, let receiver): receiver
        case .assertion(let assertion): assertion.actors.first?.text ?? ""
        }
    }
}

extension ExpectationPlan {
    func pass(
        _ summary: @autoclosure @escaping () -> String, measured: Double?, bound: Double?, unit: String,
        _ evidence: @autoclosure @escaping () -> [Evidence]
    ) -> Finding {
        Finding(
            expectation: text, verdict: .pass, measured: measured, bound: bound, unit: unit, summary: summary(),
            evidence: evidence())
    }

    func fail(
        _ summary: @autoclosure @escaping () -> String, measured: Double?, bound: Double?, unit: String,
        _ evidence: @autoclosure @escaping () -> [Evidence]
    ) -> Finding {
        Finding(
            expectation: text, verdict: .fail, measured: measured, bound: bound, unit: unit, summary: summary(),
            evidence: evidence())
    }

    func void(
        _ summary: @autoclosure @escaping () -> String,
        _ evidence: @autoclosure @escaping () -> [Evidence] = []
    ) -> Finding {
        Finding(expectation: text, verdict: .void, summary: summary(), evidence: evidence())
    }
}
