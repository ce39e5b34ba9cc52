import Glibc
import History
import Kernel
import LabKernel
import ReferenceFeed
import Reporting
import Running

// Two hidden roles of the binary: the first process of a lab, and the reference pair inside one.
let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "guest": GuestHalf.main(Array(words.dropFirst()))
case "feed": exit(Feed.main(arguments: Array(words.dropFirst())))
default: exit(perform(words).rawValue)
}

/// Takes the command line apart, runs the command, and turns every error into a sentence and a code.
func perform(_ words: [String]) -> ExitCode {
    guard let name = words.first, name != "--help", name != "-h", name != "help" else {
        Output.print(Command.overview)
        return words.isEmpty ? .usage : .pass
    }
    guard let command = Command.all.first(where: { $0.name == name }) else {
        let names = Command.all.map(\.name).joined(separator: ", ")
        Output.note("halfopen: there is no command \"\(name)\"; known are \(names)")
        return .usage
    }
    let rest = Array(words.dropFirst())
    do {
        if let passThrough = command.passThrough { exit(try passThrough(rest)) }
    } catch {
        Output.note("halfopen: \(error)")
        return .software
    }
    // Everything after -- belongs to a program, not to us.
    if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
        Output.print(command.help)
        return .pass
    }
    do {
        return try command.run(try Arguments(rest, options: command.options, command: name))
    } catch {
        Output.note("halfopen: \(error)")
        return ExitCode(of: error)
    }
}

extension ExitCode {
    init(of error: any Error) {
        switch error {
        case is UsageError, is ScenarioFiles.Missing, is PlayedRuns.Missing, is NoReport, is NoRuns: self = .usage
        case let error as HistoryError: self = error.code == .missing ? .usage : .unavailable
        case is NoRoom, is Reports.Unwritten: self = .unavailable
        case let error as LabKernelError: self = ExitCode(rawValue: error.exitCode) ?? .software
        default: self = .software
        }
    }
}
