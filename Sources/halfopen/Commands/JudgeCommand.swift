import Judging
import Kernel
import Recordings
import Reporting
import Running
import Scenarios

extension Command {
    static let judge = Command(
        name: "judge", operands: "RUN...", summary: "Judges recordings again, from the files alone.",
        details: """
            RUN is a recording or a folder that holds one. The scenario is the one that the recording keeps; another
            file's expectations can be put in its place, so a bound can be tried on runs that were made long ago.

              halfopen judge reports/mqtt-paho-blackhole/seed-1
              halfopen judge reports/mqtt-paho-blackhole/seed-1 --expect stricter.yaml
            """,
        options: [
            Option(name: "--expect", value: "FILE", summary: "take the expectations of this scenario file"),
            Option(name: "--format", value: "FORMAT", summary: Formats.onOutput),
        ]
    ) { arguments in
        guard !arguments.operands.isEmpty else {
            throw UsageError("halfopen judge needs a recording or a run's folder")
        }
        let format = try Formats.chosen(arguments)
        var results: [RunResult] = []
        for operand in arguments.operands {
            let path = Files.isFolder(operand) ? operand + "/recording.jsonl" : operand
            do throws(Problems) {
                results.append(try Rejudging.judge(path, expectations: arguments.text("--expect")))
            } catch {
                for problem in error.all { Output.note(problem.description) }
                return .invalidScenario
            }
        }
        Output.print(Formats.text(format, results))
        return ExitCode(results)
    }
}

extension ExitCode {
    /// Of a set of verdicts: the gravest decides.
    init(_ results: [RunResult]) {
        let verdicts = Set(results.map(\.judgement.verdict))
        if verdicts.contains(.error) {
            self = .software
        } else if verdicts.contains(.fail) {
            self = .failed
        } else if verdicts.isSubset(of: [.pass]) {
            self = .pass
        } else {
            self = .void
        }
    }
}
