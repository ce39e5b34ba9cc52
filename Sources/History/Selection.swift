import Reporting

extension History {
    /// How a set of runs is named where folders are named, too.
    package static let prefix = "history:"

    /// The runs of a branch, a build or a commit: `main`, `cap=24s`, `4f5e6a7`; with what it is before it,
    /// `build=cap=24s`, where a name alone would be taken for something else.
    /// - Throws: `HistoryError`, `NoRuns`.
    package func runs(named name: String) throws -> [StoredRun] {
        let kinds: [(word: String, set: WritableKeyPath<Filter, String?>)] = [
            ("branch", \.branch), ("build", \.build), ("commit", \.commit),
        ]
        for kind in kinds where name.hasPrefix(kind.word + "=") {
            var filter = Filter()
            filter[keyPath: kind.set] = String(name.dropFirst(kind.word.count + 1))
            return try some(filter, name)
        }
        for kind in kinds {
            // A name of few digits may well begin a commit that nobody means.
            let isCommit = name.utf8.count >= 7 && name.allSatisfy(\.isHexDigit)
            if kind.word == "commit", !isCommit { continue }
            var filter = Filter()
            filter[keyPath: kind.set] = name
            let runs = try runs(filter)
            if !runs.isEmpty { return runs }
        }
        throw try NoRuns(name, self)
    }

    private func some(_ filter: Filter, _ name: String) throws -> [StoredRun] {
        let runs = try runs(filter)
        if runs.isEmpty { throw try NoRuns(name, self) }
        return runs
    }
}

/// A name that no run of a history has.
package struct NoRuns: Error, CustomStringConvertible {
    package var description: String

    init(_ name: String, _ history: History) throws(HistoryError) {
        let branches = try history.names(of: .branch).joined(separator: ", ")
        let builds = try history.names(of: .build).joined(separator: "; ")
        description =
            "no run of \(history.path) is of a branch, build or commit \"\(name)\"; "
            + "branches: \(branches.isEmpty ? "none" : branches); builds: \(builds.isEmpty ? "none" : builds)"
    }
}
