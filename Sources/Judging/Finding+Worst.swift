extension Finding {
    /// Fails before voids before passes; among these the largest excess over its bound, then the first.
    /// - Parameter counts: say how many were like it.
    static func worst(_ findings: [Finding], counts: Bool = true) -> Finding? {
        let precedence: [Verdict] = [.error, .unsupported, .fail, .void, .pass]
        guard let verdict = precedence.first(where: { verdict in findings.contains { $0.verdict == verdict } }) else {
            return nil
        }
        let decisive = findings.filter { $0.verdict == verdict }
        var worst = decisive[0]
        for finding in decisive.dropFirst() where finding.excess > worst.excess { worst = finding }
        if counts, decisive.count > 1, verdict != .pass {
            worst.summary += " (\(decisive.count) of \(findings.count) cases like this; this is the worst.)"
        }
        return worst
    }

    private var excess: Double {
        guard let measured, let bound else { return verdict == .fail ? .infinity : 0 }
        return bound > 0 ? measured / bound : measured
    }
}
