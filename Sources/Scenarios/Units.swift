/// Reading and writing quantities with units. Reading is exact: no quantity goes through a binary fraction on its way
/// to whole nanoseconds, bits per second or bytes.
package enum Units {
    /// Why a text is no such quantity; a clause that follows the quoted text.
    struct Complaint: Error, Equatable {
        var clause: String
    }

    private struct Unit {
        var name: String
        var factor: Int64
    }

    private static let durationUnits = [
        Unit(name: "us", factor: 1000), Unit(name: "ms", factor: 1_000_000), Unit(name: "s", factor: 1_000_000_000),
        Unit(name: "m", factor: 60_000_000_000), Unit(name: "h", factor: 3_600_000_000_000),
        Unit(name: "d", factor: 86_400_000_000_000),
    ]
    private static let rateUnits = [
        Unit(name: "bit/s", factor: 1), Unit(name: "kbit/s", factor: 1000), Unit(name: "Mbit/s", factor: 1_000_000),
        Unit(name: "Gbit/s", factor: 1_000_000_000),
    ]
    private static let sizeUnits = [
        Unit(name: "B", factor: 1), Unit(name: "kB", factor: 1000), Unit(name: "KiB", factor: 1 << 10),
        Unit(name: "MB", factor: 1_000_000), Unit(name: "MiB", factor: 1 << 20),
        Unit(name: "GB", factor: 1_000_000_000), Unit(name: "GiB", factor: 1 << 30),
    ]

    static let durationPattern = pattern(durationUnits)
    static let ratePattern = pattern(rateUnits)
    static let sizePattern = pattern(sizeUnits)
    static let fractionPattern = "[0-9]+([.][0-9]+)? ?%"
    static let datePattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

    private static func pattern(_ units: [Unit]) -> String {
        "[0-9]+([.][0-9]+)? ?(\(units.map(\.name).joined(separator: "|")))"
    }

    /// `250us`, `10ms`, `1.5s`, `30s`, `5m`, `2h`, `7d`.
    static func duration(_ text: String) throws(Complaint) -> Duration {
        .nanoseconds(try quantity(text, durationUnits, "a duration", example: "s"))
    }

    /// `64 kbit/s`, `2 Mbit/s`, `1 Gbit/s`; in bits per second.
    static func rate(_ text: String) throws(Complaint) -> Int64 {
        try quantity(text, rateUnits, "a rate", example: " Mbit/s")
    }

    /// `512 MiB`, `1 MB`; in bytes.
    static func size(_ text: String) throws(Complaint) -> Int64 {
        try quantity(text, sizeUnits, "a size", example: " MiB")
    }

    /// `0.1%`; 0...1 and above.
    static func fraction(_ text: String) throws(Complaint) -> Double {
        let (digits, unit) = split(text)
        guard let number = decimal(digits) else { throw Complaint(clause: "is not a percentage, such as 0.1%") }
        if unit.isEmpty { throw Complaint(clause: "has no unit: write \(digits)%") }
        guard unit == "%" else { throw Complaint(clause: "is not a percentage, such as 0.1%") }
        guard number <= 1_000_000 else { throw Complaint(clause: "is out of range") }
        return number / 100
    }

    /// Digits, with at most one point among them.
    static func decimal(_ text: some StringProtocol) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), text.utf8.count <= 40,
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        return Double(String(text))
    }

    /// `2026-01-01T00:00:00Z`; seconds since 1970.
    static func date(_ text: String) throws(Complaint) -> Int64 {
        let complaint = Complaint(clause: "is not a date such as 2026-01-01T00:00:00Z")
        let bytes = Array(text.utf8)
        let shape = Array("0000-00-00T00:00:00Z".utf8)
        guard bytes.count == shape.count else { throw complaint }
        for (byte, form) in zip(bytes, shape) {
            let fits = form == UInt8(ascii: "0") ? (0x30...0x39).contains(byte) : byte == form
            if !fits { throw complaint }
        }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day), hour < 24, minute < 60, second < 60
        else { throw complaint }
        return daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Howard Hinnant's days_from_civil (https://howardhinnant.github.io/date_algorithms.html), for years 1 to 9999.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func split(_ text: String) -> (digits: String, unit: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text[digits.endIndex...]
        if unit.first == " " { unit = unit.dropFirst() }
        return (String(digits), String(unit))
    }

    private static func quantity(
        _ text: String, _ units: [Unit], _ what: String, example: String
    ) throws(Complaint) -> Int64 {
        let names = units.map(\.name)
        let (digits, name) = split(text)
        guard decimal(digits) != nil else {
            throw Complaint(clause: "is not \(what): write a number and one of \(names.joined(separator: ", "))")
        }
        if name.isEmpty {
            let others = names.filter { !example.hasSuffix(" \($0)") && example != $0 }.joined(separator: ", ")
            throw Complaint(clause: "has no unit: write \(digits)\(example), or one of \(others)")
        }
        guard let unit = units.first(where: { $0.name == name }) else {
            throw Complaint(clause: "is not \(what): \(quoted(name)) is not one of \(names.joined(separator: ", "))")
        }
        guard let value = multiply(digits, unit.factor) else {
            throw Complaint(clause: "is out of range, or finer than can be told")
        }
        return value
    }

    /// `digits` (with or without a point) times `factor`; nil when that overflows or is not whole.
    private static func multiply(_ digits: String, _ factor: Int64) -> Int64? {
        let parts = digits.split(separator: ".")
        let decimals = parts.count == 2 ? parts[1].prefix(18) : ""
        guard let whole = Int64(parts[0]), let rest = Int64(decimals.isEmpty ? "0" : decimals),
            parts.count == 1 || parts[1].dropFirst(18).allSatisfy({ $0 == "0" })
        else { return nil }
        let power = decimals.reduce(Int128(1)) { power, _ in power * 10 }
        let (quotient, remainder) = (Int128(rest) * Int128(factor)).quotientAndRemainder(dividingBy: power)
        return remainder == 0 ? Int64(exactly: Int128(whole) * Int128(factor) + quotient) : nil
    }
}

