import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct AffinityTests {
    private let other = Endpoint(address: "10.77.2.1", port: 1884)

    private func finding(_ server: String, after: String? = nil, _ tell: (inout Script) -> Void) -> Finding {
        var parameters: [String: Value] = ["server": .text(server)]
        parameters["after"] = after.map { .text($0) }
        var script = Script.recorded("affinity", parameters, faults: [.blackhole(100, 200)])
        script.strike(0, "blackhole", from: 100, to: 200)
        script.connection(40001, from: 10, to: 120)
        tell(&script)
        return script.finding
    }

    @Test(arguments: [("kept", Verdict.pass, Verdict.fail), ("released", .fail, .pass)])
    func `to the same server, or to another`(owed: String, same: Verdict, another: Verdict) {
        #expect(finding(owed) { $0.connection(40002, from: 210) }.verdict == same)
        #expect(finding(owed) { $0.connection(40002, from: 210, server: other) }.verdict == another)
    }

    @Test func `only the first after the fault counts`() {
        let found = finding("kept", after: "blackhole") {
            $0.connection(40002, from: 210, to: 400)
            $0.connection(40003, from: 500, server: other)
        }
        #expect(found.verdict == .pass)
        let all = finding("kept") {
            $0.connection(40002, from: 210, to: 400)
            $0.connection(40003, from: 500, server: other)
        }
        #expect(all.verdict == .fail)
        #expect(all.measured == 1)
    }

    @Test func `who did not come back is not judged`() {
        #expect(finding("kept") { _ in }.verdict == .void)
        #expect(finding("kept", after: "blackhole") { _ in }.verdict == .void)
    }
}
