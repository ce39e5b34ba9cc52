import Recordings
import Testing

@testable import Running
@testable import Scenarios

@Suite struct HealthTests {
    /// A client on `phone` (10.77.1.1); with or without a flow that must reach it.
    private func scenario(flow: Bool) -> Scenario {
        let client = ActorPlan(
            name: "subscriber", role: .client, host: "phone", run: ["x"], environment: [], folder: nil, ready: .started,
            count: 1, stopWithin: .seconds(5), logLimit: 1)
        let expectation = ExpectationPlan(
            index: 0, kind: "no-gaps", subject: .flow(from: "ticker", to: "subscriber"), parameters: [:], position: "",
            text: "")
        return Scenario(
            name: "x", summary: "", tags: [],
            lab: LabPlan(
                hosts: [HostPlan(name: "phone", nat: nil, addresses: ["10.77.1.1"])], links: [], start: 0, memory: 1),
            actors: [client], faults: [], end: .seconds(1), settle: .zero, healthyWithin: .seconds(1),
            expectations: flow ? [expectation] : [])
    }

    private func report(_ kind: DriverReport.Kind) -> Event {
        Event(Timestamp(nanoseconds: 0), .driver(DriverReport(Instance("subscriber"), kind)))
    }

    @Test func connectedIsHealthyWhenNoMessageIsExpected() {
        var health = Health(scenario(flow: false))
        #expect(!health.isHealthy)
        health.saw(report(.hello))
        #expect(!health.isHealthy)
        #expect(health.complaint?.contains("never said that it is connected") == true)
        health.saw(report(.connected))
        #expect(health.isHealthy)
        #expect(health.complaint == nil)
    }

    @Test func aFlowDemandsAMessage() {
        var health = Health(scenario(flow: true))
        health.saw(report(.connected))
        #expect(!health.isHealthy)
        #expect(health.complaint?.contains("has received no message") == true)
        health.saw(report(.received))
        #expect(health.isHealthy)
    }

    @Test func withoutADriverTheWireDecides() {
        var health = Health(scenario(flow: true))
        let server = Endpoint(address: "10.77.1.6", port: 80)
        func answer(_ address: String) -> Event {
            let change = WireChange(
                link: "l", .firstResponse, from: server, to: Endpoint(address: address, port: 5000))
            return Event(Timestamp(nanoseconds: 0), .wire(change))
        }
        health.saw(answer("10.77.9.9"))
        #expect(!health.isHealthy)
        health.saw(answer("10.77.1.1"))
        #expect(health.isHealthy)
    }
}
