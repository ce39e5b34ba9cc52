/// What the command line asks of a set of runs.
package struct RunOptions: Sendable {
    package enum LabKind: String, CaseIterable, Sendable { case virtual, host }

    package var lab: LabKind = .virtual
    package var seeds: [UInt64] = [1]
    /// Runs side by side; each guest is pinned to a processor.
    package var jobs: Int = 1
    /// Where reports and recordings go.
    package var reports: String = "reports"
    package var wantsPcap = false
    /// Wall-clock seconds without progress after which a guest is ended.
    package var patience: Duration = .seconds(20)
    package init() {}
}