// Writing. What these give is read back as the same value.
extension Units {
    /// The largest unit that gives a whole number; decimals below a second and between whole seconds: `5m`, `90s`,
    /// `1.5s`, `2.5ms`, `0s`.
    package static func text(_ duration: Duration) -> String {
        let nanoseconds = nanoseconds(duration)
        if nanoseconds == 0 { return "0s" }
        if nanoseconds < 0 { return "-" + text(.nanoseconds(-nanoseconds)) }
        for unit in durationUnits.reversed() where unit.factor >= 1_000_000_000 && nanoseconds % unit.factor == 0 {
            return "\(nanoseconds / unit.factor)\(unit.name)"
        }
        let unit = durationUnits[0...2].last { nanoseconds >= $0.factor } ?? durationUnits[0]
        return decimalText(nanoseconds, unit.factor) + unit.name
    }

    /// `64 kbit/s`.
    package static func text(rate: Int64) -> String {
        let unit = rateUnits.last { rate >= $0.factor && rate % ($0.factor / min($0.factor, 10)) == 0 } ?? rateUnits[0]
        return "\(decimalText(rate, unit.factor)) \(unit.name)"
    }

    /// `0.1%`.
    package static func text(fraction: Double) -> String {
        // A percentage such as 0.1 has no exact binary form; nine digits hide that and keep every figure anyone writes.
        decimalText(Int64(fraction * 100 * 1e9 + 0.5), 1_000_000_000) + "%"
    }

    package static func text(number: Double) -> String {
        // Not `rounded()` nor `Int64(exactly:)`: both need libm, which nothing of the pure ring links.
        abs(number) < 1e15 && Double(Int64(number)) == number ? String(Int64(number)) : String(number)
    }

    /// `512 MiB`; one decimal at most, rounded down when it is not exact.
    package static func sizeText(_ bytes: Int64) -> String {
        let unit = [sizeUnits[6], sizeUnits[4], sizeUnits[2]].first { bytes >= $0.factor } ?? sizeUnits[0]
        return "\(decimalText(bytes * 10 / unit.factor, 10)) \(unit.name)"
    }

    /// `2026-01-01T00:00:00Z`, for seconds since 1970 up to the year 9999.
    package static func text(date seconds: Int64) -> String {
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        // civil_from_days, the inverse of daysSince1970.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
        return "\(year)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    static func nanoseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }

    /// `value / factor` in decimals, exactly, for a factor that is a power of ten.
    private static func decimalText(_ value: Int64, _ factor: Int64) -> String {
        let (whole, rest) = value.quotientAndRemainder(dividingBy: factor)
        if rest == 0 { return String(whole) }
        var digits = String(rest)
        digits = String(repeating: "0", count: String(factor).count - 1 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
