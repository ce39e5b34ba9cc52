/// One command of the command line.
struct Command: Sendable {
    var name: String
    /// What stands after the name: `PATH...`.
    var operands: String
    /// One line, for the list of commands.
    var summary: String
    /// Paragraphs that teach, with an example.
    var details: String
    var options: [Option] = []
    var run: @Sendable (Arguments) throws -> ExitCode
    /// Takes its words as they are, and has a help of its own; then `run` is not called.
    var passThrough: (@Sendable ([String]) throws -> Int32)?

    /// Every command, in the order of `--help`.
    static let all: [Command] = [
        .play, .check, .plan, .list, .explain, .judge, .report, .compare, .history, .initialise, .doctor, .kernel,
    ]

    var help: String {
        var text =
            "usage: halfopen \(name)" + (operands.isEmpty ? "" : " \(operands)") + "\n\n\(summary)\n\n\(details)\n"
        let rows = options.map { ($0.name + ($0.value.map { " \($0)" } ?? ""), $0.summary) }
        let width = rows.map(\.0.count).max() ?? 0
        if !rows.isEmpty { text += "\noptions:\n" }
        for (option, summary) in rows {
            let padding = String(repeating: " ", count: width - option.count)
            let lines = summary.split(separator: "\n", omittingEmptySubsequences: false)
            text += "  \(option)\(padding)  " + lines.joined(separator: "\n" + String(repeating: " ", count: width + 4))
            text += "\n"
        }
        return text
    }

    static var overview: String {
        let width = all.map(\.name.count).max() ?? 0
        let lines = all.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.summary)" }
        return """
            usage: halfopen COMMAND ...

            Plays what networks and servers do to clients that keep connections open, on the real Linux network stack,
            in virtual time, and says whether the client kept its promises.

            commands:
            \(lines.joined(separator: "\n"))

              halfopen COMMAND --help   what a command does, with examples

            \(ExitCode.explanation)

            """
    }
}

/// What the process says to whoever called it. Codes from 64 on are those of sysexits.h.
enum ExitCode: Int32 {
    case pass = 0
    case failed = 1
    case void = 2
    case usage = 64
    case invalidScenario = 65
    case unavailable = 69
    case software = 70
    case interrupted = 130

    static let explanation = """
        exit codes:
          0    all pass
          1    an expectation failed
          2    void or unsupported, and nothing failed
          64   the command line cannot be understood
          65   a scenario is invalid
          69   this machine lacks something
          70   our own error
          130  interrupted
        """
}
