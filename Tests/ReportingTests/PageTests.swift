import Foundation
import JSONLines
import Judging
import Recordings
import Reporting
import Testing

/// Pages opened in a browser that people use; scripts/setup installs it.
@Suite(.serialized) struct Pages {
    private static func open(_ html: String) throws -> [String: Any] {
        let file = FileManager.default.temporaryDirectory.appending(path: "halfopen-page-\(UUID().uuidString).html")
        try html.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Checks/page.py").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [script]
        // Only to look at what tests see.
        if let folder = ProcessInfo.processInfo.environment["HALFOPEN_PICTURES"] {
            process.arguments?.append(contentsOf: ["--pictures", folder])
        }
        process.arguments?.append(file.path)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func `a run's page works, and its findings move the timeline`() throws {
        var run = SampleRun.material
        run.logs = [RunMaterial.ActorLog(name: "subscriber", head: Array("hello\nworld\n".utf8))]
        let found = try Self.open(RunPage.html(run))
        #expect(found["ready"] as? String == "yes")
        #expect((found["console"] as? [String])?.isEmpty == true, "\(found["console"] ?? "")")
        #expect((found["requests"] as? [String])?.isEmpty == true, "\(found["requests"] ?? "")")
        let lanes = try #require(found["lanes"] as? [String])
        for owed in [
            "faults, 1 of the timeline: blackhole at 20s on phone-home: 9 hits",
            "subscriber, state: connecting from -0.7s; connected from -0.5s; disconnected from 25s; connected from 31",
            "subscriber, connections: 2 connections, 0 attempts without one.",
            "subscriber, attempts, errors: 4 attempts, 1 errors.", "subscriber, circuit breaker: closed",
            "subscriber, received ticks: 60 messages received, 1 gaps, 1 more than once.",
            "ticker, sent ticks: 60 messages sent, 0 gaps, 0 more than once.",
        ] {
            #expect(lanes.contains { $0.hasPrefix(owed) }, "\(owed) is not in \(lanes)")
        }
        #expect((found["drawn"] as? [Bool])?.allSatisfy { $0 } == true, "\(found["drawn"] ?? "")")
        #expect(found["findings"] as? [String] == ["fail"])
        // The whole run, then the evidence with a margin around it.
        #expect(found["window"] as? [Int] == [-2_000_000, 61_500_000])
        let clicked = try #require(found["clicked"] as? [String: Any])
        #expect(clicked["window"] as? [Int] == [19_740_000, 32_760_000], "\(clicked)")
        #expect(clicked["focus"] as? String == "timeline")
        #expect(clicked["told"] as? String == "19.74s to 32.76s", "\(clicked)")
        let keys = try #require(found["keys"] as? [[Int]])
        #expect(keys[0] == [-2_000_000, 61_500_000] && keys[4] == keys[0])
        #expect(keys[1][1] - keys[1][0] == 31_750_000 && keys[2][0] > keys[1][0], "\(keys)")
        #expect((found["tip"] as? String)?.contains("s") == true)
        let texts = try #require(found["texts"] as? String)
        #expect(texts.contains("halfopen run scenarios/demo/sample.yaml --seed 7"))
        #expect(texts.contains("Recovery, stage by stage"))
        #expect(
            texts.contains("subscriber to broker: 2 connections")
                || texts.contains("subscriber to cloud: 2 connections"))
    }

    @Test func `what strangers wrote stays text`() throws {
        let attack = "</script><script>window.stolen=1</script><img src=x onerror='window.stolen=2'>"
        let evil = "\(attack)\u{1B}[2J\u{0}\u{202E}\u{2028}\\\"'&lt;<!--" + String(repeating: "A", count: 1 << 20)
        var run = SampleRun.material(text: evil)
        run.result.scenario = attack
        run.result.summary = evil
        run.result.command = attack
        run.result.notes = [evil]
        run.logs = [
            RunMaterial.ActorLog(name: attack, head: Array(evil.utf8) + [0xFF, 0xFE, 0x0A] + Array(attack.utf8))
        ]
        let html = RunPage.html(run)
        #expect(html.utf8.count < 200_000)
        #expect(!html.contains("\u{202E}") && !html.contains("\u{1B}"))
        let found = try Self.open(html)
        #expect(found["stolen"] is NSNull, "\(found["stolen"] ?? "")")
        #expect(found["strangers"] as? Int == 0)
        #expect(found["scripts"] as? Int == 2)
        #expect((found["console"] as? [String])?.isEmpty == true, "\(found["console"] ?? "")")
        #expect((found["requests"] as? [String])?.isEmpty == true)
        #expect(found["title"] as? String == "FAIL \(attack), seed 7")
        #expect((found["texts"] as? String)?.contains(attack) == true)
    }

    @Test func `a suite's page leads from the matrix to the runs`() throws {
        var runs = SampleResults.all
        runs[1].page = "report-runs/mqtt-paho-blackhole-seed-7.html"
        runs[5].page = "report-runs/\" onclick=\"x.html"
        let html = SuitePage.html(runs)
        let found = try Self.open(html)
        #expect((found["console"] as? [String])?.isEmpty == true, "\(found["console"] ?? "")")
        #expect((found["requests"] as? [String])?.isEmpty == true)
        #expect(found["strangers"] as? Int == 0)
        #expect(html.contains("<a href=\"report-runs/mqtt-paho-blackhole-seed-7.html\">"))
        #expect(html.contains("<a href=\"report-runs/%22%20onclick%3D%22x.html\">"))
        // Every cell leads somewhere.
        let links = html.matches(of: /href="#([a-z0-9-]+)"/).map { String($0.1) }
        #expect(links.count == 6)
        for link in links { #expect(html.contains("id=\"\(link)\"")) }
    }
}

@Suite struct LargePages {
    /// `make bench` takes the time of a million.
    @Test func `many events of many sessions become a page of a few megabytes, which says what it summed up`() {
        let sessions = 2000
        var told: [(Double, Event.Body)] = []
        told.reserveCapacity(200_000)
        for number in 0..<200_000 - 3 * sessions {
            let session = "s\(number % sessions)"
            told.append(
                (
                    Double(number) / 4000,
                    .driver(
                        DriverReport(
                            SampleRun.client, .received, session: session, stream: "ticks",
                            sequence: Int64(number / sessions)))
                ))
        }
        for session in 0..<sessions {
            for (at, kind) in [(1.0, DriverReport.Kind.attempt), (2, .connected), (20, .attempt)] {
                told.append(
                    (at + Double(session) / 1000, .driver(DriverReport(SampleRun.client, kind, session: "s\(session)")))
                )
            }
        }
        let run = SampleRun.material(text: "lost", extra: told)
        let html = RunPage.html(run)
        #expect(html.utf8.count < 5_000_000)
        #expect(html.contains("subscriber has 2001 sessions: ") || html.contains("subscriber has 2000 sessions: "))
    }
}
