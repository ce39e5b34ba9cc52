import Judging

/// A run as reports see it.
package struct RunResult: Sendable {
    package var scenario: String
    package var summary: String
    /// The names of the client actors, for tables of client against scenario.
    package var clients: [String]
    package var tags: [String]
    package var seed: UInt64
    /// `virtual` or `host`.
    package var lab: String
    package var judgement: Judgement
    /// Path of the recording, as the user can open it; nil when there is none.
    package var recording: String?
    package var sha256: String?
    package var virtualSeconds: Double
    package var wallSeconds: Double
    /// Host CPU time that the run used: work is measured beside time.
    package var hostCPUSeconds: Double
    /// Wall time from the run's beginning to the moment at which it entered each phase: what a user waits for.
    package var phases: [PhaseTime] = []
    /// What it showed whatever was owed; see `RunView.figures`.
    package var figures: [ShownFigure] = []
    /// Which client it was, as far as the run tells.
    package var build = ClientBuild()
    /// Where a page of this run is, as a link in a document about all; nil when there is none.
    package var page: String?
    /// What the lab was not as the scenario has it, in sentences.
    package var notes: [String] = []

    package struct PhaseTime: Equatable, Sendable {
        package var phase: String
        package var wallSeconds: Double
        package init(phase: String, wallSeconds: Double) {
            self.phase = phase
            self.wallSeconds = wallSeconds
        }
    }

    /// The command that repeats this run.
    package var command: String

    package init(
        scenario: String, summary: String, clients: [String], tags: [String], seed: UInt64, lab: String,
        judgement: Judgement, recording: String?, sha256: String?, virtualSeconds: Double, wallSeconds: Double,
        hostCPUSeconds: Double, command: String
    ) {
        self.scenario = scenario
        self.summary = summary
        self.clients = clients
        self.tags = tags
        self.seed = seed
        self.lab = lab
        self.judgement = judgement
        self.recording = recording
        self.sha256 = sha256
        self.virtualSeconds = virtualSeconds
        self.wallSeconds = wallSeconds
        self.hostCPUSeconds = hostCPUSeconds
        self.command = command
    }
}
