import Kernel
import Reporting
import Running

/// Tells who waits what is going on: a line that is written over on a terminal, and every finished run at once.
final class ProgressDisplay {
    private let total: Int
    private let loop: EventLoop
    private let judged: (RunResult) -> Void
    private var finished = 0
    private var shares: [(name: String, share: Double)] = []
    private var isDrawn = false
    private var isScheduled = false

    /// - Parameter judged: shows a finished run.
    init(total: Int, loop: EventLoop, judged: @escaping (RunResult) -> Void) {
        self.total = total
        self.loop = loop
        self.judged = judged
    }

    func show(_ progress: Runner.Progress) {
        switch progress {
        case .started(let job): shares.append((title(job), 0))
        case .advanced(let job, let share):
            if let place = shares.firstIndex(where: { $0.name == title(job) }) { shares[place].share = share }
        case .finished(let result):
            finished += 1
            shares.removeAll { $0.name == "\(result.scenario) seed \(result.seed)" }
            clear()
            judged(result)
        }
        schedule()
    }

    /// Takes the line away.
    func clear() {
        if isDrawn { Output.raw("\r\u{1B}[K") }
        isDrawn = false
    }

    private func title(_ job: Runner.Job) -> String { "\(job.loaded.scenario.name) seed \(job.seed)" }

    /// At most ten times a second.
    private func schedule() {
        guard Output.isInteractive, !isScheduled else { return }
        isScheduled = true
        loop.after(.milliseconds(100)) { [unowned self] in
            isScheduled = false
            draw()
        }
    }

    private func draw() {
        guard let first = shares.first else { return }
        let more = shares.count > 1 ? " and \(shares.count - 1) more" : ""
        let share = Int(first.share * 100)
        Output.raw("\r\u{1B}[K[\(finished)/\(total)] \(first.name) \(share) %\(more)")
        isDrawn = true
    }
}
