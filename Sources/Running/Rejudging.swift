import Judging
import Kernel
import Recordings
import Reporting
import Scenarios

/// The second half of a run, from a recording alone.
package enum Rejudging {
    /// - Parameter expectations: a scenario file whose expectations are judged instead; nil for the recording's own.
    package static func judge(_ path: String, expectations: String?) throws(Problems) -> RunResult {
        let file: RecordingFile
        do {
            file = try RecordingFile(path)
        } catch {
            throw Problems([Problem(file: path, message: "\(error)")])
        }
        var scenario = try loaded(file.recording.header, path: path).scenario
        if let expectations {
            let others = try ScenarioLoader.standard.load(path: expectations)
            scenario.expectations =
                (others.first { $0.scenario.name == scenario.name } ?? others[0]).scenario.expectations
        }
        let sha256 = file.sha256
        let view = RunView((consume file).recording, scenario: scenario, catalog: .standard, workers: .threads)
        let judgement = Judge.judge(view)
        let result = RunResult(view, judgement: judgement, path: path, sha256: sha256)
        Leftover.giveBack(consume view)
        return result
    }

    static func loaded(_ header: Header, path: String) throws(Problems) -> LoadedScenario {
        let sources = header.sources.map { SourceFile(path: $0.path, text: $0.text) }
        return try ScenarioLoader.standard.load(sources: sources, name: header.scenario)
    }
}

extension RunResult {
    /// What a recording alone tells; wall time and host CPU are zero until who ran it fills them in.
    package init(_ run: RunView, judgement: Judgement, path: String?, sha256: String?) {
        let (header, scenario) = (run.recording.header, run.scenario)
        let first = run.recording.events.first?.time ?? Timestamp(nanoseconds: 0)
        let last = run.recording.events.last?.time ?? first
        self.init(
            scenario: header.scenario, summary: scenario.summary,
            clients: scenario.actors.filter { $0.role == .client }.map(\.name), tags: scenario.tags, seed: header.seed,
            lab: header.lab, judgement: judgement, recording: path, sha256: sha256,
            virtualSeconds: (last - first).seconds, wallSeconds: 0, hostCPUSeconds: 0, command: "")
        build = ClientBuild(run)
        figures = run.figures
    }

    /// A run that left no recording.
    init(scenario: Scenario, seed: UInt64, lab: String, judgement: Judgement) {
        self.init(
            scenario: scenario.name, summary: scenario.summary,
            clients: scenario.actors.filter { $0.role == .client }.map(\.name), tags: scenario.tags, seed: seed,
            lab: lab,
            judgement: judgement, recording: nil, sha256: nil, virtualSeconds: 0, wallSeconds: 0, hostCPUSeconds: 0,
            command: "")
    }
}
