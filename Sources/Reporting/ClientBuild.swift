import JSONLines
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

    package init(_ recording: Recording, scenario: Scenario) {
        let clients = Set(scenario.actors.filter { $0.role == .client }.map(\.name))
        for place in recording.events.indices where recording.events[place].body.kind == .driver {
            guard case .driver(let report) = recording.events[place].body, report.kind == .hello,
                clients.contains(report.instance.actor),
                let library = ClientBuild.library(report), !libraries.contains(library)
            else { continue }
            libraries.append(library)
        }
        let source = recording.header.sources.first { $0.path == MatrixChoices.path }
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
