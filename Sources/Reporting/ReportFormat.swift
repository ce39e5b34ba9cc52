/// One way to write down what runs showed. The command line, its help, `halfopen list formats` and the table in
/// docs/report-format.md all read these definitions; to add one, write its file and name it in `all`.
///
/// Every format is a pure function: the same recordings and findings give the same bytes.
package struct ReportFormat: Sendable {
    /// As it is asked for: `--format junit`.
    package var name: String
    /// What it is and who reads it, in a sentence.
    package var summary: String
    /// What it is called where nobody names a file: `junit.xml`.
    package var fileName: String
    /// One document about all runs, from their verdicts alone; nil when it is about one run.
    package var suite: (@Sendable ([RunResult]) -> String)?
    /// How standard output ends with it, where that differs: one line.
    package var lastLine: (@Sendable ([RunResult]) -> String)?
    /// One document about one run, from its recording too; nil when it is about verdicts alone.
    package var run: (@Sendable (RunMaterial) throws(NoReport) -> [UInt8])?
    /// Documents of several runs, one after the other, are one of all: a format of lines.
    package var isJoined = false
    /// What of a run's folder it needs beside the recording.
    package var parts: Set<RunMaterial.Part> = []

    /// Every format, in the order in which they are listed.
    package static let all: [ReportFormat] = [
        text, json, junit, markdown, openmetrics, otlp, pcapng, html, baseline,
    ]

    package static func named(_ name: String) -> ReportFormat? { all.first { $0.name == name } }

    /// Those that can end standard output as soon as all runs are judged.
    package static var ofVerdicts: [ReportFormat] { all.filter { $0.suite != nil && $0.run == nil } }

    /// `suite`, `run`, or `run, suite`.
    package var takes: String {
        [run == nil ? nil : "run", suite == nil && !isJoined ? nil : "suite"].compactMap { $0 }.joined(separator: ", ")
    }

    /// The name of its file without what follows the last dot, and that.
    package var stem: String { String(fileName.prefix { $0 != "." }) }
    package var fileExtension: String { String(fileName.drop { $0 != "." }.dropFirst()) }
}

/// A report that cannot be made of this run; the message says why and what to do.
package struct NoReport: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
