import Kernel
import Reporting
import Running
import Scenarios

extension Command {
    static let report = Command(
        name: "report", operands: "FOLDER...", summary: "Makes a report of runs that were played before.",
        details: """
            FOLDER is a run's folder, or one with runs below it, or a recording. The runs are judged again, so a report
            of last month's recordings is one of today's rules. halfopen list formats shows the formats.

              halfopen report reports --format junit --output junit.xml
              halfopen report reports/mqtt-paho-blackhole/seed-1 --format text
            """,
        options: [
            Option(name: "--format", value: "FORMAT", summary: "which (default text)"),
            Option(
                name: "--output", value: "FILE",
                summary: "the file to write, instead of standard output; of several runs with a document\n"
                    + "each, those go into a folder beside it, FILE-runs"),
        ]
    ) { arguments in
        guard !arguments.operands.isEmpty else {
            throw UsageError("halfopen report needs the folder of a run, or one with runs below it")
        }
        let format = try Formats.named(arguments.text("--format") ?? "text")
        let recordings = try PlayedRuns.find(arguments.operands)
        do {
            let path = arguments.text("--output")
            if path == nil, format.name == "text" {
                Output.print(Formats.text(format, try PlayedRuns.results(recordings)))
            } else if let bytes = try Reports.make(format, of: recordings, to: path) {
                Output.put(bytes)
            }
        } catch let error as Problems {
            for problem in error.all { Output.note(problem.description) }
            return .invalidScenario
        }
        return .pass
    }
}
