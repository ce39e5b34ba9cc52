import Kernel
import Reporting
import Running

/// Tells who waits what is going on: lines that are written over on a terminal, and every finished run at once.
///
/// Where nobody sits before a terminal (files, pipes, CI services) only finished runs are told.
final class ProgressDisplay {
    private let loop: EventLoop
    private let judged: (RunResult) -> Void
    private var tally: LiveDisplay.Tally
    /// Who plays; until it is known there is nothing to show.
    weak var runner: Runner?
    /// Lines that stand on the terminal and are to be written over.
    private var drawn = 0
    private var isRunning = false
    private let isWatched = Output.isWatched

    /// Five times a second: what changes faster cannot be read.
    private static let interval: Duration = .milliseconds(200)

    /// - Parameter judged: shows a finished run.
    init(total: Int, loop: EventLoop, judged: @escaping (RunResult) -> Void) {
        tally = LiveDisplay.Tally(total: total)
        self.loop = loop
        self.judged = judged
    }

    func show(_ progress: Runner.Progress) {
        switch progress {
        case .started: break
        case .finished(let result):
            tally.verdicts[result.judgement.verdict, default: 0] += 1
            clear()
            judged(result)
        }
        guard isWatched, !isRunning else { return }
        isRunning = true
        schedule()
    }

    /// Takes the lines away.
    func clear() {
        // Up to the first of them, then everything from there on.
        if drawn > 0 { Output.raw("\r" + (drawn > 1 ? "\u{1B}[\(drawn - 1)A" : "") + "\u{1B}[J") }
        drawn = 0
    }

    private func schedule() {
        loop.after(ProgressDisplay.interval) { [weak self] in
            guard let self else { return }
            draw()
            schedule()
        }
    }

    private func draw() {
        guard let runner else { return }
        let sights = runner.sights()
        guard !sights.isEmpty else { return clear() }
        let (width, height) = Output.terminalSize
        let lines = LiveDisplay.lines(
            tally, sights, width: width, height: height, color: Output.hasColour(on: .standardError))
        clear()
        Output.raw(lines.joined(separator: "\n"))
        drawn = lines.count
    }
}
