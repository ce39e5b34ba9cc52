import CSQLite
import Glibc
import Kernel

/// A connection to an SQLite file: the few things of SQLite that a history needs, with errors in its words.
///
/// Write-ahead log, so that readers and one writer go on side by side; every commit is on the disk when it returns
/// (`synchronous = FULL`), so that what was written outlives this process and this machine.
final class Database {
    let path: String
    /// Wall-clock time that a writer waits for others, milliseconds: longer than thousands of runs take to be stored.
    static let patience: Int32 = 120_000
    private let handle: OpaquePointer

    enum Mode { case existing, create }

    init(_ path: String, _ mode: Mode) throws(HistoryError) {
        self.path = path
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == .create ? SQLITE_OPEN_CREATE : 0)
        let result = sqlite3_open_v2(path, &handle, flags, nil)
        guard result == SQLITE_OK, let handle else {
            let error = Database.error(result, handle, path)
            sqlite3_close_v2(handle)
            throw error
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, Database.patience)
        try execute("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON")
        try enterWriteAheadLog()
        try execute("PRAGMA synchronous = FULL")
    }

    deinit { sqlite3_close_v2(handle) }

    /// The one change of mode in a file's life takes the whole file, and SQLite does not wait for that by itself.
    private func enterWriteAheadLog() throws(HistoryError) {
        let end = Clock.now + Int64(Database.patience) * 1_000_000
        while true {
            do throws(HistoryError) {
                return try execute("PRAGMA journal_mode = WAL")
            } catch {
                guard error.code == .busy, Clock.now < end else { throw error }
                usleep(useconds_t.random(in: 1000...20_000))
            }
        }
    }

    /// Statements without values.
    func execute(_ sql: String) throws(HistoryError) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw Database.error(result, handle, path) }
    }

    /// All of it or nothing. Others that write wait, or we for them.
    func transaction<T>(_ body: () throws(HistoryError) -> T) throws(HistoryError) -> T {
        try execute("BEGIN IMMEDIATE")
        do throws(HistoryError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // What ended it by itself has rolled it back already.
            if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// One statement with its values in place of its question marks; `row` is called for each row.
    func run(
        _ sql: String, _ values: [Value] = [], row: (Row) throws(HistoryError) -> Void = { _ in }
    ) throws(HistoryError) {
        var statement: OpaquePointer?
        let prepared = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard prepared == SQLITE_OK, let statement else { throw Database.error(prepared, handle, path) }
        defer { sqlite3_finalize(statement) }
        for (place, value) in values.enumerated() {
            let result = value.bind(to: statement, at: Int32(place + 1))
            guard result == SQLITE_OK else { throw Database.error(result, handle, path) }
        }
        while true {
            let result = sqlite3_step(statement)
            if result == SQLITE_DONE { return }
            guard result == SQLITE_ROW else { throw Database.error(result, handle, path) }
            try row(Row(statement: statement, path: path))
        }
    }

    func number(_ sql: String) throws(HistoryError) -> Int64 {
        var number: Int64 = 0
        try run(sql) { row throws(HistoryError) in number = row.integer(0) }
        return number
    }

    var lastID: Int64 { sqlite3_last_insert_rowid(handle) }
    /// Rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    enum Value {
        case null
        case integer(Int64)
        case real(Double)
        case text(String)

        init(_ text: String?) { self = text.map { .text($0) } ?? .null }
        init(_ real: Double?) { self = real.map { .real($0) } ?? .null }

        fileprivate func bind(to statement: OpaquePointer, at place: Int32) -> Int32 {
            switch self {
            case .null: sqlite3_bind_null(statement, place)
            case .integer(let value): sqlite3_bind_int64(statement, place, value)
            case .real(let value): sqlite3_bind_double(statement, place, value)
            // With its length: a text from a stranger may hold zeros.
            case .text(let value):
                halfopen_sqlite_bind_text(statement, place, value, Int32(clamping: value.utf8.count))
            }
        }
    }

    /// A row while it is looked at: not to be kept.
    ///
    /// As a type that cannot be copied it would say so itself; but there Swift 6.3.1 crashes where it inlines `run`.
    struct Row {
        fileprivate let statement: OpaquePointer
        let path: String

        func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
        func real(_ column: Int32) -> Double? { isNull(column) ? nil : sqlite3_column_double(statement, column) }

        func text(_ column: Int32) -> String? {
            guard !isNull(column), let bytes = sqlite3_column_text(statement, column) else { return nil }
            let count = Int(sqlite3_column_bytes(statement, column))
            return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }

        private func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    }

    private static func error(_ result: Int32, _ handle: OpaquePointer?, _ path: String) -> HistoryError {
        let said = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(result))
        let code: HistoryError.Code =
            switch result & 0xFF {
            case SQLITE_CORRUPT: .damaged
            case SQLITE_NOTADB: .damaged
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            default: .unwritable
            }
        return HistoryError(code, path, said)
    }
}
