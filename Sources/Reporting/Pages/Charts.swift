import Judging
import Recordings

/// The way back after each strike as a bar of stages, the slowest first.
enum RecoveryChart {
    private static let mostRows = 12

    static func html(_ view: RunView) -> String {
        let names = view.scenario.actors.filter { $0.role == .client }.flatMap { view.sessionNames(of: $0.name) }
        // Looking at each of twenty thousand takes longer than anybody would look at them.
        let all = names.prefix(500).flatMap { view.recoveries(of: $0) }
        guard !all.isEmpty else { return "" }
        let end = { (one: ShownRecovery) in one.recovered ?? one.connected ?? view.stop }
        let sorted = all.sorted { end($0) - $0.struck > end($1) - $1.struck }
        let rows = sorted.prefix(mostRows)
        let longest = rows.map { (end($0) - $0.struck).seconds }.max() ?? 1
        let (left, width, each) = (210.0, 430.0, 34.0)
        let height = Double(rows.count) * each + 30
        var svg = ""
        for (number, row) in rows.enumerated() {
            let y = Double(number) * each + 6
            svg += bar(row, end(row), y: y, x: { left + max(0, $0) / max(longest, 1e-3) * width })
        }
        let axisY = height - 16
        svg += Chart.text(left, axisY + 10, "struck", faint: true)
        let last = Duration.seconds(longest).lengthText
        svg += Chart.text(left + width, axisY + 10, last, faint: true, anchor: "end")
        let of = all.count > rows.count ? " The \(rows.count) slowest of \(all.count)." : ""
        let more = names.count > 500 ? " Of the first 500 of \(names.count) sessions." : ""
        return Chart.figure(
            "Recovery, stage by stage", svg, width: 650, height: height,
            note: "From the strike: until it noticed, until it tried, until it was connected, "
                + "until a new message came. The dashed line is the moment from which that was owed.\(of)\(more)",
            told: rows.prefix(10).map { told($0, view) }.joined(separator: ". "))
    }

    private static func bar(_ row: ShownRecovery, _ end: Timestamp, y: Double, x: (Double) -> Double) -> String {
        let label = Terminal.cut("\(row.name)", to: 30)
        var svg = Chart.text(0, y + 9, label) + Chart.text(0, y + 22, Terminal.cut(row.fault, to: 36), faint: true)
        let stages: [(Timestamp?, String, String)] = [
            (row.detected, "bad", "noticed"), (row.attempted, "busy", "tried"), (row.connected, "info", "connected"),
            (row.recovered, "good", "first new message"),
        ]
        var from = row.struck
        for (moment, tone, name) in stages {
            guard let moment, moment >= from else { continue }
            let (start, stop) = (x((from - row.struck).seconds), x((moment - row.struck).seconds))
            svg += "<rect class=\"\(tone)\" x=\"\(Chart.number(start))\" y=\"\(Chart.number(y))\" "
            svg += "width=\"\(Chart.number(max(1, stop - start)))\" height=\"18\"><title>"
            svg += "\(name) after \((moment - row.struck).lengthText)</title></rect>"
            from = moment
        }
        if row.recovered == nil {
            let at = x((end - row.struck).seconds)
            svg += Chart.text(at + 4, y + 13, "not back")
        }
        let owed = Chart.number(x((row.owedFrom - row.struck).seconds))
        return svg + "<line class=\"owed\" x1=\"\(owed)\" x2=\"\(owed)\" y1=\"\(Chart.number(y - 4))\" "
            + "y2=\"\(Chart.number(y + 22))\"/>"
    }

    private static func told(_ row: ShownRecovery, _ view: RunView) -> String {
        let moments = [
            ("noticed", row.detected), ("tried", row.attempted), ("connected", row.connected),
            ("new message", row.recovered),
        ]
        let parts = moments.map { name, moment in
            moment.map { "\(name) after \(($0 - row.struck).lengthText)" } ?? "never \(name)"
        }
        return "\(row.name), \(row.fault): " + parts.joined(separator: ", ")
    }
}

/// Waits against failures in a row, on a log scale, with the fitted course.
enum BackoffChart {
    private static let mostPoints = 2000

