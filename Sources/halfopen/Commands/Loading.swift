import Running
import Scenarios

/// Loads every scenario that the operands name; all problems of all files at once.
enum Loading {
    struct Loaded {
        /// As the user named it, or found below what the user named.
        var path: String
        var scenario: LoadedScenario
    }

    static let with = Option(
        name: "--with", value: "NAME=VALUE",
        summary: "instead of what the matrix says of NAME; several times for several\nvalues", isRepeatable: true)

    static func choices(_ arguments: Arguments) throws(UsageError) -> MatrixChoices {
        var choices = MatrixChoices()
        for text in arguments.texts(with.name) {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw UsageError("--with takes NAME=VALUE, such as build=v2, not \"\(text)\"")
            }
            choices.add(parts[0], parts[1])
        }
        return choices
    }

    /// Nil when any was invalid: the problems have been told.
    static func scenarios(
        _ paths: [String], with choices: MatrixChoices = MatrixChoices(), tag: String? = nil
    ) throws -> [Loaded]? {
        var loaded: [Loaded] = []
        var problems: [Problem] = []
        for path in try ScenarioFiles.find(paths) {
            do throws(Problems) {
                loaded += try ScenarioLoader.standard.load(path: path, with: choices).map {
                    Loaded(path: path, scenario: $0)
                }
            } catch {
                problems += error.all
            }
        }
        for problem in problems { Output.note(problem.description) }
        guard problems.isEmpty else { return nil }
        guard let tag else { return loaded }
        let tagged = loaded.filter { $0.scenario.scenario.tags.contains(tag) }
        if tagged.isEmpty { throw UsageError("no scenario has the tag \(tag)") }
        return tagged
    }
}
