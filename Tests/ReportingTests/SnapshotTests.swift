import Foundation
import Reporting
import Testing

/// Every format as users get it. `HALFOPEN_UPDATE_SNAPSHOTS=1 swift test --filter ReportingTests` writes the files
/// anew: look at the difference before committing it.
@Suite struct Snapshots {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")

    @Test(arguments: [
        ("report.txt", TextReport.text(SampleResults.all, color: false)),
        ("report-color.txt", TextReport.text([SampleResults.pass, SampleResults.fail], color: true)),
        ("clients.txt", ClientTable.text(SampleResults.all, color: false)),
        ("clients-color.txt", ClientTable.text([SampleResults.pass, SampleResults.fail], color: true)),
        ("report.json", JSONReport.object(SampleResults.all).pretty() + "\n"),
        ("junit.xml", JUnitReport.text(SampleResults.all)),
        ("markdown.txt", MarkdownReport.text(SampleResults.all)),
        ("metrics.txt", OpenMetricsReport.text(SampleResults.all)),
        ("report.otlp.jsonl", OTLPReport.text(SampleRun.material)),
        ("history-list.txt", HistoryReport.list(HistoryReportTests.runs, color: false)),
        ("history-show.txt", HistoryReportTests.shown),
        ("history-trend.txt", HistoryReport.trend(Trend(HistoryReportTests.runs, by: .build), color: false)),
        (
            "history-trend.json",
            HistoryReport.trend(Trend(HistoryReportTests.runs, by: .branch, metric: "recovery:")).pretty() + "\n"
        ),
    ])
    func looksAsBefore(name: String, text: String) throws {
        let file = Self.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["HALFOPEN_UPDATE_SNAPSHOTS"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
}
