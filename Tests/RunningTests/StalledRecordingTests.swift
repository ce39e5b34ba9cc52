import Recordings
import Testing

@testable import LabKernel
@testable import Running
@testable import Scenarios

@Suite struct StalledRecordingTests {
    private let client = Instance("client")

    private func scenario(_ programs: [String]) -> Scenario {
        let actors = programs.enumerated().map { index, program in
            ActorPlan(
                name: index == 0 ? "client" : "other", role: .client, host: "phone", run: [program], environment: [],
                folder: nil, ready: .started, count: 1, stopWithin: .zero, logLimit: 1)
        }
        return Scenario(
            name: "x", summary: "", tags: [], lab: LabPlan(hosts: [], links: [], start: 0, memory: 1), actors: actors,
            faults: [], end: .seconds(1), settle: .zero, healthyWithin: .seconds(1), expectations: [])
    }

    /// A recording that was cut in the middle of its third line.
    private var cut: [UInt8] {
        var encoder = RecordingEncoder()
        var bytes = encoder.encode(
            header: Header(scenario: "x", seed: 1, lab: "virtual", kernel: "6.12", uncertainty: 0, sources: []))
        bytes += encoder.encode(Event(Timestamp(nanoseconds: 5), .phase(.build)))
        return bytes + encoder.encode(Event(Timestamp(nanoseconds: 9), .phase(.start))).dropLast(4)
    }

    private func stall(_ pid: Int32, _ name: String) -> StallReport {
        StallReport(
            stall: .stoodStill(at: .nanoseconds(700), wall: .seconds(20)),
            spinner: StallReport.Spinner(pid: pid, name: name, share: 1), console: ["noise"])
    }

    private func closed(
        _ stall: StallReport, processes: [Int32: Instance] = [:], flooder: Instance? = nil,
        programs: [String] = ["python3", "python3"]
    ) throws -> [Event] {
        let bytes = try #require(
            StalledRecording.closed(
                cut, by: stall, processes: processes, flooder: flooder, of: scenario(programs)))
        let recording = try RecordingDecoder.decode(bytes)
        #expect(recording.damage == nil)
        #expect(recording.end?.reason == .actorFailed)
        #expect(recording.events[0] == Event(Timestamp(nanoseconds: 5), .phase(.build)))
        return Array(recording.events.dropFirst())
    }

    private func runaway(_ event: Event) -> (instance: Instance, reason: String)? {
        guard case .actor(let change) = event.body, case .runaway(let reason) = change.change else { return nil }
        return (change.instance, reason)
    }

    @Test func namesTheLeaderThatSpins() throws {
        let events = try closed(stall(24, "python3"), processes: [24: client, 22: Instance("other")])
        #expect(events.count == 2)
        #expect(events[0].time == Timestamp(nanoseconds: 700))
        let (instance, reason) = try #require(runaway(events[0]))
        #expect(instance == client)
        #expect(reason.hasPrefix("It ran without a pause: virtual time stood still"))
        #expect(!reason.contains("noise"))
    }

    @Test func namesTheOnlyOneOfThatProgram() throws {
        let events = try closed(stall(99, "python3"), programs: ["python3", "mosquitto"])
        #expect(runaway(events[0])?.instance == client)
    }

    @Test func namesNobodyWhenItCouldBeTwo() throws {
        let events = try closed(stall(99, "python3"))
        #expect(events.count == 1)
        guard case .end(let end) = events[0].body else { return #expect(Bool(false)) }
        #expect(end.message.contains("python3 (process 99 of the lab)"))
    }

    @Test func namesTheFlooderWhenTheFirstProcessReads() throws {
        let events = try closed(stall(1, "init"), flooder: client)
        let (instance, reason) = try #require(runaway(events[0]))
        #expect(instance == client)
        #expect(reason.hasPrefix("It flooded its output"))
    }

    @Test func leavesAWholeRecordingAsItIs() throws {
        var encoder = RecordingEncoder()
        var bytes = encoder.encode(
            header: Header(scenario: "x", seed: 1, lab: "virtual", kernel: "6.12", uncertainty: 0, sources: []))
        bytes += encoder.encode(Event(Timestamp(nanoseconds: 5), .end(End(.finished, events: 0))))
        #expect(
            StalledRecording.closed(bytes, by: stall(24, "x"), processes: [:], flooder: nil, of: scenario([])) == nil)
    }
}
