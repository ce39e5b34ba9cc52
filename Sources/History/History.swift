import Glibc
import JSONLines
import Judging
import Kernel
import Reporting

/// Runs of the past, in one SQLite file that several processes may write at once.
///
/// A run is stored in one transaction and is on the disk when `store` returns: whatever ends this process or this
/// machine, it is there or, before that, not at all.
package final class History {
    package var path: String { database.path }
    let database: Database

    /// Beside the runs, unless somebody names another.
    package static let fileName = "history.sqlite"
    /// An environment variable with the path of the history.
    package static let variable = "HALFOPEN_HISTORY"

    /// - Parameter named: of an option; then comes the environment, and then the folder of reports.
    package static func path(named: String?, reports: String) -> String {
        if let named { return named }
        if let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty { return text }
        return "\(reports)/\(fileName)"
    }

    /// Opens a history; one of an earlier version becomes one of this version.
    /// - Parameter create: a new one where there is none, with the folders above it.
    package init(_ path: String, create: Bool = false) throws(HistoryError) {
        if create {
            do throws(SystemError) {
                try Files.makeFolder(Files.parent(of: path))
            } catch {
                throw HistoryError(.unwritable, path, "\(error)")
            }
        } else if !Files.exists(path) {
            throw HistoryError(.missing, path, "")
        }
        if Files.isFolder(path) { throw HistoryError(.foreign, path, "it is a folder") }
        database = try Database(path, create ? .create : .existing)
        try HistorySchema.prepare(database)
    }

    /// - Parameter moment: seconds since 1970; now when nil.
    /// - Returns: the run's number in this history.
    @discardableResult
    package func store(_ result: RunResult, from origin: Origin, at moment: Int64? = nil) throws(HistoryError) -> Int64
    {
        let now = moment ?? Int64(time(nil))
        return try database.transaction { () throws(HistoryError) in
            try database.run(Rows.insertRun, Rows.values(result, origin, at: now))
            let id = database.lastID
            for (place, finding) in result.judgement.findings.enumerated() {
                try database.run(
                    "INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        .integer(id), .integer(Int64(place)), .text(finding.expectation),
                        .text(finding.verdict.rawValue), .init(finding.measured), .init(finding.bound),
                        .text(finding.unit), .text(finding.summary),
                    ])
            }
            for (place, figure) in result.figures.enumerated() {
                try database.run(
                    "INSERT INTO figures VALUES (?, ?, ?, ?)",
                    [.integer(id), .integer(Int64(place)), .text(figure.name), .real(figure.seconds)])
            }
            return id
        }
    }

    /// Which runs; nil stands for all.
    package struct Filter: Sendable {
        package var id: Int64?
        package var scenario: String?
        package var lab: String?
        package var verdict: String?
        package var branch: String?
        /// The whole of it, one of its libraries, or one of its chosen values.
        package var build: String?
        /// Its beginning.
        package var commit: String?
        /// Seconds since 1970; those stored earlier.
        package var before: Int64?
        /// The newest ones only.
        package var limit: Int?
        package init() {}
    }

    /// In the order in which they were stored. Read at one moment, whoever writes meanwhile.
    package func runs(_ filter: Filter = Filter()) throws(HistoryError) -> [StoredRun] {
        let (condition, values) = Rows.condition(filter)
        let chosen = "SELECT * FROM runs \(condition) ORDER BY id DESC LIMIT \(filter.limit ?? -1)"
        var runs: [StoredRun] = []
        var places: [Int64: Int] = [:]
        try database.execute("BEGIN")
        defer { try? database.execute("COMMIT") }
        try database.run("SELECT \(Rows.columns) FROM (\(chosen)) ORDER BY id", values) {
            row throws(HistoryError) in
            let run = try Rows.run(row)
            places[run.id] = runs.count
            runs.append(run)
        }
        // Of each run its own, in one go through the tables: a question for each run would take far longer.
        guard let first = runs.first?.id, let last = runs.last?.id else { return [] }
        let range = "WHERE run BETWEEN \(first) AND \(last) ORDER BY run, place"
        try database.run(
            "SELECT run, expectation, verdict, measured, bound, unit, summary FROM findings \(range)"
        ) { row throws(HistoryError) in
            guard let place = places[row.integer(0)] else { return }
            runs[place].result.judgement.findings.append(try Rows.finding(row))
        }
        try database.run("SELECT run, name, seconds FROM figures \(range)") { row throws(HistoryError) in
            guard let place = places[row.integer(0)], let name = row.text(1), let seconds = row.real(2) else { return }
            runs[place].result.figures.append(ShownFigure(name: name, seconds: seconds))
        }
        return runs
    }

    /// Nil when there is none of this number.
    package func run(_ id: Int64) throws(HistoryError) -> StoredRun? {
        var filter = Filter()
        filter.id = id
        return try runs(filter).first
    }

    package func count() throws(HistoryError) -> Int { Int(try database.number("SELECT count(*) FROM runs")) }

    /// Names that stand in it, for those who ask for one that does not.
    package func names(of column: Column) throws(HistoryError) -> [String] {
        var names: [String] = []
        let name = column.rawValue
        let sql = "SELECT \(name) FROM runs WHERE \(name) <> '' GROUP BY 1 ORDER BY max(id) DESC LIMIT 20"
        try database.run(sql) { row throws(HistoryError) in
            if let name = row.text(0) { names.append(name) }
        }
        return names
    }

    package enum Column: String, Sendable { case scenario, branch, build }
}
