import Foundation
import JSONLines
import Judging
import Reporting
import Testing

/// What a history tells over time, and how it is shown.
@Suite struct HistoryReportTests {
    private static let day: Int64 = 86400

    /// Three builds, a day each: the second is slower, the third breaks.
    static let runs: [StoredRun] = {
        var runs: [StoredRun] = []
        let builds: [(String, [Double], Verdict)] = [
            ("reference 1", [5, 6, 7], .pass), ("reference 2", [6, 9, 9], .pass), ("reference 3", [70, 80, 90], .fail),
        ]
        for (place, build) in builds.enumerated() {
            for (seed, measured) in build.1.enumerated() {
                var result = SampleResults.result(
                    "outage", tags: [], verdict: build.2,
                    findings: [
                        Finding(
                            expectation: "recovery: client", verdict: build.2, measured: measured, bound: 30, unit: "s",
                            summary: "It came back after \(measured) s.")
                    ], seed: UInt64(seed + 1), figures: [ShownFigure(name: "recovery of client", seconds: measured)])
                result.build = ClientBuild(libraries: [build.0], choices: place == 2 ? ["cap=\u{1B}[2J"] : [])
                let origin = Origin(branch: place == 0 ? "main" : "topic/\(place)", commit: "abcd1234abcd1234abcd")
                let moment = 1_795_000_000 + Int64(place) * day
                runs.append(StoredRun(id: Int64(runs.count + 1), storedAt: moment, origin: origin, result: result))
            }
        }
        let void = SampleResults.result("outage", tags: [], lab: "host", verdict: .void, findings: [], seed: 9)
        return runs + [StoredRun(id: 10, storedAt: 1_795_300_000, origin: Origin(), result: void)]
    }()

    /// One that passed and one that failed.
    static let shown = [runs[0], runs[7]].map { HistoryReport.show($0, color: false) }.joined(separator: "\n")

    @Test func `a trend goes from build to build`() throws {
        let trend = Trend(Self.runs, by: .build)
        #expect(trend.courses.map(\.lab) == ["host", "virtual"])
        let course = try #require(trend.courses.last)
        #expect(course.groups.map(\.runs) == [3, 3, 3])
        #expect(course.groups.map { $0.verdicts[.fail] } == [nil, nil, 3])
        #expect(course.metrics.map(\.name) == ["recovery: client", "recovery of client"])
        let points = try #require(course.metrics.first?.points)
        #expect(points.map(\.median) == [6, 9, 80])
        #expect(points.map(\.lowest) == [5, 6, 70] && points.map(\.highest) == [7, 9, 90])
        #expect(points.map(\.change) == [nil, 0.5, 71.0 / 9])
        // A run that proves nothing measures nothing.
        #expect(trend.courses.first?.metrics.isEmpty == true)
        #expect(trend.courses.first?.groups.map(\.name) == ["(untold)"])
    }

    @Test func `a trend goes by branch, commit and day, and by one metric`() {
        func names(_ by: Trend.Grouping) -> [String]? { Trend(Self.runs, by: by).courses.last?.groups.map(\.name) }
        #expect(names(.branch) == ["main", "topic/1", "topic/2"])
        #expect(names(.commit) == ["abcd1234abcd"])
        #expect(names(.day) == ["2026-11-18", "2026-11-19", "2026-11-20"])
        let one = Trend(Self.runs, by: .day, metric: "recovery of").courses.last?.metrics
        #expect(one?.map(\.name) == ["recovery of client"])
    }

    @Test func `texts of strangers steer no terminal`() {
        for text in [
            HistoryReport.list(Self.runs, color: false), HistoryReport.show(Self.runs[8], color: false),
            HistoryReport.trend(Trend(Self.runs, by: .build), color: false),
        ] {
            #expect(!text.contains("\u{1B}"))
            #expect(text.contains("\\u{1b}"))
        }
    }

    /// Against Foundation's calendar, leap years and centuries among them.
    @Test func `dates are those of the calendar`() throws {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [
            .withFullDate, .withTime, .withColonSeparatorInTime, .withDashSeparatorInDate, .withSpaceBetweenDateAndTime,
            .withTimeZone,
        ]
        for place in -200..<600 {
            let seconds = Int64(place) * 86400 * 47 + Int64(place * place) + 951_782_399
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(UTCDate.text(seconds) == expected)
        }
        #expect(UTCDate.text(-1) == "1969-12-31 23:59:59Z")
    }
}
