/// A run as a history holds it.
package struct StoredRun: Sendable {
    /// Of this history; never given twice.
    package var id: Int64
    /// When it was stored, seconds since 1970.
    package var storedAt: Int64
    package var origin: Origin
    /// Its findings have no evidence: that is in the recording.
    package var result: RunResult

    package init(id: Int64, storedAt: Int64, origin: Origin, result: RunResult) {
        (self.id, self.storedAt, self.origin, self.result) = (id, storedAt, origin, result)
    }
}

/// Which source code was checked out where a run was played; nil where nobody could tell.
package struct Origin: Equatable, Sendable {
    package var branch: String?
    /// The commit's whole name, hexadecimal.
    package var commit: String?

    package init(branch: String? = nil, commit: String? = nil) {
        (self.branch, self.commit) = (branch, commit)
    }
}

/// Dates in the one way in which histories show them. Without a library: a date of the proleptic Gregorian calendar is
/// arithmetic on days.
package enum UTCDate {
    /// `2026-11-21 20:05:09Z`.
    package static func text(_ seconds: Int64) -> String {
        let (days, rest) = (floorDivided(seconds, 86400), seconds - floorDivided(seconds, 86400) * 86400)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(two).joined(separator: ":")
        return "\(day(days)) \(clock)Z"
    }

    /// `2026-11-21`.
    package static func dayText(_ seconds: Int64) -> String { day(floorDivided(seconds, 86400)) }

    private static func day(_ days: Int64) -> String {
        let moved = days + 719_468
        let era = floorDivided(moved, 146_097)
        let dayOfEra = moved - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let place = (5 * dayOfYear + 2) / 153
        let month = place < 10 ? place + 3 : place - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let digits = String(year)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "\(padded)-\(two(month))-\(two(dayOfYear - (153 * place + 2) / 5 + 1))"
    }

    private static func floorDivided(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
