import Judging
import Kernel
import LabKernel
import Recordings
import Reporting
import Scenarios

/// One run as the host half sees it: a guest that is booted, watched and, when it has ended, judged.
final class PlayedRun {
    private let job: Runner.Job
    private unowned let runner: Runner
    private let folder: RunFolder
    private let guest: Guest
    /// Until the guest has ended: the run after this one is begun before this object is gone.
    private var processor: Processor.Claim?
    private var watcher: GuestWatcher
    private let began = Clock.now
    private var tokens: [EventLoop.Token] = []
    private let finished: (Result<RunResult, any Error>) -> Void
    /// Why the watchdog ended the guest.
    private var stall: StallReport?
    /// The guest half's own last words, when it could not play.
    private var lastWords: String?
    private var notes: [String] = []
    /// Why the guest half could not write its recording to the end.
    private var noRoom: String?
    /// The leaders of the actors, by their number in the lab.
    private var processes: [Int32: Instance] = [:]
    /// Who said a lot last, so that the first process had much to read.
    private var flooder: Instance?
    private var phases: [RunResult.PhaseTime] = []
    /// How far the timeline was, nanoseconds, when the guest half last said so.
    private var progress: Int64 = 0
    /// Only when somebody watches.
    private var live: LiveRecording?
    private let growing: GrowingRecording

    /// - Throws: what keeps every run of this command from being played.
    init(
        job: Runner.Job, runner: Runner, finished: @escaping (Result<RunResult, any Error>) -> Void
    ) throws {
        self.job = job
        self.runner = runner
        self.finished = finished
        let processor = Processor.claim()
        let number = processor.number
        self.processor = consume processor
        let scenario = job.loaded.scenario
        folder = RunFolder(
            reports: runner.reports, scenario: scenario.name, seed: job.seed, lab: runner.options.lab)
        growing = GrowingRecording("\(folder.temporary)/recording.jsonl")
        runner.keeper.remove(folder.temporary)
        do {
            let folder = folder
            try NoRoom.unless(runner.options.reports) {
                try folder.make()
                let request = try PlayedRun.request(job, runner).json.line
                try Files.write("\(folder.temporary)/\(RunRequest.fileName)", request)
            }
            guest = try runner.boot(job, runFolder: folder.temporary, processor: number)
        } catch {
            Files.remove(folder.temporary)
            throw error
        }
        watcher = GuestWatcher(guest, patience: runner.options.patience)
        tokens.append(try runner.loop.watch(guest.console) { [unowned self] in readConsole() })
        tokens.append(try runner.loop.watch(guest.descriptor) { [unowned self] in end() })
        look()
    }

    private static func request(_ job: Runner.Job, _ runner: Runner) throws -> RunRequest {
        let scenario = job.loaded.scenario
        return RunRequest(
            scenario: scenario.name, sources: job.loaded.sources, seed: job.seed, lab: runner.options.lab.rawValue,
            folder: Project(of: scenario, in: try job.folder).scenarioFolder, wantsPcap: runner.options.wantsPcap)
    }

    /// Ends the guest and leaves nothing.
    func abandon() {
        guest.terminate()
        guest.waitForEnd()
        close()
        discard()
    }

    /// Where it is now, for who watches.
    func sight() -> LiveRun.Sight {
        var live =
            self.live
            ?? LiveRecording(growing, scenario: job.loaded.scenario, seed: job.seed, began: began)
        let isVirtual = runner.options.lab == .virtual
        let sight = live.look(
            at: isVirtual ? guest.virtualTime : Clock.now, told: .nanoseconds(progress), isVirtual: isVirtual)
        self.live = live
        return sight
    }

    /// An earlier run of the same name stays as it is.
    private func discard() {
        Files.remove(folder.temporary)
        runner.keeper.forget(folder.temporary)
    }

    private func close() {
        tokens.forEach { runner.loop.cancel($0) }
        tokens = []
        guest.cleanUp()
        processor = nil
    }

