import Recordings

extension Duration {
    /// A place on the timeline: `10m`, `20m01s`, `1h02m03.500s`; to the millisecond, negative before `play`.
    package var timelineText: String {
        let milliseconds = (Int64((seconds * 1000).rounded()))
        let sign = milliseconds < 0 ? "-" : ""
        let total = milliseconds.magnitude
        let (hours, minutes) = (total / 3_600_000, total / 60_000 % 60)
        let secondsText = TimeText.decimal(total % 60_000, fraction: 3)
        if total < 60_000 { return "\(sign)\(secondsText)s" }
        let padded = total % 60_000 < 10_000 ? "0" + secondsText : secondsText
        let tail = total % 60_000 == 0 ? "" : padded + "s"
        if hours == 0 { return "\(sign)\(minutes)m\(tail)" }
        let minutesText = minutes == 0 && tail.isEmpty ? "" : (minutes < 10 ? "0" : "") + "\(minutes)m"
        return "\(sign)\(hours)h\(minutesText)\(tail)"
    }

    /// How long something took: `116 s`, `20.05 s`, `350 ms`, `0.2 ms`.
    package var lengthText: String {
        let seconds = self.seconds
        return seconds.magnitude >= 1 || seconds == 0
            ? "\(TimeText.rounded(seconds, digits: 2)) s" : "\(TimeText.rounded(seconds * 1000, digits: 2)) ms"
    }
}

/// Numbers as people write them, without Foundation.
package enum TimeText {
    /// At most `digits` decimals, trailing zeros dropped; values beyond 10^15 come as Swift writes them.
    package static func rounded(_ value: Double, digits: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (value * scale).rounded()
        let text = decimal(UInt64(scaled.magnitude), fraction: digits)
        return scaled < 0 ? "-" + text : text
    }

    /// `value` / 10^`fraction`, dropping zeros behind the point; three places are kept together, as `.500` reads as
    /// time.
    static func decimal(_ value: UInt64, fraction: Int) -> String {
        var scale: UInt64 = 1
        for _ in 0..<fraction { scale *= 10 }
        var rest = String(value % scale)
        if value % scale == 0 { return String(value / scale) }
        rest = String(repeating: "0", count: fraction - rest.count) + rest
        while rest.hasSuffix("0") { rest.removeLast() }
        return "\(value / scale).\(rest)"
    }
}
