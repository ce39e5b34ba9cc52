import JSONLines
import Judging
import Recordings
import Scenarios

/// Which client a run was played with, as far as its recording tells: what its drivers said of their libraries, and the
/// values that were chosen for the scenario's matrix.
package struct ClientBuild: Equatable, Sendable {
    /// `paho-mqtt 1.6.1`; each once, in the order in which drivers of clients said so.
    package var libraries: [String] = []
    /// `cap=24s`, as `run --with` was given it.
    package var choices: [String] = []

    package init() {}

    package init(libraries: [String], choices: [String]) {
        (self.libraries, self.choices) = (libraries, choices)
    }

    package init(_ run: RunView) {
        let clients = Set(run.scenario.actors.filter { $0.role == .client }.map(\.name))
        for report in run.hellos.map(\.report) where clients.contains(report.instance.actor) {
            guard let library = ClientBuild.library(report), !libraries.contains(library) else { continue }
            libraries.append(library)
        }
        let source = run.recording.header.sources.first { $0.path == MatrixChoices.path }
        choices = source.map { MatrixChoices(SourceFile(path: $0.path, text: $0.text)).pairs } ?? []
    }

    /// `paho-mqtt 1.6.1, cap=24s`; empty when the run does not tell.
    package var text: String { (libraries + choices).joined(separator: ", ") }

    private static func library(_ report: DriverReport) -> String? {
        let said = { (key: String) in report.extra.first { $0.key == key }?.value.string }
        guard let name = said("library"), !name.isEmpty else { return nil }
        guard let version = said("version"), !version.isEmpty else { return name }
        return "\(name) \(version)"
    }
}
