import Judging
import Testing

@testable import Scenarios

@Suite struct NoLeaksTests {
    private func finding(
        reconnects: Int = 8, _ level: (Int) -> (descriptors: Int, threads: Int, memory: Int, closeWait: Int)
    ) -> Finding {
        var script = Script.recorded(
            "no-leaks",
            [
                "reconnects": .count(5), "descriptors": .count(2), "threads": .count(2), "sockets": .count(2),
                "memory": .size(4 << 20),
            ])
        for number in 0...reconnects {
            let start = 10 + 60 * Double(number)
            script.connection(40001 + number, from: start, to: start + 50)
            let (descriptors, threads, memory, closeWait) = level(number)
            script.sample(
                start + 2, descriptors: descriptors, threads: threads, memory: memory, closeWait: closeWait)
        }
        return script.finding
    }

    @Test func `levels that stay`() {
        let found = finding { _ in (10, 2, 20, 0) }
        #expect(found.verdict == .pass)
        #expect(found.measured == 0)
    }

    @Test func `one more each time, of each kind`() {
        let leaks: [(String, (Int) -> (descriptors: Int, threads: Int, memory: Int, closeWait: Int))] = [
            ("descriptors", { (10 + $0, 2, 20, 0) }), ("threads", { (10, 2 + $0, 20, 0) }),
            ("memory", { (10, 2, 20 + $0, 0) }), ("sockets half closed", { (10, 2, 20, $0) }),
        ]
        for (name, level) in leaks {
            let found = finding(level)
            #expect(found.verdict == .fail)
            #expect(found.summary.contains("its \(name) grew by 8 "), "\(found.summary)")
            #expect(found.measured == 8)
        }
    }

    @Test func `single outliers are no leak`() {
        #expect(finding { ($0 == 7 ? 30 : 10, 2, $0 == 0 ? 10 : 20, 0) }.verdict == .pass)
    }

    @Test func `too few reconnects are void`() {
        #expect(finding(reconnects: 4) { (10 + $0, 2, 20, 0) }.verdict == .void)
        #expect(finding(reconnects: 5) { (10 + $0, 2, 20, 0) }.verdict == .fail)
    }

    @Test func `what was not recorded is not judged`() {
        var script = Script.recorded("no-leaks")
        script.records = [.connections]
        #expect(script.finding.verdict == .void)
        #expect(script.finding.summary.contains("resources"))
    }
}
