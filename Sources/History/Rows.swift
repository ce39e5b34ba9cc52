import JSONLines
import Judging
import Reporting

/// Runs as rows, and rows as runs.
enum Rows {
    private static let names = [
        "stored_at", "scenario", "seed", "lab", "verdict", "reasons", "summary", "clients", "tags", "notes", "command",
        "recording", "recording_sha256", "virtual_seconds", "wall_seconds", "host_cpu_seconds", "build", "libraries",
        "choices", "branch", "commit_id",
    ]

    /// What `run` reads, in its order.
    static let columns = "id, " + names.joined(separator: ", ")

    static let insertRun =
        "INSERT INTO runs (\(names.joined(separator: ", "))) VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))"

    static func values(_ result: RunResult, _ origin: Origin, at moment: Int64) -> [Database.Value] {
        [
            .integer(moment), .text(result.scenario), .text(String(result.seed)), .text(result.lab),
            .text(result.judgement.verdict.rawValue), list(result.judgement.reasons), .text(result.summary),
            list(result.clients), list(result.tags), list(result.notes), .text(result.command),
            .init(result.recording), .init(result.sha256), .real(result.virtualSeconds), .real(result.wallSeconds),
            .real(result.hostCPUSeconds), .text(result.build.text), list(result.build.libraries),
            list(result.build.choices), .init(origin.branch), .init(origin.commit),
        ]
    }

    private static func list(_ texts: [String]) -> Database.Value {
        .text(JSON.array(texts.map { .string($0) }).line)
    }

    private static func texts(_ row: Database.Row, _ column: Int32) -> [String] {
        let json = row.text(column).flatMap { try? JSON(parsing: $0) }
        return json?.array?.compactMap(\.string) ?? []
    }

    /// A verdict or seed that is none was not written by this program.
    static func run(_ row: Database.Row) throws(HistoryError) -> StoredRun {
        let id = row.integer(0)
        guard let verdict = row.text(5).flatMap(Verdict.init), let seed = row.text(3).flatMap({ UInt64($0) }) else {
            throw HistoryError(.damaged, row.path, "run \(id) has a verdict or a seed that is none")
        }
        let judgement = Judgement(verdict: verdict, reasons: texts(row, 6), findings: [])
        var result = RunResult(
            scenario: row.text(2) ?? "", summary: row.text(7) ?? "", clients: texts(row, 8), tags: texts(row, 9),
            seed: seed, lab: row.text(4) ?? "", judgement: judgement, recording: row.text(12), sha256: row.text(13),
            virtualSeconds: row.real(14) ?? 0, wallSeconds: row.real(15) ?? 0, hostCPUSeconds: row.real(16) ?? 0,
            command: row.text(11) ?? "")
        result.notes = texts(row, 10)
        result.build = ClientBuild(libraries: texts(row, 18), choices: texts(row, 19))
        let origin = Origin(branch: row.text(20), commit: row.text(21))
        return StoredRun(id: id, storedAt: row.integer(1), origin: origin, result: result)
    }

    /// Of `run, expectation, verdict, measured, bound, unit, summary`.
    static func finding(_ row: Database.Row) throws(HistoryError) -> Finding {
        let run = row.integer(0)
        guard let verdict = row.text(2).flatMap(Verdict.init) else {
            throw HistoryError(.damaged, row.path, "a finding of run \(run) has a verdict that is none")
        }
        let summary = row.text(6) ?? ""
        return Finding(
            expectation: row.text(1) ?? "", verdict: verdict, measured: row.real(3), bound: row.real(4),
            unit: row.text(5) ?? "", summary: summary)
    }

    /// A WHERE clause and its values; empty when everything is wanted.
    static func condition(_ filter: History.Filter) -> (sql: String, values: [Database.Value]) {
        var parts: [(String, [Database.Value])] = []
        if let id = filter.id { parts.append(("id = ?", [.integer(id)])) }
        let equal = [
            ("scenario", filter.scenario), ("lab", filter.lab), ("verdict", filter.verdict), ("branch", filter.branch),
        ]
        for case (let column, let text?) in equal { parts.append(("\(column) = ?", [.text(text)])) }
        if let build = filter.build {
            let within = ["libraries", "choices"].map { "EXISTS (SELECT 1 FROM json_each(\($0)) WHERE value = ?)" }
            parts.append(
                ("(build = ? OR \(within.joined(separator: " OR ")))", [.text(build), .text(build), .text(build)]))
        }
        if let commit = filter.commit {
            // No LIKE: what stands in the text would be its pattern.
            parts.append(("substr(commit_id, 1, ?) = ?", [.integer(Int64(commit.utf8.count)), .text(commit)]))
        }
        if let before = filter.before { parts.append(("stored_at < ?", [.integer(before)])) }
        let sql = parts.map(\.0).joined(separator: " AND ")
        return (sql.isEmpty ? "" : "WHERE \(sql)", parts.flatMap(\.1))
    }
}