    private func readConsole() {
        guard guest.readConsole() else { return runner.loop.cancel(tokens[0]) }
        for line in guest.takeReports() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch words.first {
            case "@progress":
                // And of how much, which the plan knows.
                progress = words.last!.split(separator: " ").first.flatMap { Int64($0) } ?? progress
            case "@phase":
                phases.append(.init(phase: words.last!, wallSeconds: Double(Clock.now - began) / 1e9))
            case "@note": notes.append(words.last!)
            case "@process": takeProcess(words.last!)
            case "@flood": flooder = instance(words.last!.split(separator: " "))
            case "@no-room": noRoom = words.last
            case "@failed": lastWords = words.last
            default: break
            }
        }
    }

    /// `24 client 0`: number in the lab, actor, instance.
    private func takeProcess(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 3, let pid = Int32(words[0]) else { return }
        processes[pid] = instance(words.dropFirst())
    }

    private func instance(_ words: some Collection<Substring>) -> Instance? {
        guard words.count == 2, let name = words.first, let index = words.dropFirst().first.flatMap({ Int($0) }) else {
            return nil
        }
        return Instance(String(name), index)
    }

    /// Is it getting on? Four times a second, in wall-clock time.
    private func look() {
        guard guest.ending == nil, stall == nil else { return }
        let recorded = Files.size("\(folder.temporary)/recording.jsonl")
        growing.readOn(to: recorded)
        if let report = watcher.look(recorded: recorded) {
            stall = report
            guest.terminate()
            return
        }
        tokens.append(runner.loop.after(.milliseconds(250)) { [unowned self] in look() })
    }

    private func end() {
        guard guest.hasEnded() else { return }
        readConsole()
        close()
        do {
            if let noRoom { throw NoRoom(folder: runner.options.reports, reason: noRoom) }
            finished(.success(try NoRoom.unless(runner.options.reports) { try judge() }))
        } catch {
            discard()
            finished(.failure(error))
        }
    }

    /// The recording is on disk: everything from here on is a function of it.
    private func judge() throws -> RunResult {
        var result = try judgement()
        result.wallSeconds = Double(Clock.now - began) / 1e9
        result.hostCPUSeconds = Double(guest.cost?.processorTime ?? 0) / 1e9
        result.phases = phases
        result.notes = notes
        result.build.choices = job.loaded.choices.pairs
        result.command = runner.command(for: job)
        result.recording = "\(folder.final)/recording.jsonl"
        Files.remove("\(folder.temporary)/\(RunRequest.fileName)")
        try Files.replace(
            "\(folder.temporary)/result.json", with: Array((JSONReport.object([result]).pretty() + "\n").utf8))
        try folder.putInPlace()
        runner.keeper.forget(folder.temporary)
        return result
    }

    private func judgement() throws -> RunResult {
        let scenario = job.loaded.scenario
        let path = "\(folder.temporary)/recording.jsonl"
        guard let file = try recordingFile(path) else {
            return RunResult(
                scenario: scenario, seed: job.seed, lab: runner.options.lab.rawValue,
                judgement: Judgement(
                    verdict: .error, reasons: [explanation ?? "the run left no recording"], findings: []))
        }
        let sha256 = file.sha256
        let view = RunView((consume file).recording, scenario: scenario, catalog: .standard, workers: .threads)
        var judgement = Judge.judge(view)
        if view.recording.end == nil || judgement.verdict == .error, let explanation {
            judgement.reasons.insert(explanation, at: 0)
        }
        let result = RunResult(view, judgement: judgement, path: path, sha256: sha256)
        Leftover.giveBack(consume view)
        return result
    }

    /// Nil when the run left none.
    private func recordingFile(_ path: String) throws -> RecordingFile? {
        if let stall, let bytes = try? Files.read(path),
            let closed = StalledRecording.closed(
                bytes, by: stall, processes: processes, flooder: flooder, of: job.loaded.scenario)
        {
            try Files.replace(path, with: closed)
            return try? RecordingFile(path)
        }
        return try? growing.whole()
    }

    /// What went wrong with the guest itself, in a sentence; nil when nothing did.
    private var explanation: String? {
        if let stall { return "\(stall)" }
        if let lastWords { return lastWords }
        // A kernel that panics says why and then aborts: the signal alone would say nothing.
        let panic = guest.consoleTail(8).first { $0.contains("Kernel panic") }
        if let panic { return "the lab's kernel gave up: \(panic)" }
        if case .killed(let signal) = guest.ending { return "the lab's kernel was killed by signal \(signal)" }
        let tail = guest.consoleTail(4)
        return tail.isEmpty ? nil : "the lab's console ends with: " + tail.joined(separator: " / ")
    }
}
