import Glibc
import History
import JSONLines
import Judging
import Reporting
import Running
import Scenarios

extension Command {
    static let history = Command(
        name: "history", operands: "list|show ID|trend|prune|add PATH...",
        summary: "Lists, shows and compares over time the runs that were stored; every run is.",
        details: """
            halfopen run stores what it found in a history, one SQLite file: verdicts, what each expectation measured,
            the client's libraries and chosen values, branch and commit, and the sha256 of the recording. Runs of many
            processes may be stored in one file at the same time.

              halfopen history list --verdict fail --limit 5
              halfopen history show 17                             what was found, and the command that repeats it
              halfopen history trend --by build                    is the client getting better, build by build?
              halfopen history trend --by day --metric recovery --scenario mqtt-paho-blackhole
              halfopen history prune --older-than 90 --dry-run     what would go
              halfopen history prune --keep 200                    all but the newest 200 of each scenario
              halfopen history add reports                         runs that were played elsewhere, or a JSON report
              halfopen compare history:main history:my-branch      the newest run of each scenario and seed
            """,
        options: [
            RunHistory.option, Option(name: "--scenario", value: "NAME", summary: "only runs of this scenario"),
            Option(name: "--branch", value: "NAME", summary: "only runs of this branch"),
            Option(
                name: "--build", value: "TEXT",
                summary: "only runs of this client build: the whole of it, a library with its version\n"
                    + "(\"paho-mqtt 1.6.1\"), or a value of run --with (\"cap=24s\")"),
            Option(name: "--commit", value: "HEX", summary: "only runs of the commit that begins so"),
            Option(name: "--lab", value: "virtual|host", summary: "only runs of this lab"),
            Option(name: "--verdict", value: "VERDICT", summary: "list: only runs with this verdict"),
            Option(name: "--limit", value: "N", summary: "list: the newest N (default 20; 0 for all)"),
            Option(
                name: "--by", value: Trend.Grouping.allCases.map(\.rawValue).joined(separator: "|"),
                summary: "trend: what makes a group of runs (default build)"),
            Option(name: "--metric", value: "TEXT", summary: "trend: only metrics that have this in their names"),
            Option(name: "--keep", value: "N", summary: "prune: all but the newest N of each scenario"),
            Option(name: "--older-than", value: "DAYS", summary: "prune: what was stored longer ago"),
            Option(name: "--dry-run", value: nil, summary: "prune: counts, and takes nothing away"),
            Option(name: "--format", value: "text|json", summary: "list, show, trend: (default text)"),
        ]
    ) { arguments in
        guard let name = arguments.operands.first, let verb = HistoryVerb(rawValue: name) else {
            let known = HistoryVerb.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("halfopen history needs one of \(known)")
        }
        try verb.check(arguments)
        let path = History.path(named: arguments.text("--history"), reports: RunOptions().reports)
        switch verb {
        case .list: try HistoryVerb.list(try History(path), arguments)
        case .show: try HistoryVerb.show(try History(path), arguments)
        case .trend: try HistoryVerb.trend(try History(path), arguments)
        case .prune: try HistoryVerb.prune(try History(path), arguments)
        case .add: return try HistoryVerb.add(path, arguments)
        }
        return .pass
    }
}

/// What can be done with a history.
private enum HistoryVerb: String, CaseIterable {
    case list, show, trend, prune, add

    private static let filters = ["--scenario", "--branch", "--build", "--commit", "--lab"]

    private var options: [String] {
        switch self {
        case .list: HistoryVerb.filters + ["--verdict", "--limit", "--format"]
        case .show: ["--format"]
        case .trend: HistoryVerb.filters + ["--by", "--metric", "--format"]
        case .prune: HistoryVerb.filters + ["--keep", "--older-than", "--dry-run"]
        case .add: []
        }
    }

