import Kernel
import LabKernel
import Reporting
import Running

extension Command {
    static let play = Command(
        name: "run", operands: "PATH...", summary: "Plays scenarios and says whether the clients kept their promises.",
        details: """
            PATH is a scenario file, or a folder of them. Each run boots a small Linux kernel of its own as an ordinary
            process, plays the scenario in virtual time and judges the recording. Needs no privilege and does not touch
            this machine's network. A failure is a seed: the same scenario with the same seed repeats to the byte.

              halfopen run scenarios/demo
              halfopen run my-client.yaml --seeds 1..20 --jobs 4
              halfopen run my-client.yaml --seed 7 --pcap
              halfopen run my-client.yaml --with build=v2    with a value of its matrix that the file does not name
              halfopen run my-client.yaml --lab host        this machine's kernel, in real time
            """,
        options: [
            Option(name: "--lab", value: "virtual|host", summary: "where to play (default virtual)"),
            Option(name: "--seed", value: "N", summary: "the seed of everything random (default 1)"),
            Option(name: "--seeds", value: "A..B", summary: "one run for each seed of the range"),
            Option(
                name: "--jobs", value: "N", summary: "runs side by side, one processor each (default: all processors)"),
            Option(name: "--tag", value: "TAG", summary: "only scenarios with this tag"), Loading.with,
            Option(name: "--reports", value: "DIR", summary: "where reports and recordings go (default reports)"),
            Option(name: "--pcap", value: nil, summary: "keep every packet of every link, in captures/LINK.pcap"),
            Option(
                name: "--patience", value: "SECONDS",
                summary: "end a run whose virtual time has stood still this long, or crept for nine times\n"
                    + "as long (default 20)"),
            Option(name: "--format", value: "FORMAT", summary: Formats.onOutput),
            Option(
                name: "--report", value: "FORMAT[=FILE]",
                summary: "another report, in the reports folder or in FILE; several times for several\n"
                    + "(halfopen list formats)", isRepeatable: true), RunHistory.option,
            Option(name: "--no-history", value: nil, summary: "store these runs in no history"),
        ]
    ) { arguments in
        guard !arguments.operands.isEmpty else {
            throw UsageError("halfopen run needs the path of a scenario or folder")
        }
        let format = try Formats.chosen(arguments)
        let orders = try Formats.orders(arguments)
        let options = try runOptions(arguments)
        // Before anything else: whatever ends this process from here on, nothing of it stays behind.
        let keeper = try Keeper()
        guard
            let loaded = try Loading.scenarios(
                arguments.operands, with: try Loading.choices(arguments), tag: arguments.text("--tag"))
        else {
            return .invalidScenario
        }
        let jobs = loaded.flatMap { item in
            options.seeds.map { Runner.Job(loaded: item.scenario, path: item.path, seed: $0) }
        }
        let history = try RunHistory(arguments, reports: options.reports)
        let loop = try EventLoop()
        let display = ProgressDisplay(total: jobs.count, loop: loop) { result in
            history?.store(result)
            let text = TextReport.run(result, color: format.name == "text" && Output.hasColour)
            format.name == "text" ? Output.print(text) : Output.note(text)
        }
        let runner = try Runner(options: options, loop: loop, keeper: keeper, tell: display.show)
        display.runner = runner
        let signals = try Signals([.interrupt, .terminate, .hangup], loop: loop) { runner.interrupt() }
        defer { signals.restore() }
        let results = try runner.run(jobs)
        display.clear()
        var failure: (any Error)?
        // Whoever reads standard output gets the results all the same.
        do { try Reports.write(results, to: options.reports, and: orders) } catch { failure = error }
        if format.name != "text" {
            Output.print(Formats.text(format, results))
        } else if results.count > 1 {
            Output.print(ClientTable.text(results, color: Output.hasColour))
            Output.print(TextReport.summary(results, color: Output.hasColour))
        }
        if let failure { throw failure }
        try history?.finish()
        if runner.isInterrupted {
            Output.note("halfopen: interrupted; \(results.count) of \(jobs.count) runs were finished")
            return .interrupted
        }
        return ExitCode(results)
    }

    private static func runOptions(_ arguments: Arguments) throws -> RunOptions {
        var options = RunOptions()
        options.lab = RunOptions.LabKind(
            rawValue: try arguments.choice("--lab", ["virtual", "host"], default: "virtual"))!
        options.seeds = try seeds(arguments)
        options.jobs = try arguments.whole("--jobs", in: 1...1024, default: Processor.allowed.count)
        options.reports = arguments.text("--reports") ?? "reports"
        options.wantsPcap = arguments.has("--pcap")
        options.patience = .seconds(try arguments.whole("--patience", in: 1...86400, default: 20))
        return options
    }

    private static func seeds(_ arguments: Arguments) throws -> [UInt64] {
        guard let range = arguments.text("--seeds") else {
            return [try arguments.whole("--seed", in: 0...UInt64.max, default: 1)]
        }
        guard arguments.text("--seed") == nil else { throw UsageError("give --seed or --seeds, not both") }
        let ends = range.split(separator: ".", omittingEmptySubsequences: true).map { UInt64($0) }
        guard ends.count == 2, range.contains(".."), let first = ends[0], let last = ends[1], first <= last,
            last - first < 100_000
        else { throw UsageError("--seeds is a range such as 1..20 of at most 100000 seeds, not \"\(range)\"") }
        return Array(first...last)
    }
}
