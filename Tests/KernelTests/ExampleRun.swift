import Kernel
import Scenarios

@testable import Running

extension ExampleScenario {
    /// The example with these lines, as the checker has it.
    static func load(_ timeline: [String], end: String) throws -> LoadedScenario {
        let source = SourceFile(path: "example.yaml", text: text(timeline: timeline, end: end))
        let trace = SourceFile(path: self.trace.path, text: self.trace.text)
        return try ScenarioLoader.standard.load(sources: [source, trace], name: "example")
    }
}

extension LoadedScenario {
    /// Plays it with the engine, in this process and kernel.
    /// - Parameter onPhase: called when a phase is entered, with the phase's name.
    /// - Returns: How the run ended, `finished ` when all is well, and the path of its recording.
    func play(
        onPhase: @escaping (Engine, String) throws -> Void = { _, _ in }
    ) throws -> (ending: String, recording: String) {
        // Of the lab kernel's own /tmp, which goes with it; the clock reads on from run to run.
        let folder = "/tmp/example-\(Clock.now)"
        try Files.makeFolder(folder)
        let loop = try EventLoop()
        let request = RunRequest(
            scenario: scenario.name, sources: sources, seed: 1, lab: "virtual", folder: folder, wantsPcap: false)
        let folders = RunFolders(run: folder, work: "\(folder)/work")
        var ending = ""
        var failure: (any Error)?
        // In a process with other threads one of those may take a SIGCHLD that is meant for the engine's; a lab's first
        // process has no other.
        let reaper = try Reaper(loop: loop)
        func collect() {
            reaper.collect()
            loop.after(.milliseconds(500), collect)
        }
        collect()
        weak var engine: Engine?
        let made = try Engine(
            loaded: self, request: request, folders: folders, loop: loop, reaper: reaper,
            kernel: "test",
            say: { line in
                if line.hasPrefix("@end ") { ending = String(line.dropFirst(5)) }
                guard line.hasPrefix("@phase "), let engine else { return }
                do { try onPhase(engine, String(line.dropFirst(7))) } catch { failure = failure ?? error }
            })
        engine = made
        try made.play()
        if let failure { throw failure }
        return (ending, folders.recording)
    }
}
