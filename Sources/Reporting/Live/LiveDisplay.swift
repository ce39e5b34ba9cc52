import Judging
import Recordings

/// The lines that are written over while runs are played: how many are done, and of each that is played now where it
/// is. A pure function; who writes them to a terminal takes them away again.
package enum LiveDisplay {
    /// Runs side by side of which a line is shown.
    package static let mostRuns = 8

    /// What is done so far.
    package struct Tally: Equatable, Sendable {
        package var total: Int
        package var verdicts: [Verdict: Int] = [:]
        package init(total: Int) { self.total = total }
        var finished: Int { verdicts.values.reduce(0, +) }
    }

    /// - Parameters:
    ///   - width: columns of the terminal; the last one stays free, as some terminals break the line there.
    ///   - height: lines of the terminal; no more are written than it can take back.
    package static func lines(
        _ tally: Tally, _ runs: [LiveRun.Sight], width: Int, height: Int, color: Bool
    ) -> [String] {
        let room = max(1, width - 1)
        var head: [Part] = [Part("[\(tally.finished)/\(tally.total)]", .bold)]
        for verdict in [Verdict.pass, .fail, .void, .unsupported, .error] {
            guard let count = tally.verdicts[verdict] else { continue }
            head.append(Part("\(count) \(verdict.rawValue)", verdict.style))
        }
        let most = max(0, min(mostRuns, height - 2))
        let shown = runs.prefix(most)
        if runs.count > shown.count { head.append(Part("\(runs.count - shown.count) more are played", nil)) }
        let lines = [head] + shown.map(parts)
        return lines.map { line($0, room: room, color: color) }
    }

    private struct Part {
        var text: String
        var style: Terminal.Style?
        init(_ text: String, _ style: Terminal.Style?) { (self.text, self.style) = (Terminal.clean(text), style) }
    }

    private static func parts(_ run: LiveRun.Sight) -> [Part] {
        // What matters most stands first: a narrow terminal shows the beginning.
        var parts = [Part("  \(run.name)", nil)]
        if let played = run.played {
            parts.append(Part("\(text(played)) of \(text(run.length))", .bold))
        } else {
            parts.append(Part(run.phase?.rawValue ?? "boot", .faint))
        }
        for fault in run.faults { parts.append(Part(fault, .yellow)) }
        if let sessions = run.sessionsUp {
            parts.append(Part("\(sessions) \(sessions == 1 ? "session" : "sessions") up", nil))
        }
        // Before the timeline begins, what is waited for is the boot and the start of programs.
        if let speed = run.speed, run.played != nil { parts.append(Part(speedText(speed), .faint)) }
        return parts
    }

    /// Whole seconds: what changes faster cannot be read.
    private static func text(_ time: Duration) -> String { Duration.seconds(time.components.seconds).timelineText }

    private static func speedText(_ speed: Double) -> String {
        speed < 10 ? "\(TimeText.rounded(speed, digits: 1))x" : "\(TimeText.rounded(speed, digits: 0))x"
    }

    private static func line(_ parts: [Part], room: Int, color: Bool) -> String {
        var (line, left) = ("", room)
        for (place, part) in parts.enumerated() where left > 0 {
            let gap = place == 0 ? "" : "  "
            guard left > gap.count else { break }
            let text = Terminal.cut(part.text, to: left - gap.count)
            line += gap + (part.style.map { Terminal.styled(text, $0, color: color) } ?? text)
            left -= gap.count + text.count
        }
        return line
    }
}
