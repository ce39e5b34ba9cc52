extension History {
    /// Takes runs away: of those that the filter names all, or all but the newest of each scenario in each lab.
    ///
    /// The recordings stay where they are. The file becomes smaller, unless others are just reading it.
    /// - Parameter isRehearsal: counts, and takes nothing away.
    /// - Returns: how many.
    package func prune(_ filter: Filter, keep: Int? = nil, isRehearsal: Bool = false) throws(HistoryError) -> Int {
        let (condition, values) = Rows.condition(filter)
        let ranked =
            "SELECT id, row_number() OVER (PARTITION BY scenario, lab ORDER BY id DESC) AS age FROM runs \(condition)"
        let chosen = "SELECT id FROM (\(ranked)) WHERE age > \(keep ?? 0)"
        if isRehearsal {
            var count = 0
            try database.run("SELECT count(*) FROM (\(chosen))", values) { row throws(HistoryError) in
                count = Int(row.integer(0))
            }
            return count
        }
        let count = try database.transaction { () throws(HistoryError) in
            try database.run("DELETE FROM runs WHERE id IN (\(chosen))", values)
            return database.changes
        }
        if count > 0 { try? database.execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)") }
        return count
    }
}