    /// An option that would say nothing is a mistake.
    func check(_ arguments: Arguments) throws(UsageError) {
        for option in Command.history.options where arguments.has(option.name) && option.name != "--history" {
            guard options.contains(option.name) else {
                throw UsageError("halfopen history \(rawValue) has no \(option.name)")
            }
        }
        let operands = arguments.operands.count - 1
        switch self {
        case .list, .trend, .prune:
            let asked = HistoryVerb.filters + ["--keep", "--older-than"]
            guard self != .prune || asked.contains(where: arguments.has) else {
                throw UsageError(
                    "halfopen history prune needs to be told what may go: \(asked.joined(separator: ", "))")
            }
            guard operands == 0 else { throw UsageError("halfopen history \(rawValue) takes options only") }
        case .show: guard operands == 1 else { throw UsageError("halfopen history show needs the number of a run") }
        case .add: guard operands > 0 else { throw UsageError("halfopen history add needs folders or JSON reports") }
        }
    }

    private static func filter(_ arguments: Arguments) -> History.Filter {
        var filter = History.Filter()
        filter.scenario = arguments.text("--scenario")
        filter.branch = arguments.text("--branch")
        filter.build = arguments.text("--build")
        filter.commit = arguments.text("--commit")
        filter.lab = arguments.text("--lab")
        return filter
    }

    private static func isJSON(_ arguments: Arguments) throws -> Bool {
        try arguments.choice("--format", HistoryReport.formats, default: "text") == "json"
    }

    static func list(_ history: History, _ arguments: Arguments) throws {
        let isJSON = try isJSON(arguments)
        var filter = filter(arguments)
        if arguments.has("--verdict") {
            filter.verdict = try arguments.choice("--verdict", Verdict.allCases.map(\.rawValue), default: "")
        }
        let limit = try arguments.whole("--limit", in: 0...1_000_000_000, default: 20)
        filter.limit = limit == 0 ? nil : limit
        let runs = try history.runs(filter)
        if isJSON { return Output.print(HistoryReport.list(runs).line) }
        Output.print(HistoryReport.list(runs, color: Output.hasColour))
        let all = try history.count()
        if runs.count < all { Output.note("\(runs.count) of the \(all) runs in \(history.path)") }
    }

    static func show(_ history: History, _ arguments: Arguments) throws {
        let isJSON = try isJSON(arguments)
        guard let id = Int64(arguments.operands[1]) else {
            throw UsageError("halfopen history show takes the number of a run, not \"\(arguments.operands[1])\"")
        }
        guard let run = try history.run(id) else {
            throw UsageError("\(history.path) has no run \(id); halfopen history list shows what it has")
        }
        Output.print(isJSON ? HistoryReport.run(run).line : HistoryReport.show(run, color: Output.hasColour))
    }

    static func trend(_ history: History, _ arguments: Arguments) throws {
        let isJSON = try isJSON(arguments)
        let by = try arguments.choice("--by", Trend.Grouping.allCases.map(\.rawValue), default: "build")
        let runs = try history.runs(filter(arguments))
        let trend = Trend(runs, by: Trend.Grouping(rawValue: by) ?? .build, metric: arguments.text("--metric"))
        if isJSON { return Output.print(HistoryReport.trend(trend).line) }
        guard !runs.isEmpty else { return Output.note("no run of \(history.path) is one of these") }
        Output.print(HistoryReport.trend(trend, color: Output.hasColour))
    }

    static func prune(_ history: History, _ arguments: Arguments) throws {
        var filter = filter(arguments)
        if arguments.has("--older-than") {
            let days = try arguments.whole("--older-than", in: 0...100_000, default: 0)
            filter.before = Int64(time(nil)) - Int64(days) * 86400
        }
        let keep = arguments.has("--keep") ? try arguments.whole("--keep", in: 0...1_000_000_000, default: 0) : nil
        let isRehearsal = arguments.has("--dry-run")
        let count = try history.prune(filter, keep: keep, isRehearsal: isRehearsal)
        Output.print("\(count) runs \(isRehearsal ? "would be" : "were") taken out of \(history.path)")
    }

    static func add(_ path: String, _ arguments: Arguments) throws -> ExitCode {
        var results: [RunResult] = []
        for operand in arguments.operands.dropFirst() {
            do {
                results += try PlayedRuns.results(orReport: operand)
            } catch let error as Problems {
                for problem in error.all { Output.note(problem.description) }
                return .invalidScenario
            }
        }
        let history = try History(path, create: true)
        let origin = RunHistory.origin
        for result in results { try history.store(result, from: origin) }
        Output.print("\(results.count) runs were stored in \(history.path)")
        return .pass
    }
}
