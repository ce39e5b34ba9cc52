/// The tables of a history, and how those of earlier versions become those of today.
///
/// Each step is frozen once it was released: a file of version N is one that went through the first N steps, and tests
/// hold a copy of each earlier version. A change is a new step at the end.
enum HistorySchema {
    /// In the file's header, so that a history is known from other SQLite files: "HALF".
    static let application: Int64 = 0x48_41_4C_46

    static var version: Int64 { Int64(steps.count) }

    static let steps = [
        // 1: runs, what was found in them, and what they showed of their clients.
        """
        CREATE TABLE runs (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          stored_at INTEGER NOT NULL,
          scenario TEXT NOT NULL,
          seed TEXT NOT NULL,
          lab TEXT NOT NULL,
          verdict TEXT NOT NULL,
          reasons TEXT NOT NULL,
          summary TEXT NOT NULL,
          clients TEXT NOT NULL,
          tags TEXT NOT NULL,
          notes TEXT NOT NULL,
          command TEXT NOT NULL,
          recording TEXT,
          recording_sha256 TEXT,
          virtual_seconds REAL NOT NULL,
          wall_seconds REAL NOT NULL,
          host_cpu_seconds REAL NOT NULL
        );
        CREATE INDEX runs_by_scenario ON runs (scenario, id);
        CREATE TABLE findings (
          run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
          place INTEGER NOT NULL,
          expectation TEXT NOT NULL,
          verdict TEXT NOT NULL,
          measured REAL,
          bound REAL,
          unit TEXT NOT NULL,
          summary TEXT NOT NULL,
          PRIMARY KEY (run, place)
        ) WITHOUT ROWID;
        CREATE TABLE figures (
          run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
          place INTEGER NOT NULL,
          name TEXT NOT NULL,
          seconds REAL NOT NULL,
          PRIMARY KEY (run, place)
        ) WITHOUT ROWID;
        """,
        // 2: which client it was, and which source code was checked out.
        """
        ALTER TABLE runs ADD COLUMN build TEXT NOT NULL DEFAULT '';
        ALTER TABLE runs ADD COLUMN libraries TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE runs ADD COLUMN choices TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE runs ADD COLUMN branch TEXT;
        ALTER TABLE runs ADD COLUMN commit_id TEXT;
        CREATE INDEX runs_by_branch ON runs (branch, id);
        CREATE INDEX runs_by_build ON runs (build, id);
        """,
    ]

    /// Makes a new file a history, and one of an earlier version one of this version.
    static func prepare(_ database: Database) throws(HistoryError) {
        if try current(database) { return }
        try database.transaction { () throws(HistoryError) in
            // Another process may have done it meanwhile.
            if try current(database) { return }
            let version = try database.number("PRAGMA user_version")
            for step in steps[Int(version)...] { try database.execute(step) }
            try database.execute("PRAGMA application_id = \(application); PRAGMA user_version = \(self.version)")
        }
    }

    /// Whether it is of this version.
    /// - Throws: `foreign` or `newer` for what must not be touched.
    private static func current(_ database: Database) throws(HistoryError) -> Bool {
        let version = try database.number("PRAGMA user_version")
        let application = try database.number("PRAGMA application_id")
        if application != self.application {
            let tables = try database.number("SELECT count(*) FROM sqlite_master")
            guard version == 0, application == 0, tables == 0 else {
                throw HistoryError(.foreign, database.path, "it is an SQLite file of another program")
            }
        }
        guard version <= self.version else {
            throw HistoryError(
                .newer, database.path, "its schema is version \(version), and this one knows up to \(self.version)")
        }
        return version == self.version && application == self.application
    }
}
