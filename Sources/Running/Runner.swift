import Judging
import Kernel
import LabKernel
import Recordings
import Reporting
import Scenarios

/// The host half: plays scenarios in labs, several side by side, and judges their recordings.
package final class Runner {
    /// One scenario with one seed.
    package struct Job {
        package var loaded: LoadedScenario
        /// The scenario file's path, as the user gave it.
        package var path: String
        package var seed: UInt64
        package init(loaded: LoadedScenario, path: String, seed: UInt64) {
            self.loaded = loaded
            self.path = path
            self.seed = seed
        }

        /// The scenario's folder, absolute.
        var folder: String {
            get throws(SystemError) {
                let parent = Files.parent(of: path)
                return try Files.resolve(parent.isEmpty ? "." : parent)
            }
        }
    }

    /// What a display may want to know.
    package enum Progress {
        case started(Job)
        case finished(RunResult)
    }

    let options: RunOptions
    let loop: EventLoop
    let keeper: Keeper
    let binary: String
    /// Absolute.
    let reports: String
    private let kernel: InstalledKernel?
    private let tell: (Progress) -> Void
    private var waiting: [(place: Int, job: Job)] = []
    private var results: [Int: RunResult] = [:]
    private var running: [Int: PlayedRun] = [:]
    private var freePlaces: Int
    private var failure: (any Error)?
    package private(set) var isInterrupted = false

    package init(
        options: RunOptions, loop: EventLoop, keeper: Keeper, tell: @escaping (Progress) -> Void
    ) throws {
        self.options = options
        self.loop = loop
        self.keeper = keeper
        binary = try Files.resolve("/proc/self/exe")
        kernel = options.lab == .virtual ? try Runner.findKernel() : nil
        try NoRoom.unless(options.reports) { try Files.makeFolder(options.reports) }
        reports = try Files.resolve(options.reports)
        self.tell = tell
        freePlaces = options.jobs
    }

    /// Results in the order of the jobs; fewer when interrupted. Throws what makes every run impossible: no lab kernel,
    /// no space, no permission.
    package func run(_ jobs: [Job]) throws -> [RunResult] {
        waiting = jobs.enumerated().map { (place: $0.offset, job: $0.element) }
        startNext()
        while !running.isEmpty && !isInterrupted && failure == nil {
            _ = try loop.run(until: .max) { running.isEmpty || isInterrupted || failure != nil }
        }
        for run in running.values { run.abandon() }
        running = [:]
        if let failure { throw failure }
        return results.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Where the runs are that are played now, in the order of the jobs. Looking costs them nothing.
    package func sights() -> [LiveRun.Sight] { running.sorted { $0.key < $1.key }.map { $0.value.sight() } }

    /// Ends every run at once; `run` returns what was finished.
    package func interrupt() { isInterrupted = true }

    private static func findKernel() throws(LabKernelError) -> InstalledKernel {
        if let kernel = LabKernelCache.find() { return kernel }
        throw LabKernelError(.missing, KernelCommand.statusText().text)
    }

    /// The command that repeats one run.
    func command(for job: Job) -> String {
        let lab = options.lab == .host ? " --lab host" : ""
        let choices = job.loaded.choices.words.map { " \(Runner.asWord($0))" }.joined()
        return "halfopen run \(job.path) --seed \(job.seed)\(lab)\(choices)"
    }

    /// A word of a shell's command line.
    static func asWord(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber) || "-_=.,:/+%@".contains(character)
        }
        return isPlain
            ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    func boot(_ job: Job, runFolder: String, processor: Int32) throws -> Guest {
        let scenario = job.loaded.scenario
        var guest = GuestOptions(program: binary, arguments: [GuestHalf.playWord])
        guest.runFolder = runFolder
        let folder = try job.folder
        guest.visibleFolders = [Runner.visibleFolder(for: folder)]
        guest.projectFolder = Project(of: scenario, in: folder).host
        guest.seed = Plan(scenario, seed: job.seed).kernelSeed
        guest.startDate = scenario.lab.start * 1_000_000_000
        guest.memory = scenario.lab.memory
        guest.processor = processor
        if let kernel { return try LabKernel.boot(guest, on: kernel, keeper: keeper) }
        return try HostLab.boot(guest, keeper: keeper)
    }

    /// The lab has a /tmp and the like of its own. A scenario that stands there outside stays visible, with everything
    /// that came with it: `/tmp/checkout` for `/tmp/checkout/scenarios/demo`.
    static func visibleFolder(for folder: String) -> String {
        for hidden in ["/tmp", "/var/tmp", "/run", "/dev/shm"] where folder.hasPrefix(hidden + "/") {
            let below = folder.dropFirst(hidden.count + 1).split(separator: "/").first ?? ""
            return "\(hidden)/\(below)"
        }
        return folder
    }

    private func startNext() {
        while !waiting.isEmpty, failure == nil, freePlaces > 0 {
            freePlaces -= 1
            let (place, job) = waiting.removeFirst()
            do {
                tell(.started(job))
                running[place] = try PlayedRun(
                    job: job, runner: self,
                    finished: { [unowned self] in finished(place, $0) })
            } catch {
                failure = error
            }
        }
    }

    private func finished(_ place: Int, _ outcome: Result<RunResult, any Error>) {
        running[place] = nil
        freePlaces += 1
        switch outcome {
        case .success(let result):
            results[place] = result
            tell(.finished(result))
        case .failure(let error): failure = error
        }
        startNext()
    }
}