    static func html(_ view: RunView) -> String {
        view.scenario.actors.filter { $0.role == .client }.compactMap { actor -> String? in
            guard actor.count <= 1000, let shown = view.backoff(of: actor.name), shown.waits.count > 1 else {
                return nil
            }
            return chart(actor.name, shown)
        }.joined()
    }

    private static func chart(_ actor: String, _ shown: ShownBackoff) -> String {
        let waits = shown.waits.filter { $0.length > .zero }
        let seconds = waits.map(\.length.seconds)
        guard let low = seconds.min(), let high = seconds.max() else { return "" }
        let (bottom, top) = (Chart.power(below: low), Chart.power(above: high))
        let steps = max(2, min(40, waits.map(\.step).max() ?? 2))
        let (left, right, base, roof) = (60.0, 630.0, 220.0, 10.0)
        let x = { (step: Double) in left + (step - 0.5) / Double(steps) * (right - left) }
        let y = { (value: Double) in
            base - (Chart.log10(value) - Double(bottom)) / Double(max(1, top - bottom)) * (base - roof)
        }
        var svg = ""
        for exponent in bottom...max(top, bottom + 1) {
            let value = Chart.power10(exponent)
            svg += "<line class=\"axis\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(Chart.number(y(value)))\" "
            svg += "y2=\"\(Chart.number(y(value)))\"/>"
            svg += Chart.text(left - 6, y(value) + 4, Duration.seconds(value).lengthText, faint: true, anchor: "end")
        }
        for step in 1...steps where steps <= 12 || step % 5 == 0 {
            svg += Chart.text(x(Double(step)), base + 18, "\(step)", faint: true, anchor: "middle")
        }
        let every = max(1, waits.count / mostPoints)
        for (number, wait) in waits.enumerated() where number % every == 0 && wait.step <= steps {
            let shift = (Double(number % 7) - 3) * 1.6
            svg += "<circle class=\"busy\" cx=\"\(Chart.number(x(Double(wait.step)) + shift))\" "
            svg += "cy=\"\(Chart.number(y(wait.length.seconds)))\" r=\"3\"><title>\(wait.length.lengthText) after "
            svg += "\(wait.step) failures</title></circle>"
        }
        var note = "Each dot is a wait; across, how many failures in a row came before it."
        if let fit = shown.fit {
            var (points, value) = ([String](), fit.initial)
            for step in 1...steps {
                let capped = max(Chart.power10(bottom), min(value, fit.cap ?? .infinity, Chart.power10(top)))
                points.append("\(Chart.number(x(Double(step)))),\(Chart.number(y(capped)))")
                value *= fit.factor
            }
            svg += "<polyline class=\"fit\" points=\"\(points.joined(separator: " "))\"/>"
            let cap = fit.cap.map { ", cap \(Duration.seconds($0).lengthText)" } ?? ""
            note += " Fitted: \(HTML.text(fit.jitter)), initial \(Duration.seconds(fit.initial).lengthText), factor "
            note += "\(TimeText.rounded(fit.factor, digits: 2))\(cap)."
        }
        if every > 1 { note += " One in \(every) of \(waits.count) waits is drawn." }
        return Chart.figure(
            "Backoff of \(HTML.text(actor))", svg, width: 650, height: 246, note: note,
            told:
                "\(waits.count) waits from \(Duration.seconds(low).lengthText) to \(Duration.seconds(high).lengthText)")
    }
}

/// Attempts of all sessions after each strike, where they are many.
enum StormChart {
    private static let fewest = 10
    private static let bins = 100

    static func html(_ view: RunView) -> String {
        let clients = view.scenario.actors.filter { $0.role == .client }
        let names = clients.flatMap { view.sessionNames(of: $0.name) }
        guard names.count >= fewest else { return "" }
        let attempts = names.flatMap { name -> [Timestamp] in
            (view.sessions[name]?.reports ?? []).filter { $0.kind == .attempt }.map(\.moment.time)
        }.sorted()
        let strikes = view.strikes.filter { $0.struck != nil }.prefix(6)
        return strikes.compactMap { strike -> String? in
            guard let struck = strike.struck?.time else { return nil }
            let next = view.strikes.compactMap(\.struck?.time).filter { $0 > struck }.min() ?? view.stop
            let own = attempts.filter { $0 >= struck && $0 < next }
            return own.count < fewest ? nil : chart(strike, own, struck)
        }.joined()
    }

