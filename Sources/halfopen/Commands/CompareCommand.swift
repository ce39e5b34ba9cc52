import History
import Kernel
import Reporting
import Running
import Scenarios

extension Command {
    static let compare = Command(
        name: "compare", operands: "OLD NEW",
        summary: "Says whether a client build is worse than another, with statistics.",
        details: """
            OLD and NEW are folders with runs, or reports in JSON: a baseline can be committed and held against every
            later build. history:NAME is the runs of a branch, a client build or a commit in the history. Runs are held
            against those of the same scenario, lab and seed; twenty seeds tell more than one. What got worse decides
            the exit code: 1 when anything did, 2 when there was nothing to compare or runs that passed prove nothing
            now.

              halfopen report reports --format baseline --output baseline.json
              halfopen compare baseline.json reports
              halfopen compare history:main history:faster-backoff
              halfopen compare reports-v1 reports-v2 --tolerance 10 --format markdown --output comparison.md
            """,
        options: [
            Option(
                name: "--tolerance", value: "PERCENT",
                summary: "what may change of an old median and be no regression (default 5)"),
            Option(
                name: "--format", value: ComparisonReport.formats.joined(separator: "|"), summary: "(default text)"),
            Option(
                name: "--as", value: "OLD=NEW",
                summary: "a scenario of the old set that the new one has under another name, as with\n"
                    + "run --with; several times for several", isRepeatable: true),
            Option(name: "--output", value: "FILE", summary: "the file to write, instead of standard output"),
            RunHistory.option,
        ]
    ) { arguments in
        guard arguments.operands.count == 2 else {
            throw UsageError("halfopen compare needs two sets of runs: the old one and the new one")
        }
        let format = try arguments.choice("--format", ComparisonReport.formats, default: "text")
        let percent = try arguments.whole("--tolerance", in: 0...1000, default: 5)
        var sets: [[RunResult]] = []
        for operand in arguments.operands {
            do {
                sets.append(try runs(operand, arguments))
            } catch let error as Problems {
                for problem in error.all { Output.note(problem.description) }
                return .invalidScenario
            }
        }
        for text in arguments.texts("--as") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw UsageError("--as takes OLD=NEW, such as cap=cap-24s, not \"\(text)\"")
            }
            for place in sets[0].indices where sets[0][place].scenario == parts[0] {
                sets[0][place].scenario = parts[1]
            }
        }
        let comparison = Comparison(sets[0], sets[1], tolerance: Double(percent) / 100)
        let document = ComparisonReport.document(comparison, format: format)
        if let path = arguments.text("--output") {
            try Reports.put(Array(document.utf8), at: path)
        } else {
            Output.print(document)
        }
        return comparison.hasRegressed ? .failed : comparison.isInconclusive ? .void : .pass
    }

    /// Of a folder, a report, or a name in the history.
    private static func runs(_ operand: String, _ arguments: Arguments) throws -> [RunResult] {
        guard operand.hasPrefix(History.prefix) else { return try PlayedRuns.results(orReport: operand) }
        let path = History.path(named: arguments.text("--history"), reports: RunOptions().reports)
        let name = String(operand.dropFirst(History.prefix.count))
        return try History(path).runs(named: name).map(\.result)
    }
}
