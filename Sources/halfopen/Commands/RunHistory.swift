import Glibc
import History
import Reporting
import Running

/// Stores the runs of one command, each as soon as it is judged. What cannot be stored is tried once more at the end,
/// and then it is an error: of the history, not of the runs.
final class RunHistory {
    static let option = Option(
        name: "--history", value: "FILE",
        summary: "the history, an SQLite file (default: what \(History.variable) names, or\n"
            + "\(History.fileName) in the folder of reports)")

    private let path: String
    private let origin: Origin
    private var history: History?
    private var unstored: [RunResult] = []

    /// Nil when nothing is to be stored.
    init?(_ arguments: Arguments, reports: String) throws {
        if arguments.has("--no-history") {
            guard !arguments.has("--history") else { throw UsageError("give --history or --no-history, not both") }
            return nil
        }
        path = History.path(named: arguments.text("--history"), reports: reports)
        origin = RunHistory.origin
    }

    /// Of the folder that the command was given in.
    static var origin: Origin {
        Checkout.origin(of: ".") { name in getenv(name).map { String(cString: $0) } }
    }

    func store(_ result: RunResult) {
        // One that cannot be written would keep every run waiting.
        guard unstored.isEmpty else { return unstored.append(result) }
        do { try add(result) } catch { unstored.append(result) }
    }

    /// - Throws: `HistoryError` when any run is not in the history.
    func finish() throws {
        for result in unstored { try add(result) }
        unstored = []
    }

    private func add(_ result: RunResult) throws(HistoryError) {
        if history == nil { history = try History(path, create: true) }
        try history?.store(result, from: origin)
    }
}