    private static func chart(_ strike: FaultStrike, _ attempts: [Timestamp], _ struck: Timestamp) -> String {
        // Late stragglers would press the storm itself into one bar.
        let last = (attempts[min(attempts.count - 1, attempts.count * 99 / 100)] - struck).seconds
        let width = max(0.01, last * 1.02 / Double(bins))
        var counts = [Int](repeating: 0, count: bins)
        for attempt in attempts { counts[min(bins - 1, Int((attempt - struck).seconds / width))] += 1 }
        let most = counts.max() ?? 1
        let (left, right, base, roof) = (60.0, 630.0, 180.0, 10.0)
        let each = (right - left) / Double(bins)
        var svg = "<line class=\"axis\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(base)\" y2=\"\(base)\"/>"
        for (number, count) in counts.enumerated() where count > 0 {
            let tall = Double(count) / Double(most) * (base - roof)
            svg += "<rect class=\"busy\" x=\"\(Chart.number(left + Double(number) * each))\" "
            svg += "y=\"\(Chart.number(base - tall))\" width=\"\(Chart.number(each - 0.6))\" "
            svg += "height=\"\(Chart.number(tall))\"><title>\(count) attempts from "
            svg += "\(Duration.seconds(Double(number) * width).lengthText)</title></rect>"
        }
        if let healed = strike.healed?.time, healed >= struck {
            let at = left + min(1, (healed - struck).seconds / (width * Double(bins))) * (right - left)
            let x = Chart.number(at)
            svg += "<line class=\"owed\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(roof)\" y2=\"\(base)\"/>"
        }
        svg += Chart.text(left - 6, roof + 8, "\(most)", faint: true, anchor: "end")
        svg += Chart.text(left, base + 18, "struck", faint: true)
        let end = Duration.seconds(width * Double(bins)).lengthText
        svg += Chart.text(right, base + 18, end, faint: true, anchor: "end")
        let rate = Int((Double(most) / width).rounded())
        return Chart.figure(
            "Attempts after \(HTML.text(strike.name))", svg, width: 650, height: 206,
            note:
                "\(attempts.count) attempts in parts of \(Duration.seconds(width).lengthText), at most \(most) in one: "
                + "\(rate) in a second. The dashed line is the heal.",
            told: "\(attempts.count) attempts, at most \(most) in \(Duration.seconds(width).lengthText).")
    }
}

/// What charts share: numbers, texts, frames.
enum Chart {
    static func number(_ value: Double) -> String { TimeText.rounded(value, digits: 1) }

    static func text(_ x: Double, _ y: Double, _ text: String, faint: Bool = false, anchor: String = "start") -> String
    {
        "<text x=\"\(number(x))\" y=\"\(number(y))\"\(faint ? " class=\"faint\"" : "") text-anchor=\"\(anchor)\">"
            + "\(HTML.text(text))</text>"
    }

    /// `title` and `note` are HTML; `told` is what those hear who cannot see it.
    static func figure(
        _ title: String, _ svg: String, width: Double, height: Double, note: String, told: String
    ) -> String {
        """
        <section><h3>\(title)</h3>
        <svg viewBox="0 0 \(number(width)) \(number(height))" role="img" aria-label="\(HTML.text(told))">\(svg)</svg>
        <p class="faint">\(note)</p></section>

        """
    }

    // Powers of ten.
    static func power10(_ exponent: Int) -> Double {
        (0..<abs(exponent)).reduce(1.0) { value, _ in exponent < 0 ? value / 10 : value * 10 }
    }

    static func power(below value: Double) -> Int { Int(log10(value).rounded(.down)) }
    static func power(above value: Double) -> Int { Int(log10(value).rounded(.up)) }

    static func log10(_ value: Double) -> Double {
        value > 0 && value.isFinite ? Exponential.log(value) / Exponential.log(10) : 0
    }
}
